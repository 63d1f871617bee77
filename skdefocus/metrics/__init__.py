"""How well maps and masks agree with hand-drawn masks, and photographs with references.

Functions take the truth first, then lists of maps, masks (True is out of focus) or
photographs that may differ in size, and average over photographs. `SCORERS` holds those
of maps and masks as scikit-learn takes them.

Quality without a reference is not covered. The package ``brisque`` gives scores that we
could not check against the published ones, from features that differ from the
published method's, and unpickles a file; IL-NIQE, NBIQA, PSS and BLIINDS-II have no
freely licensed Python implementation that is maintained.
"""

from ._best_threshold import best_threshold, best_threshold_accuracy, constant_accuracy
from .agreement import (
    f_score,
    intersection_over_union,
    mean_absolute_error,
    pixel_accuracy,
)
from .common_threshold import best_common_threshold, fixed_threshold_accuracy
from .image_quality import psnr, ssim
from .precision_recall import average_precision, precision_recall_curve
from .scorers import SCORERS, make_map_scorer, make_mask_scorer

__all__ = [
    "SCORERS",
    "average_precision",
    "best_common_threshold",
    "best_threshold",
    "best_threshold_accuracy",
    "constant_accuracy",
    "f_score",
    "fixed_threshold_accuracy",
    "intersection_over_union",
    "make_map_scorer",
    "make_mask_scorer",
    "mean_absolute_error",
    "pixel_accuracy",
    "precision_recall_curve",
    "psnr",
    "ssim",
]

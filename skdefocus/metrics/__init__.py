"""How well maps and masks agree with hand-drawn masks, and photographs with references.

Functions take the truth first, then lists of maps, masks (True is out of focus) or
photographs that may differ in size, and average over photographs. `SCORERS` holds those
of maps and masks as scikit-learn takes them.

Quality without a reference is not covered: no maintained implementation under a free
license gives scores that can be checked (docs/decisions/quality_without_reference.rst).
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

"""From photographs to blur maps."""

from .adaptive_scale import AdaptiveScaleEdgeMapper, adaptive_scale_map
from .binary_patterns import lbp_sharpness
from .blur_dictionary import learn_blur_dictionary
from .calibrated import CalibratedMapper
from .context import ContextMapper, context_map
from .deviation import StandardDeviationMapper, standard_deviation_map
from .edge_ratio import EdgeRatioMapper, edge_ratio_map
from .edge_sigma import edge_sigma
from .entropy import EntropyMapper, entropy_map
from .fast_defocus import FastDefocusMapper, fast_defocus_map
from .hifst import HiFSTMapper, hifst_map
from .just_noticeable import JustNoticeableMapper, just_noticeable_map
from .laplacian import LaplacianVarianceMapper, laplacian_variance_map
from .local_binary import LBPMapper, lbp_map
from .patch_levels import classify_windows
from .precomputed import PrecomputedMapper, precomputed_map
from .scales import automatic_scale
from .sliding_map import sliding_window_map
from .sliding_window import SlidingWindowMapper
from .windows import average_windows, count_windows

__all__ = [
    "AdaptiveScaleEdgeMapper",
    "CalibratedMapper",
    "ContextMapper",
    "EdgeRatioMapper",
    "EntropyMapper",
    "FastDefocusMapper",
    "HiFSTMapper",
    "JustNoticeableMapper",
    "LBPMapper",
    "LaplacianVarianceMapper",
    "PrecomputedMapper",
    "SlidingWindowMapper",
    "StandardDeviationMapper",
    "adaptive_scale_map",
    "automatic_scale",
    "average_windows",
    "classify_windows",
    "context_map",
    "count_windows",
    "edge_ratio_map",
    "edge_sigma",
    "entropy_map",
    "fast_defocus_map",
    "hifst_map",
    "just_noticeable_map",
    "laplacian_variance_map",
    "lbp_map",
    "lbp_sharpness",
    "learn_blur_dictionary",
    "precomputed_map",
    "sliding_window_map",
    "standard_deviation_map",
]

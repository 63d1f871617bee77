"""The methods that ours is compared with, one file a method or family."""

from ._edge_sigma import edge_sigma
from .binary_patterns import lbp_sharpness
from .blur_dictionary import learn_blur_dictionary
from .chen import FastDefocusMapper, fast_defocus_map
from .golestaneh import HiFSTMapper, hifst_map
from .karaali import AdaptiveScaleEdgeMapper, adaptive_scale_map
from .shi import JustNoticeableMapper, just_noticeable_map
from .statistics import (
    EntropyMapper,
    LaplacianVarianceMapper,
    StandardDeviationMapper,
    entropy_map,
    laplacian_variance_map,
    standard_deviation_map,
)
from .yi import LBPMapper, lbp_map
from .zhuo import EdgeRatioMapper, edge_ratio_map

__all__ = [
    "AdaptiveScaleEdgeMapper",
    "EdgeRatioMapper",
    "EntropyMapper",
    "FastDefocusMapper",
    "HiFSTMapper",
    "JustNoticeableMapper",
    "LBPMapper",
    "LaplacianVarianceMapper",
    "StandardDeviationMapper",
    "adaptive_scale_map",
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
    "standard_deviation_map",
]

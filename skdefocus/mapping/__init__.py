"""From photographs to blur maps."""

from .calibrated import CalibratedMapper
from .laplacian import LaplacianVarianceMapper, laplacian_variance_map
from .patch_levels import classify_windows
from .sliding_map import automatic_scale, sliding_window_map
from .sliding_window import SlidingWindowMapper
from .windows import average_windows, count_windows

__all__ = [
    "CalibratedMapper",
    "LaplacianVarianceMapper",
    "SlidingWindowMapper",
    "automatic_scale",
    "average_windows",
    "classify_windows",
    "count_windows",
    "laplacian_variance_map",
    "sliding_window_map",
]

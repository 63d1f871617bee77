"""From photographs to blur maps."""

from .calibrated import CalibratedMapper
from .context import ContextMapper, context_map
from .laplacian import LaplacianVarianceMapper, laplacian_variance_map
from .patch_levels import classify_windows
from .scales import automatic_scale
from .sliding_map import sliding_window_map
from .sliding_window import SlidingWindowMapper
from .windows import average_windows, count_windows

__all__ = [
    "CalibratedMapper",
    "ContextMapper",
    "LaplacianVarianceMapper",
    "SlidingWindowMapper",
    "automatic_scale",
    "average_windows",
    "classify_windows",
    "context_map",
    "count_windows",
    "laplacian_variance_map",
    "sliding_window_map",
]

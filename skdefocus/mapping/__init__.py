"""Mappers: from photographs to maps of how blurred each pixel is.

The methods that ours is compared with are in `skdefocus.mapping.peers`.
"""

from .calibrated import CalibratedMapper
from .classify_patches import classify_windows
from .combined import CombinedMapper, combined_map
from .context import ContextMapper, context_map
from .motion import Motion, MotionDetector, find_motion
from .precomputed import PrecomputedMapper, precomputed_map
from .sliding_window import SlidingWindowMapper, sliding_window_map
from .windows import average_windows, count_windows

__all__ = [
    "CalibratedMapper",
    "CombinedMapper",
    "ContextMapper",
    "Motion",
    "MotionDetector",
    "PrecomputedMapper",
    "SlidingWindowMapper",
    "average_windows",
    "classify_windows",
    "combined_map",
    "context_map",
    "count_windows",
    "find_motion",
    "precomputed_map",
    "sliding_window_map",
]

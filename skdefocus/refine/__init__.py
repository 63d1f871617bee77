"""Refinement of blur maps along the edges of their photographs."""

from .global_refiner import GlobalRefiner, refine_global
from .guided import GuidedRefiner, refine_guided
from .matting import MattingRefiner, refine_matting
from .mutual_guided import MutualGuidedRefiner, refine_mutual_guided
from .wgif import WGIFRefiner, refine_wgif

__all__ = [
    "GlobalRefiner",
    "GuidedRefiner",
    "MattingRefiner",
    "MutualGuidedRefiner",
    "WGIFRefiner",
    "refine_global",
    "refine_guided",
    "refine_matting",
    "refine_mutual_guided",
    "refine_wgif",
]

"""Defocus for scikit-learn: blur maps of photographs, and what they are good for.

The public names are loaded on first use, so that importing the package is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# In the order of the pipeline.
_HOMES = {
    "DefocusSample": "sample",
    "UNKNOWN": "sample",
    "PatchBlurClassifier": "classifier",
    "SlidingWindowMapper": "mapping",
    "CombinedMapper": "mapping",
    "ContextMapper": "mapping",
    "LaplacianVarianceMapper": "mapping.peers",
    "EntropyMapper": "mapping.peers",
    "StandardDeviationMapper": "mapping.peers",
    "EdgeRatioMapper": "mapping.peers",
    "AdaptiveScaleEdgeMapper": "mapping.peers",
    "FastDefocusMapper": "mapping.peers",
    "HiFSTMapper": "mapping.peers",
    "JustNoticeableMapper": "mapping.peers",
    "LBPMapper": "mapping.peers",
    "PrecomputedMapper": "mapping",
    "CalibratedMapper": "mapping",
    "MotionDetector": "mapping",
    "WGIFRefiner": "refine",
    "GlobalRefiner": "refine",
    "GuidedRefiner": "refine",
    "MutualGuidedRefiner": "refine",
    "MattingRefiner": "refine",
    "DefocusSegmenter": "segment",
    "AdaptiveUnsharpMask": "enhance",
    "UnsharpMask": "enhance",
    "ContrastAdaptiveSharpening": "enhance",
    "GeneralizedUnsharpMask": "enhance",
    "SDoFRenderer": "render",
    "estimate_blur_map": "shortcuts",
    "sharpen": "shortcuts",
    "shallow_focus": "shortcuts",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

"""Sharpening that the blur map steers, and the sharpeners it is compared with."""

from .adaptive_unsharp import (
    AdaptiveUnsharpMask,
    adaptive_unsharp_mask,
    sharpening_gain,
)
from .contrast_adaptive import ContrastAdaptiveSharpening, contrast_adaptive_sharpening
from .generalized_unsharp import GeneralizedUnsharpMask, generalized_unsharp_mask
from .unsharp import UnsharpMask

__all__ = [
    "AdaptiveUnsharpMask",
    "ContrastAdaptiveSharpening",
    "GeneralizedUnsharpMask",
    "UnsharpMask",
    "adaptive_unsharp_mask",
    "contrast_adaptive_sharpening",
    "generalized_unsharp_mask",
    "sharpening_gain",
]

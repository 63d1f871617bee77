"""Sharpening that the blur map steers."""

from .adaptive_unsharp import (
    AdaptiveUnsharpMask,
    adaptive_unsharp_mask,
    sharpening_gain,
)

__all__ = ["AdaptiveUnsharpMask", "adaptive_unsharp_mask", "sharpening_gain"]

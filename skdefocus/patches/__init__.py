"""Patches of known blur: the sharp-patch gate and labelled patch sets."""

from .blur_patches import REAL_LADDER, make_blur_patches
from .sharpness import sharpness

__all__ = ["REAL_LADDER", "make_blur_patches", "sharpness"]

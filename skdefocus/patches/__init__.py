"""Patches of known blur: the sharp-patch gate and labeled patch sets."""

from .blur_patches import make_blur_patches
from .ladders import PAPER_LADDER, REAL_LADDER
from .patch_set import PatchSet, concatenate_patches
from .select import select_sharp_patches, sharpness

__all__ = [
    "PAPER_LADDER",
    "REAL_LADDER",
    "PatchSet",
    "concatenate_patches",
    "make_blur_patches",
    "select_sharp_patches",
    "sharpness",
]

"""Numerical kernels on plain arrays."""

from .blur import blur, disc_kernel
from .box import box_mean
from .guided import guided_filter
from .laplacian import laplacian, variance_of_laplacian
from .noise import noise_deviation
from .resize import resize
from .threshold import otsu_threshold
from .unsharp import unsharp_mask
from .weighted_guided import edge_weight, weighted_guided_filter

__all__ = [
    "blur",
    "box_mean",
    "disc_kernel",
    "edge_weight",
    "guided_filter",
    "laplacian",
    "noise_deviation",
    "otsu_threshold",
    "resize",
    "unsharp_mask",
    "variance_of_laplacian",
    "weighted_guided_filter",
]

"""Numerical kernels on plain arrays."""

from .._shared.light import linear_to_srgb, srgb_to_linear
from ._blur import blur, disc_kernel
from ._global_smoother import global_smoother
from ._laplacian import laplacian, variance_of_laplacian
from ._resize import resize
from .box import box_mean
from .conditions import measure_conditions
from .equalization import adaptive_equalization
from .guided import guided_filter
from .matting import matting_smoother
from .mutual_guided import mutual_guided_filter
from .noise import noise_deviation
from .threshold import edge_threshold, otsu_threshold
from .unsharp import unsharp_mask
from .weighted_guided import edge_weight, weighted_guided_filter

__all__ = [
    "adaptive_equalization",
    "blur",
    "box_mean",
    "disc_kernel",
    "edge_threshold",
    "edge_weight",
    "global_smoother",
    "guided_filter",
    "laplacian",
    "linear_to_srgb",
    "matting_smoother",
    "measure_conditions",
    "mutual_guided_filter",
    "noise_deviation",
    "otsu_threshold",
    "resize",
    "srgb_to_linear",
    "unsharp_mask",
    "variance_of_laplacian",
    "weighted_guided_filter",
]

"""Renderings that a blur map, or a map of depth, steers."""

from .depth import defocus_from_depth
from .lens import lens_blur
from .sdof import SDoFRenderer
from .shallow import shallow_depth_of_field
from .weight import automatic_focus_range, sdof_parameters, sdof_weight

__all__ = [
    "SDoFRenderer",
    "automatic_focus_range",
    "defocus_from_depth",
    "lens_blur",
    "sdof_parameters",
    "sdof_weight",
    "shallow_depth_of_field",
]

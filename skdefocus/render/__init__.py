"""Renderings that the blur map steers."""

from .sdof import SDoFRenderer
from .shallow import shallow_depth_of_field
from .weight import automatic_focus_range, sdof_parameters, sdof_weight

__all__ = [
    "SDoFRenderer",
    "automatic_focus_range",
    "sdof_parameters",
    "sdof_weight",
    "shallow_depth_of_field",
]

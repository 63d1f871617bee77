"""Renderings that the blur map steers."""

from .sdof import (
    SDoFRenderer,
    automatic_focus_range,
    sdof_parameters,
    sdof_weight,
    shallow_depth_of_field,
)

__all__ = [
    "SDoFRenderer",
    "automatic_focus_range",
    "sdof_parameters",
    "sdof_weight",
    "shallow_depth_of_field",
]

"""Renderings that a blur map, or a map of depth, steers."""

from .depth import defocus_from_depth
from .disc import render_disc
from .fill import fill_unknown
from .guided import render_guided
from .lens import lens_blur, render_lens
from .sdof import SDoFRenderer
from .weight import automatic_focus_range, sdof_parameters, sdof_weight

__all__ = [
    "SDoFRenderer",
    "automatic_focus_range",
    "defocus_from_depth",
    "fill_unknown",
    "lens_blur",
    "render_disc",
    "render_guided",
    "render_lens",
    "sdof_parameters",
    "sdof_weight",
]

"""Filters as compiled loops over rows (numba): a few passes over memory each.

Importing this needs numba and a folder that its cache may be written to; ask
`skdefocus.filters._compiled.compiled` for it. Kernels take float32, run without
Python's lock, and treat rows, or tiles of columns, from ``first`` to ``last`` of an
image: threads share an image by its rows. Running sums are float64 and begin anew at
every multiple of ``STRIP`` rows, so neither threads nor the image's size change a
single bit, and nothing drifts.
"""

from __future__ import annotations

from .block_cosines import high_frequency_magnitudes
from .box import box_rows, variance_rows
from .color_guide import color_guided_rows
from .edges import edge_rows
from .graph import (
    add_groups,
    gather_residual,
    pair_nodes,
    relax_from_zero,
    relax_nodes,
    residual_nodes,
)
from .gray_guide import gray_guided_rows, self_guided_rows
from .lines import LEAST_RIDGE, STRIP, TILE
from .matching_pursuit import count_atoms
from .smoother import smooth_across, smooth_down, tie_rows

__all__ = [
    "LEAST_RIDGE",
    "STRIP",
    "TILE",
    "add_groups",
    "box_rows",
    "color_guided_rows",
    "count_atoms",
    "edge_rows",
    "gather_residual",
    "gray_guided_rows",
    "high_frequency_magnitudes",
    "pair_nodes",
    "relax_from_zero",
    "relax_nodes",
    "residual_nodes",
    "self_guided_rows",
    "smooth_across",
    "smooth_down",
    "tie_rows",
    "variance_rows",
]

"""Maps of depth and disparity, which come on any scale, for refiners that need one."""

from __future__ import annotations

from ..sample import DefocusSample

__all__ = ["map_scale"]


def map_scale(sample: DefocusSample) -> float:
    """Value that a refiner is to take as 1.

    Parameters
    ----------
    sample : DefocusSample
        With a map of any unit.

    Returns
    -------
    float
        The largest value of a map of depth or disparity; 1 for maps of blur, whose
        scale is fixed.
    """
    if sample.unit in ("px", "relative"):
        return 1.0
    return float(sample.require_map().max()) or 1.0

"""Pictures of a map and of its confidence, with a text that tells what they show."""

from __future__ import annotations

import os

import numpy as np

from .._shared.map_range import DEFAULT_LIMITS, automatic_limits, check_map_range
from .._shared.parameters import UNIT_INTERVAL, checked, unchecked
from .._shared.sigma_scale import LARGEST_SIGMA
from ..figures import color_map, hatch_unknown
from ..io.write import write_described
from ..sample import UNKNOWN, DefocusSample, unknown_pixels

__all__ = [
    "color_limits",
    "draw_map_picture",
    "limits_in_pixels",
    "write_confidence",
    "write_map_picture",
]


def color_limits(
    sample: DefocusSample, map_range: tuple[float, float] | str | None
) -> tuple[float, float]:
    """Find what the colors of a map span.

    Parameters
    ----------
    sample : DefocusSample
        With the map.
    map_range : (float, float), "auto" or None
        Two values, the map's own range, or the same for all maps of a unit.

    Returns
    -------
    (float, float)
        In the unit of the map.
    """
    if isinstance(map_range, tuple):
        return map_range
    if map_range == "auto":
        return automatic_limits(sample.require_map())
    return DEFAULT_LIMITS if sample.unit == "px" else (0.0, 1.0)


def limits_in_pixels(limits: tuple[float, float], unit: str) -> tuple[float, float]:
    """Place limits on the scale of colors, at whose end a score of 1 is.

    Parameters
    ----------
    limits : (float, float)
        From `color_limits`.
    unit : {"px", "relative"}
        Unit of the map.

    Returns
    -------
    (float, float)
        As sigma in pixels.
    """
    scale = 1.0 if unit == "px" else LARGEST_SIGMA
    return limits[0] * scale, limits[1] * scale


def draw_map_picture(
    sample: DefocusSample,
    *,
    map_range: tuple[float, float] | str | None = None,
    unknown_below: float = UNKNOWN,
) -> np.ndarray:
    """Draw a map in colors, hatched where it is unknown.

    Parameters
    ----------
    sample : DefocusSample
        With the map, in px or relative.
    map_range : (float, float), "auto" or None, default=None
        What the colors span: two values in the unit of the map, the map's own range, or
        0 to 19 px for sigma and 0 to 1 for a score.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The picture.
    """
    blur_map = sample.require_map()
    if sample.unit == "relative":
        blur_map = blur_map * np.float32(LARGEST_SIGMA)
    limits = limits_in_pixels(color_limits(sample, map_range), sample.unit)
    colors = color_map(blur_map, limits=limits)
    return hatch_unknown(colors, unchecked(unknown_pixels)(sample, unknown_below))


@checked(unknown_below=[UNIT_INTERVAL])
def write_map_picture(
    path: str | os.PathLike[str],
    sample: DefocusSample,
    *,
    map_range: tuple[float, float] | str | None = None,
    unknown_below: float = UNKNOWN,
) -> None:
    """Write the picture of a map: in colors, hatched where it is unknown.

    Parameters
    ----------
    path : path-like
        Target, a PNG of the photograph's size. Its text ``Description`` tells what the
        colors span and what is hatched.
    sample : DefocusSample
        With the map, in px or relative.
    map_range : (float, float), "auto" or None, default=None
        What the colors span: two values in the unit of the map, the map's own range, or
        0 to 19 px for sigma and 0 to 1 for a score.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Raises
    ------
    ValueError
        If the sample has no map, ``map_range`` is no range, or ``unknown_below`` is not
        in [0, 1].
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.batch import write_map_picture
    >>> from skdefocus.io import read_image
    >>> sample = DefocusSample(np.zeros((4, 6)), np.full((4, 6), 2.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "bird_map.png"
    ...     write_map_picture(path, sample)
    ...     read_image(path).shape
    (4, 6, 3)
    """
    limits = color_limits(sample, check_map_range(map_range))
    picture = draw_map_picture(sample, map_range=limits, unknown_below=unknown_below)
    told = _describe_map(sample, limits, unknown_below)
    write_described(path, picture, told)


def _describe_map(
    sample: DefocusSample, limits: tuple[float, float], unknown_below: float
) -> str:
    """Tell what the colors of a map span, and what is hatched."""
    in_pixels = sample.unit == "px"
    what = "sigma of defocus in px" if in_pixels else "relative score of blur"
    colors = (
        f"{what}, in colors from {limits[0]:g} (dark) to {limits[1]:g} (bright) on a "
        f"logarithmic scale"
    )
    if not in_pixels:
        return colors
    if sample.confidence is None:
        return f"{colors}; nothing is hatched, since no confidence is known"
    if sample.probability is None:
        return f"{colors}; nothing is hatched, since confidence is only a weight"
    return f"{colors}; hatched: unknown, confidence below {unknown_below:g}"


def write_confidence(path: str | os.PathLike[str], sample: DefocusSample) -> None:
    """Write the confidence of a map as a gray picture.

    Parameters
    ----------
    path : path-like
        Target, a PNG of the photograph's size with 8 bits: confidence times 255, as
        its text ``Description`` says.
    sample : DefocusSample
        With the confidence; without one it counts as 1 everywhere.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.batch import write_confidence
    >>> from skdefocus.io import read_image
    >>> sample = DefocusSample(np.zeros((1, 2)), confidence=[[0.2, 1.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "bird_confidence.png"
    ...     write_confidence(path, sample)
    ...     read_image(path).tolist()
    [[51, 255]]
    """
    if sample.confidence is None:
        steps = np.full(sample.image.shape[:2], 255, np.uint8)
    else:
        steps = np.rint(sample.confidence * np.float32(255)).astype(np.uint8)
    is_weight = sample.confidence is not None and sample.probability is None
    what = "weight of texture" if is_weight else "confidence of the blur map"
    write_described(path, steps, f"{what}, in [0, 1], times 255")

"""Pictures of a map and of its confidence, with a text that tells what they show."""

from __future__ import annotations

import os

import numpy as np

from .._shared.sigma_scale import LARGEST_SIGMA
from ..figures import color_map, hatch_unknown
from ..io.write import write_described
from ..sample import UNKNOWN, DefocusSample, unknown_pixels

__all__ = ["draw_map_picture", "write_confidence", "write_map_picture"]


def draw_map_picture(
    sample: DefocusSample, unknown_below: float = UNKNOWN
) -> np.ndarray:
    """Draw a map in colors, hatched where it is unknown.

    Parameters
    ----------
    sample : DefocusSample
        With the map, in px or relative.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The colors of a score span its range, from 0 to 1.
    """
    blur_map = sample.require_map()
    if sample.unit == "relative":
        blur_map = blur_map * np.float32(LARGEST_SIGMA)
    return hatch_unknown(color_map(blur_map), unknown_pixels(sample, unknown_below))


def write_map_picture(
    path: str | os.PathLike[str],
    sample: DefocusSample,
    *,
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
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Raises
    ------
    ValueError
        If the sample has no map, or ``unknown_below`` is not in [0, 1].
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
    picture = draw_map_picture(sample, unknown_below)
    write_described(path, picture, _describe_map(sample, unknown_below))


def _describe_map(sample: DefocusSample, unknown_below: float) -> str:
    """Tell what the colors of a map span, and what is hatched."""
    if sample.unit == "relative":
        return "relative score of blur, in colors from 0 (dark) to 1 (bright)"
    colors = (
        f"sigma of defocus in px, in colors from 0 (dark) to {LARGEST_SIGMA:g} "
        f"(bright) on a logarithmic scale"
    )
    if sample.confidence is None:
        return f"{colors}; nothing is hatched, since no confidence is known"
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
    write_described(path, steps, "confidence of the blur map, in [0, 1], times 255")

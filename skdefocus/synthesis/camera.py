"""An imitation of cameras: what happens to a picture between lens and file."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..filters import blur

__all__ = ["imitate_camera", "through_jpeg", "to_uint8"]


def imitate_camera(
    image: np.ndarray, rng: np.random.Generator, *, vignetting: bool = True
) -> np.ndarray:
    """Sharpen, tone, add noise and compress, each at random, as cameras do.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        What the lens projects, in [0, 1].
    rng : numpy.random.Generator
        Draws which steps happen, and how strongly.
    vignetting : bool, default=True
        Whether the corners may be darker. A part of a photograph has no corners.

    Returns
    -------
    ndarray of the image's shape, uint8
        What the file holds.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.camera import imitate_camera
    >>> photograph = imitate_camera(np.full((8, 8), 0.5), np.random.default_rng(0))
    >>> photograph.shape, photograph.dtype
    ((8, 8), dtype('uint8'))
    """
    if rng.random() < 0.3:
        detail = image - blur(image, rng.uniform(0.5, 1.2))
        image = image + rng.uniform(0.2, 1) * detail
    mean = image.mean()
    contrast, brightness = rng.uniform(0.4, 1.2), rng.uniform(-0.15, 0.15)
    image = (image - mean) * contrast + mean + brightness
    if vignetting and rng.random() < 0.3:
        image = image * _vignette(image.shape, rng.uniform(0, 0.8))
    if image.ndim == 3 and rng.random() < 0.4:
        # White balance that is a little off.
        image = image * np.exp(rng.normal(0, 0.08, 3))
    gamma = np.exp(rng.uniform(np.log(0.75), np.log(1.3)))
    image = np.clip(image, 0, 1) ** gamma
    image = image + rng.normal(0, rng.uniform(0, 3) / 255, image.shape)
    levels = to_uint8(image)
    if rng.random() < 0.8:
        levels = through_jpeg(levels, int(rng.integers(70, 99)))
    return levels


def _vignette(shape: tuple[int, ...], strength: float) -> np.ndarray:
    """Give the factor that darkens a photograph toward its corners."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    down, across = rows / shape[0] - 0.5, columns / shape[1] - 0.5
    factor = 1 - strength * (down**2 + across**2)
    return factor if len(shape) == 2 else factor[..., np.newaxis]


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round values in [0, 1] to 8 bits.

    Parameters
    ----------
    image : ndarray
        Values outside the range are clipped.

    Returns
    -------
    ndarray of the image's shape, uint8
        From 0 to 255.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.camera import to_uint8
    >>> to_uint8(np.array([-0.1, 0.5, 2.0])).tolist()
    [0, 128, 255]
    """
    levels: np.ndarray = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    return levels


def through_jpeg(levels: np.ndarray, quality: int) -> np.ndarray:
    """Compress an image as JPEG and read it again.

    Parameters
    ----------
    levels : ndarray of shape (H, W) or (H, W, 3), uint8
        The image.
    quality : int
        From 1 to 100.

    Returns
    -------
    ndarray of the image's shape, uint8
        What is left of it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis import through_jpeg
    >>> int(through_jpeg(np.full((8, 8), 7, np.uint8), 90)[0, 0])
    7
    """
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))

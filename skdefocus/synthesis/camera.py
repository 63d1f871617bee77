"""An imitation of cameras: what happens to a picture between lens and file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from PIL import Image
from scipy import ndimage

from .._shared.parameters import Interval, checked, unchecked
from .._shared.validation import check_image

__all__ = ["Camera", "draw_camera", "log_uniform", "through_jpeg", "to_uint8"]


@dataclass(frozen=True)
class Camera:
    """What one camera does to what its lens projects.

    `draw_camera` draws one. It does the same to every image of a shape, so that what it
    adds to texture can be seen where there is none.

    Attributes
    ----------
    contrast, brightness : float
        Factor around the mean of the image, and what is added.
    gamma : float
        Exponent of the tone curve.
    vignetting : float
        By how much the corners are darker.
    balance : ndarray of shape (3,) or float
        Factor of each color.
    noise : ndarray
        Added, in [0, 1]; of the image's shape.
    grows : bool
        Whether noise is stronger where the image is bright.
    sharpening, radius : float
        Share of the detail that is added, and sigma of the blur that tells detail.
    quality : int
        Of JPEG; 0 for a file without loss.
    """

    contrast: float
    brightness: float
    gamma: float
    vignetting: float
    balance: np.ndarray | float
    noise: np.ndarray
    grows: bool
    sharpening: float
    radius: float
    quality: int

    def photograph(self, image: np.ndarray) -> np.ndarray:
        """Take a photograph.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, 3)
            What the lens projects, in [0, 1].

        Returns
        -------
        ndarray of the image's shape, uint8
            What the file holds.
        """
        mean = image.mean()
        image = (image - mean) * self.contrast + mean + self.brightness
        if self.vignetting:
            image = image * _vignette(image.shape, self.vignetting)
        image = np.clip(image * self.balance, 0, 1) ** self.gamma
        noise = self.noise
        if self.grows:
            noise = noise * np.sqrt(0.3 + 1.4 * image)
        image = image + noise
        if self.sharpening:
            sigmas = (self.radius, self.radius, 0)[: image.ndim]
            detail = image - ndimage.gaussian_filter(image, sigmas)
            image = image + self.sharpening * detail
        levels = to_uint8(image)
        return unchecked(through_jpeg)(levels, self.quality) if self.quality else levels


def draw_camera(
    rng: np.random.Generator, shape: tuple[int, ...], *, vignetting: bool = True
) -> Camera:
    """Draw tone, noise, sharpening and compression, as cameras and users have them.

    Half of all photographs have noise of 2 to 25 gray levels, the others less; of both
    two in five have noise that a camera has smoothed, and as many noise that grows with
    brightness.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws which steps happen, and how strongly.
    shape : tuple of int
        Of the images that it is to photograph, (H, W) or (H, W, 3).
    vignetting : bool, default=True
        Whether the corners may be darker. A part of a photograph has no corners.

    Returns
    -------
    Camera
        Takes photographs.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.camera import draw_camera
    >>> camera = draw_camera(np.random.default_rng(0), (8, 8))
    >>> camera.photograph(np.full((8, 8), 0.5)).dtype
    dtype('uint8')
    """
    if rng.random() < 0.4:
        contrast = log_uniform(rng, 0.12, 1.25)
    else:
        contrast = rng.uniform(0.5, 1.2)
    brightness = rng.uniform(-0.15, 0.15)
    corners = vignetting and rng.random() < 0.3
    darker = rng.uniform(0, 0.8) if corners else 0.0
    balance: np.ndarray | float = 1.0
    if len(shape) == 3 and rng.random() < 0.4:
        # White balance that is a little off.
        balance = np.exp(rng.normal(0, 0.08, 3))
    deviation = log_uniform(rng, 2, 25) if rng.random() < 0.5 else rng.uniform(0, 2)
    noise = rng.normal(0, 1, shape)
    if rng.random() < 0.4:
        radius = rng.uniform(0.4, 1.2)
        noise = ndimage.gaussian_filter(noise, (radius, radius, 0)[: len(shape)])
        noise /= noise.std()
    compression = rng.random()
    if compression < 0.3:
        quality = int(rng.integers(10, 75))
    else:
        quality = int(rng.integers(75, 99)) if compression < 0.8 else 0
    return Camera(
        contrast=contrast,
        brightness=brightness,
        gamma=log_uniform(rng, 0.5, 2) if rng.random() < 0.5 else 1.0,
        vignetting=darker,
        balance=balance,
        noise=noise * (deviation / 255),
        grows=rng.random() < 0.4,
        sharpening=rng.uniform(0.2, 1.2) if rng.random() < 0.25 else 0.0,
        radius=rng.uniform(0.6, 1.5),
        quality=quality,
    )


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform between those of two others."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


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


@checked(quality=[Interval(Integral, 1, 100, closed="both")])
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

    Raises
    ------
    ValueError
        For a quality outside its range, or an image that is not one of uint8.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis import through_jpeg
    >>> int(through_jpeg(np.full((8, 8), 7, np.uint8), 90)[0, 0])
    7
    """
    levels = check_image(levels, "levels")
    if levels.dtype != np.uint8:
        raise ValueError(f"levels must be uint8; got dtype {levels.dtype}.")
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))

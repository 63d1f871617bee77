"""Defocus as a convolution (eq. 3): Gaussian, disc, or a lens's own spread."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage, optimize, signal

from .._shared.parameters import NON_NEGATIVE_REAL, StrOptions, checked
from .._shared.validation import to_float_image
from ._lens_kernel import check_psf, lens_kernel

__all__ = ["PSF", "blur", "check_disc", "disc_blur", "disc_kernel", "sampled_sigma"]

# Sub-samples per pixel and axis when a disc's edge is drawn.
_SUPERSAMPLING = 15
_TRUNCATE = 4.0
# Discs up to this sigma are drawn for any image, however small.
_SMALL_DISC = 64.0
# Below this a disc hardly reaches the next pixels.
_SMALLEST_DISC = 0.3
# Below this a kernel has too few pixels to have a shape.
_SMALLEST_SHAPE = 0.8
# Below this a sampled Gaussian is narrower than the one that was sampled.
_SAMPLED = 1.0
_SIGMA = [NON_NEGATIVE_REAL]
# What `blur` and `defocus` take.
PSF = [StrOptions({"gaussian", "disc"}), "array-like"]


def _draw_disc(radius: float) -> np.ndarray:
    """Share of every pixel that a disc around the central pixel's center covers."""
    half = int(np.ceil(radius + 0.5)) if radius > 0.5 else 0
    side = 2 * half + 1
    offsets = (np.arange(side * _SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - half - 0.5
    squares = (offsets**2).reshape(side, _SUPERSAMPLING)
    kernel = np.empty((side, side))
    # Row by row: all sub-samples at once would take 225 times the kernel's memory.
    for row, square in enumerate(squares):
        inside = square[:, None] + squares.reshape(1, -1) <= radius**2
        blocks = inside.reshape(_SUPERSAMPLING, side, _SUPERSAMPLING)
        kernel[row] = blocks.sum(axis=(0, 2), dtype=np.float64)
    shares: np.ndarray = kernel / kernel.sum()
    return shares


def _standard_deviation(kernel: np.ndarray) -> float:
    offsets = np.arange(kernel.shape[0]) - kernel.shape[0] // 2
    return float(np.sqrt(kernel.sum(axis=1) @ offsets**2))


@lru_cache(maxsize=64)
@checked(sigma=_SIGMA)
def disc_kernel(sigma: float) -> np.ndarray:
    """Disc-shaped point spread function with a given standard deviation.

    A disc of diameter d has the second moments of a Gaussian of sigma = d / 4. The
    radius is found such that the sampled kernel has exactly that moment, since
    sampling alone adds 1/12 square pixel.

    Parameters
    ----------
    sigma : float
        Standard deviation along each axis, in pixels, at least 0.

    Returns
    -------
    ndarray of shape (k, k), float64
        Odd-sized kernel that sums to 1, read-only.

    Raises
    ------
    ValueError
        If sigma is negative or not a finite number.

    Examples
    --------
    >>> from skdefocus.filters import disc_kernel
    >>> kernel = disc_kernel(2.0)
    >>> kernel.shape, round(float(kernel.sum()), 6)
    ((11, 11), 1.0)
    """
    if sigma == 0:
        kernel = np.ones((1, 1))
    elif sigma < _SMALLEST_DISC:
        # Sub-samples hardly tell such discs apart: the center takes from the smallest
        # that they do.
        smallest = disc_kernel(_SMALLEST_DISC)
        kernel = smallest * (sigma / _standard_deviation(smallest)) ** 2
        middle = len(kernel) // 2
        kernel[middle, middle] += 1 - kernel.sum()
    elif sigma < 4:
        radius = optimize.brentq(
            lambda r: _standard_deviation(_draw_disc(r)) - sigma,
            0.5,
            2 * sigma + 1,
            xtol=1e-3,
        )
        kernel = _draw_disc(radius)
    else:
        kernel = _draw_disc(2 * np.sqrt(sigma**2 - 1 / 12))
    kernel.setflags(write=False)
    return kernel


@lru_cache(maxsize=64)
def sampled_sigma(sigma: float) -> float:
    """Find the Gaussian whose samples have a given standard deviation.

    Parameters
    ----------
    sigma : float
        Standard deviation of the sampled kernel, in pixels.

    Returns
    -------
    float
        That of the Gaussian to sample: larger below 1 px, from there on the same.

    Examples
    --------
    >>> from skdefocus.filters._blur import sampled_sigma
    >>> round(sampled_sigma(0.3), 3), sampled_sigma(2.0)
    (0.408, 2.0)
    """
    if sigma == 0 or sigma >= _SAMPLED:
        return sigma
    offsets = np.arange(-5, 6)

    def excess(sampled: float) -> float:
        kernel = np.exp(-((offsets / sampled) ** 2) / 2)
        return float(np.sqrt(kernel @ offsets**2 / kernel.sum())) - sigma

    found: float = optimize.brentq(excess, 0.01, 2 * _SAMPLED, xtol=1e-6)
    return found


def check_disc(shape: tuple[int, ...], sigma: float) -> None:
    """Refuse a kernel larger than the picture before it is drawn.

    Parameters
    ----------
    shape : tuple of int
        Of the picture.
    sigma : float
        Of the kernel, in pixels.

    Raises
    ------
    ValueError
        For a sigma above 64 px and a quarter of the picture's mean side.
    """
    largest = max(np.sqrt(shape[0] * shape[1]) / 4, _SMALL_DISC)
    if sigma > largest:
        raise ValueError(
            f"sigma of a disc or a lens must be at most {largest:.6g} px, so that it "
            f"is no larger than an image of {shape[1]} x {shape[0]} pixels; got "
            f"{sigma:.6g}."
        )


def _convolve(channel: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    half = kernel.shape[0] // 2
    if half == 0:
        return channel.copy()
    padded = np.pad(channel, half, mode="symmetric")
    # Overlap-add computes in the precision of its input; the kernel must not widen it.
    result = signal.oaconvolve(padded, kernel.astype(channel.dtype), mode="valid")
    blurred: np.ndarray = np.clip(result, channel.min(), channel.max())
    return blurred


def disc_blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a part of a picture, of any size, by a disc that the picture has room for.

    Parameters
    ----------
    plane : ndarray of shape (H, W), float32
        Any values.
    sigma : float
        Standard deviation of the disc, in pixels, at least 0.

    Returns
    -------
    ndarray of shape (H, W), float32
        As `blur` gives it.
    """
    return _convolve(plane, disc_kernel(sigma)) if sigma else plane.copy()


@checked(sigma=_SIGMA, psf=PSF)
def blur(
    image: np.ndarray, sigma: float, psf: str | np.ndarray = "gaussian"
) -> np.ndarray:
    """Blur a whole image by one sigma, with reflected borders.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    sigma : float
        Standard deviation of the point spread function, in pixels, at least 0: that of
        the sampled kernel, which below 1 px is not that of the Gaussian it is of.
    psf : {"gaussian", "disc"} or array-like of shape (h, w), default="gaussian"
        Shape of the point spread function. A disc is what a lens with an open
        aperture draws; its radius is about 2 sigma. An array is what a lens makes of a
        point, at any size: it is scaled to ``sigma``, the root of the mean of its
        second moments along both axes, and cut off at 4 sigma. Below 0.8 px it is a
        Gaussian.

    Returns
    -------
    ndarray of the image's shape, float32
        Values in [0, 1]. With ``sigma=0`` the image itself.

    Raises
    ------
    ValueError
        For a negative sigma, an unknown psf, an image that is not one, or a psf other
        than the Gaussian that is larger than the image (sigma above 64 px and a quarter
        of its mean side).

    References
    ----------
    Galetto and Deng (2022), eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> point = np.zeros((9, 9), dtype=np.float32)
    >>> point[4, 4] = 1
    >>> float(blur(point, 1.0)[4, 4]) < 0.2
    True
    """
    image = to_float_image(image)
    if sigma == 0:
        return image.copy()
    if not isinstance(psf, str):
        psf = check_psf(psf)
        if sigma < _SMALLEST_SHAPE:
            psf = "gaussian"
    if isinstance(psf, str) and psf == "gaussian":
        sigma = sampled_sigma(float(sigma))
        sigmas = (sigma, sigma, 0)[: image.ndim]
        blurred: np.ndarray = ndimage.gaussian_filter(
            image, sigmas, mode="reflect", truncate=_TRUNCATE
        )
        return blurred
    check_disc(image.shape, sigma)
    if isinstance(psf, str):
        kernel = disc_kernel(float(sigma))
    else:
        kernel = lens_kernel(psf, float(sigma))
    if image.ndim == 2:
        return _convolve(image, kernel)
    return np.stack([_convolve(image[..., c], kernel) for c in range(3)], axis=-1)

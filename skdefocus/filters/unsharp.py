"""The unsharp mask (eq. 8), with one gain or one for every pixel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_REAL, checked
from .._shared.validation import to_float_image, to_gray

__all__ = [
    "UNSHARP_CONSTRAINTS",
    "luminance_detail",
    "unsharp_mask",
    "weigh_detail",
]

UNSHARP_CONSTRAINTS = {
    "radius": [POSITIVE_REAL],
    "threshold": [NON_NEGATIVE_REAL],
    "overshoot": [NON_NEGATIVE_REAL, None],
}


def luminance_detail(
    image: np.ndarray, *, radius: float, threshold: float, overshoot: float | None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Compute what does not depend on the gain, so that a gain can be tried quickly.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    radius, threshold, overshoot
        As in `unsharp_mask`.

    Returns
    -------
    detail : ndarray of shape (H, W), float32
        What a gain multiplies.
    bounds : (ndarray, ndarray) or None
        Least and greatest change of the luminance; None where there is no limit.
    """
    gray = to_gray(image)
    detail = gray - ndimage.gaussian_filter(gray, radius, mode="reflect")
    if threshold > 0:
        detail -= np.clip(detail, -np.float32(threshold), np.float32(threshold))
    if overshoot is None:
        return detail, None
    size = 2 * int(np.ceil(2 * radius)) + 1
    low = ndimage.minimum_filter(gray, size, mode="reflect")
    high = ndimage.maximum_filter(gray, size, mode="reflect")
    slack = np.float32(overshoot) * (high - low)
    return detail, (low - slack - gray, high + slack - gray)


def weigh_detail(
    detail: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    gain: float | np.ndarray,
) -> np.ndarray:
    """Compute what is added to every channel of an image, for a gain.

    Parameters
    ----------
    detail, bounds
        As `luminance_detail` gives them.
    gain : float or ndarray of shape (H, W), float32
        How much of the detail is wanted.

    Returns
    -------
    ndarray of shape (H, W), float32
        The mask.
    """
    mask = gain * detail
    return mask if bounds is None else np.clip(mask, *bounds)


@checked(UNSHARP_CONSTRAINTS)
def unsharp_mask(
    image: np.ndarray,
    gain: float | np.ndarray,
    *,
    radius: float = 1.5,
    threshold: float = 0.0,
    overshoot: float | None = None,
) -> np.ndarray:
    """Sharpen by adding what a Gaussian takes away: ``J = I + gain (I - B)`` (eq. 8).

    The mask is that of the luminance and is added to all channels alike, so edges get
    no colored fringes.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    gain : float or array-like of shape (H, W)
        How much of the mask is added, finite; 0 leaves a pixel as it is.
    radius : float, default=1.5
        Sigma of the unsharp mask's Gaussian, in pixels, above 0.
    threshold : float, default=0.0
        Subtracted from the mask's magnitude, on the scale of [0, 1], at least 0: noise
        and JPEG blocks below it are not sharpened.
    overshoot : float, optional
        How far the luminance may leave the range that it has within two radii, as a
        share of that range, at least 0. It keeps dark and bright rims (halos) from
        growing along strong edges. None sets no limit, as in the equation.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or a gain that does not fit the image.

    References
    ----------
    Galetto and Deng (2022), eq. 8.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import unsharp_mask
    >>> edge = np.repeat([[0.25, 0.75]], 8, axis=1) * np.ones((4, 1))
    >>> bool(np.ptp(unsharp_mask(edge, 0.5)) > np.ptp(edge))
    True
    """
    image = to_float_image(image)
    gain = np.asarray(gain, dtype=np.float32)
    if gain.ndim != 0 and gain.shape != image.shape[:2]:
        raise ValueError(
            f"'gain' must be a number or have the image's shape {image.shape[:2]}; got "
            f"shape {gain.shape}."
        )
    if not np.isfinite(gain).all():
        raise ValueError("'gain' must be finite; it contains NaN or infinity.")
    detail, bounds = luminance_detail(
        image, radius=radius, threshold=threshold, overshoot=overshoot
    )
    mask = weigh_detail(detail, bounds, gain)
    if image.ndim == 3:
        mask = mask[..., np.newaxis]
    sharp: np.ndarray = np.clip(image + mask, 0, 1)
    return sharp

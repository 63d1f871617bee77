"""GeneralizedUnsharpMask: Deng's unsharp mask in the algebra of log-ratios."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import expit, logit

from .._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    UNIT_INTERVAL,
    checked,
    unchecked,
)
from .._shared.validation import to_float_image
from ..filters import adaptive_equalization
from ._sharpener import Sharpener

__all__ = ["GeneralizedUnsharpMask", "generalized_unsharp_mask"]

_CONSTRAINTS = {
    "contrast": [UNIT_INTERVAL],
    "gain": [NON_NEGATIVE_REAL],
    "least_gain": [NON_NEGATIVE_REAL],
    "exponent": [POSITIVE_REAL],
    "median_size": [POSITIVE_INTEGER],
    "n_iter": [NON_NEGATIVE_INTEGER],
    "tolerance": [NON_NEGATIVE_REAL],
}
# Black and white have no log-ratio; they are taken one level of 8 bits away from it.
_LEVELS = np.float32(255)


@checked(_CONSTRAINTS)
def generalized_unsharp_mask(
    image: np.ndarray,
    *,
    contrast: float = 5e-4,
    gain: float = 7.0,
    least_gain: float = 1.0,
    exponent: float = 0.5,
    median_size: int = 5,
    n_iter: int = 20,
    tolerance: float = 1e-4,
) -> np.ndarray:
    """Enhance contrast and sharpness without halos or values out of range (Deng 2011).

    The brightest channel V is split into a model y, by median filters that keep edges,
    and the detail d that the model lacks. The model's contrast is equalized and the
    detail amplified, the more the smaller it is, in an algebra that never leaves (0,
    1). Hue and saturation stay.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    contrast : float, default=5e-4
        Contrast factor kappa, from 0, which leaves contrast as it is, to 1: the clip
        limit of `skdefocus.filters.adaptive_equalization`.
    gain : float, default=7.0
        Gain lambda of the smallest detail, at least 0.
    least_gain : float, default=1.0
        Gain of the largest detail, at least 0. With ``gain`` the same it is a fixed
        gain.
    exponent : float, default=0.5
        How fast the gain falls from one to the other (eta), above 0; smaller falls
        earlier.
    median_size : int, default=5
        Side of the median filter's window, in pixels, odd and at least 1.
    n_iter : int, default=20
        Most passes of the median filter.
    tolerance : float, default=1e-4
        Mean squared change, on the scale of [0, 1], at which passes end.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Notes
    -----
    Sums and multiples are taken of the log-ratios ``log(x / (1 - x))``. With c the
    detail on the scale of [-1, 1], the gain is ``a + b exp(-|c|^exponent)``, a and b
    such that it is ``gain`` at 0 and ``least_gain`` at 1.

    References
    ----------
    Deng, "A generalized unsharp masking algorithm", TIP 20(5), 2011. Galetto and Deng
    (2022), Fig. 13e, for the defaults of contrast and gain.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.enhance import generalized_unsharp_mask
    >>> photo = 0.5 + 0.01 * np.random.default_rng(0).standard_normal((32, 32))
    >>> sharp = generalized_unsharp_mask(photo)
    >>> bool(2 < sharp.std() / photo.std() < 7)
    True
    """
    if median_size % 2 == 0:
        raise ValueError(
            f"'median_size' must be odd, so that a window has a middle; got "
            f"{median_size}."
        )
    image = to_float_image(image)
    value = image if image.ndim == 2 else image.max(axis=-1)
    model = _median_root(value, median_size, n_iter, tolerance)
    detail = logit(_inside(value)) - logit(_inside(model))
    # tanh of half a log-ratio is 2 d - 1, with d the detail in (0, 1).
    amplification = _adaptive_gain(np.tanh(detail / 2), gain, least_gain, exponent)
    base = unchecked(adaptive_equalization)(model, contrast)
    sharp: np.ndarray = expit(logit(_inside(base)) + amplification * detail)
    sharp = np.clip((sharp * (_LEVELS + 2) - 1) / _LEVELS, 0, 1)
    if image.ndim == 2:
        return sharp
    ratio = np.divide(sharp, value, out=np.ones_like(value), where=value > 0)
    color = image * ratio[..., np.newaxis]
    # Black has no hue; it becomes gray.
    black = (value == 0)[..., np.newaxis]
    colored: np.ndarray = np.clip(np.where(black, sharp[..., np.newaxis], color), 0, 1)
    return colored


def _inside(value: np.ndarray) -> np.ndarray:
    """Take [0, 1] into (0, 1)."""
    return (value * _LEVELS + 1) / (_LEVELS + 2)


def _median_root(
    value: np.ndarray, size: int, n_iter: int, tolerance: float
) -> np.ndarray:
    """Apply a median filter until it hardly changes anything any more."""
    for _ in range(n_iter):
        smooth = ndimage.median_filter(value, size, mode="reflect")
        change = float(np.mean((smooth - value) ** 2, dtype=np.float64))
        value = smooth
        if change <= tolerance:
            break
    return value


def _adaptive_gain(
    detail: np.ndarray, gain: float, least_gain: float, exponent: float
) -> np.ndarray:
    slope = (gain - least_gain) / -np.expm1(-1.0)
    fall = np.exp(-(np.abs(detail) ** np.float32(exponent)))
    gains: np.ndarray = np.float32(gain - slope) + np.float32(slope) * fall
    return gains


class GeneralizedUnsharpMask(Sharpener):
    """Enhance contrast and sharpness of photographs without halos (Deng 2011).

    Parameters
    ----------
    contrast : float, default=5e-4
        Contrast factor kappa, from 0, which leaves contrast as it is, to 1: the clip
        limit of `skdefocus.filters.adaptive_equalization`.
    gain : float, default=7.0
        Gain lambda of the smallest detail, at least 0.
    least_gain : float, default=1.0
        Gain of the largest detail, at least 0. With ``gain`` the same it is a fixed
        gain.
    exponent : float, default=0.5
        How fast the gain falls from one to the other (eta), above 0; smaller falls
        earlier.
    median_size : int, default=5
        Side of the median filter's window, in pixels, odd and at least 1.
    n_iter : int, default=20
        Most passes of the median filter.
    tolerance : float, default=1e-4
        Mean squared change, on the scale of [0, 1], at which passes end.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.enhance.generalized_unsharp_mask : The function behind it.

    References
    ----------
    Deng, "A generalized unsharp masking algorithm", TIP 20(5), 2011. Galetto and Deng
    (2022), Fig. 13e, for the defaults of contrast and gain.

    Examples
    --------
    >>> from skdefocus import GeneralizedUnsharpMask
    >>> from skdefocus.datasets import load_sample_photograph
    >>> GeneralizedUnsharpMask().transform([load_sample_photograph()])[0].shape
    (427, 640, 3)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _function = staticmethod(generalized_unsharp_mask)

    def __init__(
        self,
        contrast: float = 5e-4,
        gain: float = 7.0,
        *,
        least_gain: float = 1.0,
        exponent: float = 0.5,
        median_size: int = 5,
        n_iter: int = 20,
        tolerance: float = 1e-4,
        n_jobs: int | None = None,
    ) -> None:
        self.contrast = contrast
        self.gain = gain
        self.least_gain = least_gain
        self.exponent = exponent
        self.median_size = median_size
        self.n_iter = n_iter
        self.tolerance = tolerance
        self.n_jobs = n_jobs

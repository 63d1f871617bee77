"""AdaptiveUnsharpMask: sharpening that the blur map steers (sec. 5.1)."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import expit

from .._base import SubjectTransformer
from .._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_REAL,
    REAL,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.sigma_scale import LARGEST_SIGMA
from .._shared.validation import (
    check_map,
    check_sigma,
    check_subject_mask,
    protect_subject,
    to_float_image,
)
from ..filters import noise_deviation, unsharp_mask
from ..filters.unsharp import UNSHARP_CONSTRAINTS

__all__ = [
    "AdaptiveUnsharpMask",
    "adaptive_unsharp_mask",
    "noise_threshold",
    "sharpening_gain",
]

# From this sigma, in pixels, detail between neighboring pixels is noise, of which this
# many standard deviations are left unsharpened.
_BLURRED = 2.0
_NOISE_SHARE = 2.5
_CURVE = {
    "alpha1": [NON_NEGATIVE_REAL],
    "beta1": [REAL],
    "alpha2": [NON_NEGATIVE_REAL],
    "beta2": [REAL],
    "gain": [NON_NEGATIVE_REAL],
    "blur_scale": [POSITIVE_REAL],
}
_SHARPENING = {
    **_CURVE,
    **UNSHARP_CONSTRAINTS,
    "threshold": [NON_NEGATIVE_REAL, StrOptions({"auto"})],
}


@checked(_CURVE)
def sharpening_gain(
    blur_map: np.ndarray,
    *,
    alpha1: float = 46.0,
    beta1: float = 0.1,
    alpha2: float = 183.0,
    beta2: float = 0.27,
    gain: float = 2.0,
    blur_scale: float = LARGEST_SIGMA,
) -> np.ndarray:
    """Gain of the unsharp mask for every pixel (eqs. 9 to 11).

    With m the blur map over ``blur_scale``, it is ``gain * expit(alpha1 (m - beta1)) *
    (1 - expit(alpha2 (m - beta2)))``: what is sharp already and what is heavily blurred
    is left alone, and what lies between is sharpened.

    Parameters
    ----------
    blur_map : array-like
        Sigma in pixels, at least 0, of any shape.
    alpha1, beta1 : float, default=46.0 and 0.1
        Steepness of the gain's rise, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 1.9 px.
    alpha2, beta2 : float, default=183.0 and 0.27
        Steepness of the gain's fall, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 5.1 px. With ``beta1 > beta2`` hardly any gain is left,
        which is warned of.
    gain : float, default=2.0
        Largest gain (lambda_max), at least 0.
    blur_scale : float, default=19.0
        Sigma, in pixels, that counts as 1: the top of the paper's ladder.

    Returns
    -------
    ndarray of the map's shape, float32
        From 0 to ``gain``.

    Raises
    ------
    ValueError
        For parameters outside their range, or a sigma that is negative or not finite.

    References
    ----------
    Galetto and Deng (2022), eqs. 9 to 11, Figs. 12 and 13.

    Examples
    --------
    >>> from skdefocus.enhance import sharpening_gain
    >>> sharpening_gain([0.0, 3.0, 15.0]).round(2)
    array([0.02, 1.87, 0.  ], dtype=float32)
    """
    if beta1 > beta2:
        warnings.warn(
            f"beta1 ({beta1:g}) is above beta2 ({beta2:g}): the gain falls before it "
            f"rises, and hardly anything is sharpened.",
            UserWarning,
            stacklevel=3,
        )
    sigma = check_sigma(blur_map, "blur_map").astype(np.float32)
    level = sigma / np.float32(blur_scale)
    rise = expit(np.float32(alpha1) * (level - np.float32(beta1)))
    fall = expit(np.float32(-alpha2) * (level - np.float32(beta2)))
    gains: np.ndarray = np.float32(gain) * rise * fall
    return gains


def noise_threshold(image: np.ndarray, blur_map: np.ndarray) -> float:
    """Give what "auto" takes off the mask's magnitude, for the photograph's noise.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    blur_map : ndarray of shape (H, W)
        Sigma in pixels.

    Returns
    -------
    float
        On the scale of [0, 1].
    """
    return _NOISE_SHARE * noise_deviation(image, blur_map >= _BLURRED)


@checked(_SHARPENING)
def adaptive_unsharp_mask(
    image: np.ndarray,
    blur_map: np.ndarray,
    *,
    alpha1: float = 46.0,
    beta1: float = 0.1,
    alpha2: float = 183.0,
    beta2: float = 0.27,
    gain: float = 2.0,
    radius: float = 1.5,
    threshold: float | str = "auto",
    overshoot: float | None = 0.05,
    blur_scale: float = LARGEST_SIGMA,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Sharpen a photograph where its blur map says that it helps (eqs. 8 to 11).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    alpha1, beta1 : float, default=46.0 and 0.1
        Steepness of the gain's rise, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 1.9 px.
    alpha2, beta2 : float, default=183.0 and 0.27
        Steepness of the gain's fall, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 5.1 px. With ``beta1 > beta2`` hardly any gain is left,
        which is warned of.
    gain : float, default=2.0
        Largest gain (lambda_max), at least 0.
    radius : float, default=1.5
        Sigma of the unsharp mask's Gaussian, in pixels.
    threshold : float or "auto", default="auto"
        Taken off the mask's magnitude, on the scale of [0, 1], so that noise is not
        sharpened; "auto" is 2.5 times the noise of the photograph's blurred parts. 0 is
        eq. 8 as printed.
    overshoot : float or None, default=0.05
        How far the luminance may leave its local range, as a share of that range,
        which limits halos (`skdefocus.filters.unsharp_mask`). None is eq. 8 as
        printed.
    blur_scale : float, default=19.0
        Sigma, in pixels, that counts as 1: the top of the paper's ladder.
    subject_mask : array-like of shape (H, W), optional
        True, 1.0, or 255 as uint8, where the photograph is in focus whatever the map
        says.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or maps that do not fit the image.

    References
    ----------
    Galetto and Deng (2022), sec. 5.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.enhance import adaptive_unsharp_mask
    >>> photo = np.random.default_rng(0).random((16, 16, 3))
    >>> adaptive_unsharp_mask(photo, np.full((16, 16), 3.0)).dtype
    dtype('float32')
    """
    image = to_float_image(image)
    blur_map = check_map(blur_map, image.shape, "blur_map")
    if isinstance(threshold, str):
        # It is "auto": no other word is accepted.
        threshold = noise_threshold(image, blur_map)
    blur_map = protect_subject(blur_map, subject_mask)
    gains = unchecked(sharpening_gain)(
        blur_map,
        alpha1=alpha1,
        beta1=beta1,
        alpha2=alpha2,
        beta2=beta2,
        gain=gain,
        blur_scale=blur_scale,
    )
    if subject_mask is not None:
        # The curve leaves a little gain at a sigma of 0.
        gains = gains * (1 - check_subject_mask(subject_mask, image.shape))
    return unchecked(unsharp_mask)(
        image, gains, radius=radius, threshold=threshold, overshoot=overshoot
    )


class AdaptiveUnsharpMask(SubjectTransformer):
    """Sharpen photographs where their blur maps say that it helps (sec. 5.1).

    Parameters
    ----------
    alpha1, beta1 : float, default=46.0 and 0.1
        Steepness of the gain's rise, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 1.9 px.
    alpha2, beta2 : float, default=183.0 and 0.27
        Steepness of the gain's fall, at least 0, and where it reaches one half, as a
        share of ``blur_scale``: 5.1 px. With ``beta1 > beta2`` hardly any gain is left,
        which is warned of.
    gain : float, default=2.0
        Largest gain (lambda_max), at least 0.
    radius : float, default=1.5
        Sigma of the unsharp mask's Gaussian, in pixels.
    threshold : float or "auto", default="auto"
        Taken off the mask's magnitude, on the scale of [0, 1], so that noise is not
        sharpened; "auto" is 2.5 times the noise of the photograph's blurred parts. 0 is
        eq. 8 as printed.
    overshoot : float or None, default=0.05
        How far the luminance may leave its local range, as a share of that range,
        which limits halos. None is eq. 8 as printed.
    blur_scale : float, default=19.0
        Sigma, in pixels, that counts as 1: the top of the paper's ladder.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.enhance.sharpening_gain : The curve.

    References
    ----------
    Galetto and Deng (2022), sec. 5.1, eqs. 8 to 11.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdefocus import AdaptiveUnsharpMask, SlidingWindowMapper, WGIFRefiner
    >>> from skdefocus.datasets import load_sample_photograph
    >>> map_blur = make_pipeline(SlidingWindowMapper(), WGIFRefiner())
    >>> steps = make_pipeline(map_blur, AdaptiveUnsharpMask())
    >>> steps.fit_transform([load_sample_photograph()])[0].shape
    (427, 640, 3)
    """

    _constraints = {  # noqa: RUF012
        **_SHARPENING,
        "n_jobs": N_JOBS,
    }
    _function = staticmethod(adaptive_unsharp_mask)

    def __init__(
        self,
        alpha1: float = 46.0,
        beta1: float = 0.1,
        alpha2: float = 183.0,
        beta2: float = 0.27,
        gain: float = 2.0,
        *,
        radius: float = 1.5,
        threshold: float | str = "auto",
        overshoot: float | None = 0.05,
        blur_scale: float = LARGEST_SIGMA,
        n_jobs: int | None = None,
    ) -> None:
        self.alpha1 = alpha1
        self.beta1 = beta1
        self.alpha2 = alpha2
        self.beta2 = beta2
        self.gain = gain
        self.radius = radius
        self.threshold = threshold
        self.overshoot = overshoot
        self.blur_scale = blur_scale
        self.n_jobs = n_jobs

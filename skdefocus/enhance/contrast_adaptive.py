"""ContrastAdaptiveSharpening: AMD's FidelityFX CAS, without its upscaling."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.parameters import N_JOBS, UNIT_INTERVAL, checked
from .._shared.validation import to_float_image
from ..filters import linear_to_srgb, srgb_to_linear
from ._sharpener import Sharpener

__all__ = ["ContrastAdaptiveSharpening", "contrast_adaptive_sharpening"]

_CONSTRAINTS = {"sharpness": [UNIT_INTERVAL], "linear_light": ["boolean"]}
_CROSS = ndimage.generate_binary_structure(2, 1)
_NEIGHBORS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32)


@checked(_CONSTRAINTS)
def contrast_adaptive_sharpening(
    image: np.ndarray, sharpness: float = 0.0, *, linear_light: bool = False
) -> np.ndarray:
    """Sharpen a photograph less where its contrast is high already (FidelityFX CAS).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    sharpness : float, default=0.0
        From 0 to 1. 0 is CAS's weakest setting, a peak of -1/8 (the paper's lambda =
        -0.125), and not the identity; 1 is a peak of -1/5.
    linear_light : bool, default=False
        Whether to work on linear light, for which CAS was designed, with the photograph
        decoded from sRGB and encoded again. False works on the pixel values.

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
    In each channel, with c the pixel, n the sum of the four next to it, and m and M the
    least and the greatest of the five, ``A = sqrt(min(m, 1 - M) / M)`` is the room that
    is left to black and white, ``w = -A / (8 - 3 sharpness)`` the weight of the four,
    and the result is ``(c + w n) / (1 + 4 w)``. At borders the photograph's edge goes
    on.

    References
    ----------
    AMD, "FidelityFX Contrast Adaptive Sharpening", https://gpuopen.com/fidelityfx-cas/.
    Galetto and Deng (2022), sec. 5.1, Fig. 13f.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.enhance import contrast_adaptive_sharpening
    >>> edge = np.array([[0.4, 0.4, 0.5, 0.6, 0.6]])
    >>> contrast_adaptive_sharpening(edge, 1.0).round(2)
    array([[0.4 , 0.34, 0.5 , 0.65, 0.6 ]], dtype=float32)
    """
    image = to_float_image(image)
    values = srgb_to_linear(image) if linear_light else image
    peak = np.float32(-1 / (8 - 3 * sharpness))
    if values.ndim == 2:
        sharp = _sharpen_channel(values, peak)
    else:
        channels = [_sharpen_channel(values[..., c], peak) for c in range(3)]
        sharp = np.stack(channels, axis=-1)
    return linear_to_srgb(sharp) if linear_light else sharp


def _sharpen_channel(channel: np.ndarray, peak: np.float32) -> np.ndarray:
    low = ndimage.minimum_filter(channel, footprint=_CROSS, mode="nearest")
    high = ndimage.maximum_filter(channel, footprint=_CROSS, mode="nearest")
    room = np.minimum(low, 1 - high)
    # All black has no room, and nothing to sharpen.
    share = np.divide(room, high, out=np.zeros_like(room), where=high > 0)
    weight = peak * np.sqrt(np.clip(share, 0, 1))
    around = ndimage.correlate(channel, _NEIGHBORS, mode="nearest")
    sharp: np.ndarray = np.clip((channel + weight * around) / (1 + 4 * weight), 0, 1)
    return sharp


class ContrastAdaptiveSharpening(Sharpener):
    """Sharpen photographs less where their contrast is high already (FidelityFX CAS).

    Parameters
    ----------
    sharpness : float, default=0.0
        From 0 to 1. 0 is CAS's weakest setting, a peak of -1/8 (the paper's lambda =
        -0.125), and not the identity; 1 is a peak of -1/5.
    linear_light : bool, default=False
        Whether to work on linear light, for which CAS was designed, with the photograph
        decoded from sRGB and encoded again. False works on the pixel values.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.enhance.contrast_adaptive_sharpening : The function behind it.

    References
    ----------
    AMD, "FidelityFX Contrast Adaptive Sharpening", https://gpuopen.com/fidelityfx-cas/.
    Galetto and Deng (2022), sec. 5.1, Fig. 13f.

    Examples
    --------
    >>> from skdefocus import ContrastAdaptiveSharpening
    >>> from skdefocus.datasets import load_sample_photograph
    >>> cas = ContrastAdaptiveSharpening(0.5, linear_light=True)
    >>> cas.transform([load_sample_photograph()])[0].shape
    (427, 640, 3)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _function = staticmethod(contrast_adaptive_sharpening)

    def __init__(
        self,
        sharpness: float = 0.0,
        *,
        linear_light: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.sharpness = sharpness
        self.linear_light = linear_light
        self.n_jobs = n_jobs

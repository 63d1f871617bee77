"""StandardDeviationMapper: contrast as a classical measure of focus (sec. 4.1)."""

from __future__ import annotations

import numpy as np

from .._validation import (
    POSITIVE_INTEGER,
    check_parameters,
    to_float_image,
    to_grey,
)
from ..filters.box import window_variance
from .window_score import WindowScoreMapper

__all__ = ["StandardDeviationMapper", "standard_deviation_map"]

# The largest standard deviation that values in [0, 1] can have.
_LARGEST = 0.5


def standard_deviation_map(image: np.ndarray, patch_size: int = 16) -> np.ndarray:
    """Blur score of every pixel: one minus the contrast of the window around it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a colour image the grey is used.
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 where the window is flat, 0 where half of
        it is black and half is white, with the standard deviation 0.5.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, or an image that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import standard_deviation_map
    >>> stripes = np.indices((32, 32))[0] // 2 % 2 * 1.0
    >>> float(standard_deviation_map(stripes)[16, 16])
    0.0
    """
    check_parameters(
        {"patch_size": [POSITIVE_INTEGER]},
        {"patch_size": patch_size},
        "standard_deviation_map",
    )
    # Centred and in float64, so that a flat window has no variance by rounding.
    centred = to_grey(to_float_image(image)).astype(np.float64) - 0.5
    deviation = np.sqrt(window_variance(centred, patch_size))
    return np.clip(1 - deviation / _LARGEST, 0, 1).astype(np.float32)


class StandardDeviationMapper(WindowScoreMapper):
    """Score the blur of photographs by the standard deviation of grey (sec. 4.1).

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    See Also
    --------
    EntropyMapper, LaplacianVarianceMapper : The other classical measures.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> from skdefocus import StandardDeviationMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = StandardDeviationMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _function = staticmethod(standard_deviation_map)

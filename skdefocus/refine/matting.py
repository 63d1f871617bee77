"""MattingRefiner: a blur map through the matting Laplacian of its photograph."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._validation import (
    N_JOBS,
    check_map,
    check_parameters,
    to_float_image,
)
from ..filters.matting import MATTING_CONSTRAINTS, matting_smoother
from ..sample import DefocusSample

__all__ = ["MattingRefiner", "refine_matting"]


def refine_matting(
    blur_map: np.ndarray,
    image: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    data_weight: float = 0.01,
    eps: float = 1e-5,
    radius: int = 1,
) -> np.ndarray:
    """Refine a blur map by the closed-form matting Laplacian of the photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1], of at least one window.
    confidence : array-like of shape (H, W), optional
        In [0, 1], how far each pixel of the map is to be trusted; by default 1.
    data_weight : float, default=0.01
        Weight of the map against the Laplacian, above 0.
    eps : float, default=1e-5
        Ridge, above 0, on the scale of the photograph's variance in [0, 1].
    radius : int, default=1
        Windows are ``2 * radius + 1`` pixels wide.

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.
    ImportError
        Without pymatting: ``pip install 'skdefocus[compare]'``.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008; Galetto and Deng (2022), Fig. 6f.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_matting
    >>> image = np.repeat([[0.2, 0.8]], 16, axis=1) * np.ones((32, 1))
    >>> coarse = np.full((32, 32), 1.0)
    >>> refine_matting(coarse, image).shape  # doctest: +SKIP
    (32, 32)
    """
    check_parameters(
        MATTING_CONSTRAINTS,
        {"data_weight": data_weight, "eps": eps, "radius": radius},
        "refine_matting",
    )
    photograph = to_float_image(image)
    blur_map = check_map(blur_map, photograph.shape, "blur_map").astype(np.float32)
    return matting_smoother(
        blur_map,
        photograph,
        confidence,
        data_weight=data_weight,
        eps=eps,
        radius=radius,
    )


class MattingRefiner(ImageTransformer):
    """Refine blur maps by the closed-form matting Laplacian.

    Slow and large in memory, for comparison; needs the extra ``compare``.

    Parameters
    ----------
    data_weight : float, default=0.01
        Weight of the map, times its confidence, against the Laplacian, above 0.
    eps : float, default=1e-5
        Ridge, above 0, on the scale of the photograph's variance in [0, 1].
    radius : int, default=1
        Windows are ``2 * radius + 1`` pixels wide.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008.

    Examples
    --------
    >>> from skdefocus import MattingRefiner
    >>> MattingRefiner(data_weight=0.1)
    MattingRefiner(data_weight=0.1)
    """

    _constraints = {**MATTING_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        data_weight: float = 0.01,
        eps: float = 1e-5,
        radius: int = 1,
        *,
        n_jobs: int | None = None,
    ) -> None:
        self.data_weight = data_weight
        self.eps = eps
        self.radius = radius
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        refined = refine_matting(
            sample.blur_map, sample.image, sample.confidence, **self._settings()
        )
        return sample.replace(blur_map=refined)

"""MutualGuidedRefiner: keep the edges that a blur map and its photograph share."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._sigma_scale import from_log_sigma, to_log_sigma
from .._validation import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    StrOptions,
    check_map,
    check_parameters,
    to_float_image,
)
from ..filters import mutual_guided_filter
from ..sample import DefocusSample

__all__ = ["MutualGuidedRefiner", "refine_mutual_guided"]

_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "guide_smoothness": [NON_NEGATIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
    "scale": [StrOptions({"log", "linear"})],
}
# What log(sigma + 0.8) spans from 0 to 19 px, so that the map, like the photograph,
# comes to about [0, 1].
_SPAN = float(np.diff(to_log_sigma([0.0, 19.0]))[0])


def refine_mutual_guided(
    blur_map: np.ndarray,
    image: np.ndarray,
    *,
    smoothness: float = 0.02,
    guide_smoothness: float = 0.01,
    n_iter: int = 3,
    scale: str = "log",
) -> np.ndarray:
    """Refine a blur map by mutually guided filtering with the photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    smoothness : float, default=0.02
        Strength on the map, at least 0.
    guide_smoothness : float, default=0.01
        Strength on the photograph, at least 0.
    n_iter : int, default=3
        Rounds of weights and solutions.
    scale : {"log", "linear"}, default="log"
        Whether the map is filtered as ``log(sigma + 0.8)``, divided by what that spans
        up to 19 px, or as it is, which fits scores in [0, 1].

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.

    See Also
    --------
    skdefocus.filters.mutual_guided_filter : The filter.

    References
    ----------
    Guo, Li, Ma and Ling, "Mutually guided image filtering", TPAMI 42(3), 2020; Galetto
    and Deng (2022), Fig. 6e.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_mutual_guided
    >>> image = np.repeat([[0.2, 0.8]], 16, axis=1) * np.ones((32, 1))
    >>> noise = np.random.default_rng(0).uniform(-0.2, 0.2, (32, 32))
    >>> coarse = np.repeat([[1.0, 5.0]], 16, axis=1) + noise
    >>> fine = refine_mutual_guided(coarse, image)
    >>> bool(fine[:, :16].std() < coarse[:, :16].std() / 2)
    True
    """
    check_parameters(
        _CONSTRAINTS,
        {
            "smoothness": smoothness,
            "guide_smoothness": guide_smoothness,
            "n_iter": n_iter,
            "scale": scale,
        },
        "refine_mutual_guided",
    )
    photograph = to_float_image(image)
    blur_map = check_map(blur_map, photograph.shape, "blur_map").astype(np.float32)
    is_log = scale == "log"
    refined = mutual_guided_filter(
        to_log_sigma(blur_map) / np.float32(_SPAN) if is_log else blur_map,
        photograph,
        smoothness=smoothness,
        guide_smoothness=guide_smoothness,
        n_iter=n_iter,
    )
    if is_log:
        refined = from_log_sigma(refined * np.float32(_SPAN))
    return np.clip(refined, blur_map.min(), blur_map.max())


class MutualGuidedRefiner(ImageTransformer):
    """Refine blur maps by mutually guided image filtering (muGIF).

    Parameters
    ----------
    smoothness : float, default=0.02
        Strength on the map, at least 0.
    guide_smoothness : float, default=0.01
        Strength on the photograph, at least 0.
    n_iter : int, default=3
        Rounds of weights and solutions.
    scale : {"log", "linear"}, default="log"
        Whether the map is filtered as ``log(sigma + 0.8)`` or as it is. Maps of unit
        "relative" are filtered as they are.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    References
    ----------
    Guo, Li, Ma and Ling, "Mutually guided image filtering", TPAMI 42(3), 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample, MutualGuidedRefiner
    >>> sample = DefocusSample(np.eye(32), np.full((32, 32), 2.0))
    >>> (refined,) = MutualGuidedRefiner().transform([sample])
    >>> bool(np.allclose(refined.blur_map, 2.0, atol=1e-3))
    True
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        smoothness: float = 0.02,
        guide_smoothness: float = 0.01,
        n_iter: int = 3,
        *,
        scale: str = "log",
        n_jobs: int | None = None,
    ) -> None:
        self.smoothness = smoothness
        self.guide_smoothness = guide_smoothness
        self.n_iter = n_iter
        self.scale = scale
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        settings = self._settings()
        if sample.unit == "relative":
            settings["scale"] = "linear"
        refined = refine_mutual_guided(sample.blur_map, sample.image, **settings)
        return sample.replace(blur_map=refined)

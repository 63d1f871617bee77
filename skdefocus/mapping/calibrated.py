"""CalibratedMapper: a score of blur turned into sigma, by examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.isotonic import IsotonicRegression
from sklearn.utils.validation import check_is_fitted

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, NON_NEGATIVE_INTEGER, HasMethods
from .._shared.validation import check_map
from ..sample import DefocusSample

__all__ = ["CalibratedMapper"]

# Pixels drawn from each photograph: more would not change a monotone curve.
_PIXELS = 20_000


class CalibratedMapper(ImageTransformer):
    """Turn the score of a mapper into pixels of sigma, monotonically.

    Scores of photographs whose sigma is known, such as `skdefocus.synthesis.defocus`
    makes, are set against it by isotonic regression.

    Parameters
    ----------
    mapper : estimator
        Gives samples with a map of either unit, for example a
        `LaplacianVarianceMapper`. It keeps its own ``n_jobs``.
    random_state : int, default=0
        Seed of the pixels drawn from the photographs.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Attributes
    ----------
    mapper_ : estimator
        A fitted clone of ``mapper``.
    regression_ : IsotonicRegression
        From score to sigma.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import CalibratedMapper, LaplacianVarianceMapper
    >>> from skdefocus.filters import blur
    >>> photo = np.random.default_rng(0).random((64, 64))
    >>> sigmas = (0.0, 1.0, 2.0, 4.0)
    >>> images = [blur(photo, sigma) for sigma in sigmas]
    >>> maps = [np.full((64, 64), sigma) for sigma in sigmas]
    >>> mapper = CalibratedMapper(LaplacianVarianceMapper()).fit(images, maps)
    >>> sample = mapper.transform([blur(photo, 2.0)])[0]
    >>> sample.unit, round(float(np.median(sample.blur_map)))
    ('px', 2)
    """

    _constraints = {  # noqa: RUF012
        "mapper": [HasMethods(["fit", "transform"])],
        "random_state": [NON_NEGATIVE_INTEGER],
        "n_jobs": N_JOBS,
    }

    def __init__(
        self, mapper: Any, *, random_state: int = 0, n_jobs: int | None = None
    ) -> None:
        self.mapper = mapper
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags

    def fit(  # type: ignore[override]  # Unlike the others it learns, and needs maps.
        self, X: Iterable[Any], y: Iterable[np.ndarray]
    ) -> Self:
        """Learn the curve from score to sigma.

        Parameters
        ----------
        X : list of array-like, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs.
        y : list of array-like of shape (H, W)
            Sigma of every pixel of each photograph, in pixels, at least 0.

        Returns
        -------
        CalibratedMapper
            Itself.

        Raises
        ------
        ValueError
            If there are not as many maps as photographs, or one does not fit its
            photograph.
        """
        self._check()
        if y is None:
            raise ValueError("CalibratedMapper needs the blur map of each photograph.")
        mapper = clone(self.mapper)
        samples = mapper.fit(X).transform(X)
        blur_maps = list(y)
        if len(blur_maps) != len(samples):
            raise ValueError(
                f"y must hold a blur map for each of the {len(samples)} photographs; "
                f"it holds {len(blur_maps)}."
            )
        rng = np.random.default_rng(self.random_state)
        scores, sigmas = [], []
        for index, (sample, blur_map) in enumerate(
            zip(samples, blur_maps, strict=True)
        ):
            score = sample.require_map(f"X[{index}]")
            sigma = check_map(blur_map, score.shape, f"y[{index}]")
            pixels = rng.integers(sigma.size, size=min(_PIXELS, sigma.size))
            scores.append(score.ravel()[pixels])
            sigmas.append(sigma.ravel()[pixels])
        regression = IsotonicRegression(y_min=0.0, out_of_bounds="clip")
        self.regression_ = regression.fit(
            np.concatenate(scores), np.concatenate(sigmas)
        )
        self.mapper_ = mapper
        return self

    def transform(self, X: Iterable[Any]) -> list[DefocusSample]:
        """Map the blur of photographs in pixels of sigma.

        Parameters
        ----------
        X : list of array-like, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs, or samples of them.

        Returns
        -------
        list of DefocusSample
            With ``blur_map`` in pixels of sigma and the mapper's confidence, which is a
            weight: how often the new sigma is right has not been measured.

        Raises
        ------
        ValueError
            For parameters or photographs that are not accepted; a photograph is named
            by its index.
        NotFittedError
            If it is not fitted.
        """
        check_is_fitted(self)
        self._check()
        return self._map(self.mapper_.transform(X))

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        score = sample.require_map()
        sigma = self.regression_.predict(score.ravel()).reshape(score.shape)
        return sample.replace(
            blur_map=sigma.astype(np.float32), unit="px", confidence_kind="weight"
        )

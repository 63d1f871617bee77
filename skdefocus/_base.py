"""What all estimators on batches of photographs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ._batch import map_images
from ._validation import check_parameters
from .sample import DefocusSample

__all__ = ["ImageTransformer", "SubjectTransformer", "without_fit_on_images"]


def without_fit_on_images(tags: Any) -> Any:
    """Set the tags of an estimator that takes photographs and needs no fit.

    Parameters
    ----------
    tags : sklearn.utils.Tags
        Of its base classes; changed in place.

    Returns
    -------
    sklearn.utils.Tags
        The same.
    """
    tags.requires_fit = False
    tags.no_validation = True
    tags.input_tags.two_d_array = False
    tags.input_tags.three_d_array = True
    return tags


class ImageTransformer(TransformerMixin, BaseEstimator):
    """A stateless step that treats every item of a batch alike.

    A subclass names its parameters in ``_constraints``, says in ``_needs`` what an
    item must hold (see `map_images`), and treats one item in ``_transform_one``.
    """

    _constraints: ClassVar[Mapping[str, list[Any]]] = {}
    _needs: ClassVar[str | None] = None

    def __sklearn_tags__(self) -> Any:
        return without_fit_on_images(super().__sklearn_tags__())

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X : iterable
            Ignored.
        y : object
            Ignored.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            For parameters outside their range.
        """
        self._check()
        return self

    def transform(self, X: Iterable[Any]) -> list[Any]:
        """Treat every item of a batch.

        Parameters
        ----------
        X : list, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs (uint8, uint16 or float in [0, 1]) or samples of them, for a
            mapper; samples with a blur map for every later step.

        Returns
        -------
        list
            One result for every item, in order: samples from mappers and refiners,
            photographs, float32 in [0, 1], from enhancers and renderers.

        Raises
        ------
        ValueError
            For parameters or items that are not accepted; an item is named by index.
        """
        self._check()
        return self._map(X)

    def _check(self) -> None:
        """Check the parameters; a subclass adds what relates several of them."""
        parameters = self.get_params(deep=False)
        check_parameters(self._constraints, parameters, type(self).__name__)

    def _settings(self) -> dict[str, Any]:
        """Parameters as the function behind the estimator takes them."""
        settings = self.get_params(deep=False)
        del settings["n_jobs"]
        return settings

    def _map(self, X: Iterable[Any], **keywords: Any) -> list[Any]:
        return map_images(
            self._transform_one, X, n_jobs=self.n_jobs, needs=self._needs, **keywords
        )

    def _transform_one(self, sample: Any, n_threads: int | None) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how to treat an item.")


class SubjectTransformer(ImageTransformer):
    """A step from samples with a map in pixels to photographs, with subjects spared.

    A subclass names in ``_function`` the function that treats one photograph; it takes
    the image, its blur map, ``subject_mask`` and the estimator's parameters.
    """

    _needs = "px"
    _function: ClassVar[Callable[..., np.ndarray]]

    def transform(
        self,
        X: Iterable[DefocusSample],
        subject_masks: Sequence[np.ndarray | None] | None = None,
    ) -> list[np.ndarray]:
        """Treat photographs.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map in pixels.
        subject_masks : list of array-like of shape (H, W), optional
            For every photograph None or a mask, True, 1.0, or 255 as uint8, where it is
            in focus whatever the map says. As a step of a Pipeline named ``step`` it
            is reached by ``fit_transform(X, step__subject_masks=...)``.

        Returns
        -------
        list of ndarray, float32
            Photographs in [0, 1].

        Raises
        ------
        ValueError
            For parameters, samples or masks that are not accepted.
        """
        self._check()
        return self._map(X, subject_masks=subject_masks)

    def fit_transform(
        self,
        X: Iterable[DefocusSample],
        y: Any = None,
        subject_masks: Sequence[np.ndarray | None] | None = None,
    ) -> list[np.ndarray]:
        """Check the parameters, then treat photographs as `transform` does.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map in pixels.
        y : object
            Ignored.
        subject_masks : list of array-like of shape (H, W), optional
            As in `transform`.

        Returns
        -------
        list of ndarray, float32
            Photographs in [0, 1].
        """
        return self.transform(X, subject_masks=subject_masks)

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        subject_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        return self._function(
            sample.image,
            sample.blur_map,
            subject_mask=subject_mask,
            **self._settings(),
        )

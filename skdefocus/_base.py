"""What all estimators on batches of photographs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, TransformerMixin

from ._batch import map_images
from ._validation import check_parameters

__all__ = ["ImageTransformer"]


class ImageTransformer(TransformerMixin, BaseEstimator):
    """A stateless step that treats every item of a batch alike.

    A subclass names its parameters in ``_constraints``, says in ``_needs`` what an
    item must hold (see `map_images`), and treats one item in ``_transform_one``.
    """

    _constraints: ClassVar[Mapping[str, list[Any]]] = {}
    _needs: ClassVar[str | None] = None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

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

    def _map(self, X: Iterable[Any], **keywords: Any) -> list[Any]:
        return map_images(
            self._transform_one, X, n_jobs=self.n_jobs, needs=self._needs, **keywords
        )

    def _transform_one(self, sample: Any, n_threads: int | None) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how to treat an item.")

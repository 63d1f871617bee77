"""What all estimators on batches of photographs share, with the loop over a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin

from ._shared.parameters import check_parameters, unchecked
from ._shared.threads import limited_threads
from ._shared.validation import check_image, image_batch
from .sample import DefocusSample

__all__ = [
    "ImageTransformer",
    "SubjectTransformer",
    "map_images",
    "without_fit_on_images",
]

# What callers give beside a batch, and what it is called for one item.
_SINGULAR = {
    "subject_masks": "subject_mask",
    "subject_points": "points",
    "subject_boxes": "boxes",
    "scribbles": "scribble",
}


def _unwrapped(item: Any, name: str) -> DefocusSample:
    # Imported late: later steps take samples, and need nothing that reads files.
    from .io.unwrap import unwrap_photograph

    try:
        image, file_name = unwrap_photograph(item)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    # Checked here so that the message names the item; the pixels stay as they are.
    check_image(image, name)
    return DefocusSample(image, name=file_name)


def _run_one(
    function: Callable[..., Any],
    item: Any,
    index: int,
    n_threads: int | None,
    needs: str | None,
    keywords: dict[str, Any],
) -> Any:
    name = f"X[{index}]"
    if isinstance(item, DefocusSample):
        sample = item
    elif needs is None:
        sample = _unwrapped(item, name)
    else:
        raise ValueError(
            f"{name} must be a DefocusSample, as a mapper returns; got "
            f"{type(item).__name__}."
        )
    if needs is not None:
        sample.require_map(name, needs)
    try:
        with limited_threads(n_threads):
            return function(sample, n_threads=n_threads, **keywords)
    except (ValueError, RuntimeError) as error:
        kind = ValueError if isinstance(error, ValueError) else RuntimeError
        raise kind(f"{name}: {error}") from error


def map_images(
    function: Callable[..., Any],
    X: Iterable[Any],
    *,
    n_jobs: int | None = None,
    needs: str | None = None,
    beside: Mapping[str, Sequence[Any] | None] | None = None,
    **keywords: Any,
) -> list[Any]:
    """Apply a function to every item of a batch.

    Parameters
    ----------
    function : callable
        ``function(sample, n_threads=..., **keywords)``.
    X : iterable of DefocusSample or array-like, or ndarray
        The batch.
    n_jobs : int, optional
        Number of items processed in parallel (joblib). With more than one, each gets
        one thread, so that workers never ask for more than the cores there are.
    needs : {None, "map", "blur", "px", "distance"}, default=None
        What an item must hold: nothing (an image will do), a map of any unit, a blur
        map of either unit, a blur map in pixels, or one in pixels, depth or disparity.
    beside : mapping of str to (sequence or None), optional
        What goes with the items: under the plural that callers know, one value, or
        None, for every item, which is passed on under the singular. None is left out.
    **keywords
        Passed on.

    Returns
    -------
    list
        One result for every item, in order.

    Raises
    ------
    ValueError
        Naming the item, if it is not accepted.
    """
    items = image_batch(X)
    each: list[dict[str, Any]] = [keywords] * len(items)
    for name, values in (beside or {}).items():
        if values is None:
            continue
        try:
            values = list(values)
        except TypeError:
            raise ValueError(
                f"{name} must be a list of one entry, or None, for each item of X; got "
                f"{type(values).__name__}."
            ) from None
        if len(values) != len(items):
            raise ValueError(
                f"{name} must hold one entry, or None, for each of the {len(items)} "
                f"items of X; it holds {len(values)}."
            )
        singular = _SINGULAR[name]
        each = [{**e, singular: v} for e, v in zip(each, values, strict=True)]
    n_threads = 1 if min(effective_n_jobs(n_jobs), len(items)) > 1 else None
    results: list[Any] = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_run_one)(function, item, index, n_threads, needs, each[index])
        for index, item in enumerate(items)
    )
    return results


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
        X : list, or ndarray of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4)
            For a mapper, photographs or samples of them: pixels (uint8, uint16 or float
            in [0, 1]), paths of files, pictures of Pillow as they lie, or what
            `skdefocus.io.read_photograph` returns; alpha is left out. Samples with a
            blur map for every later step.

        Returns
        -------
        list
            One result for every item, in order: samples from mappers and refiners,
            photographs, float32 in [0, 1], from enhancers and renderers.

        Raises
        ------
        ValueError
            For parameters or items that are not accepted; an item is named by index.
        FileNotFoundError
            If a file is not there.
        """
        self._check()
        return self._map(X)

    def _check(self) -> None:
        """Check the parameters; a subclass adds what relates several of them."""
        parameters = self.get_params(deep=False)
        check_parameters(self._constraints, parameters, type(self).__name__)

    def _settings(self) -> dict[str, Any]:
        """Parameters as the function behind the estimator takes them."""
        settings: dict[str, Any] = self.get_params(deep=False)
        del settings["n_jobs"]
        return settings

    def _map(self, X: Iterable[Any], **keywords: Any) -> list[Any]:
        return map_images(
            self._transform_one, X, n_jobs=self.n_jobs, needs=self._needs, **keywords
        )

    # Of the item and `n_threads`, and of what the subclass passes to `_map`.
    def _transform_one(self, *args: Any, **keywords: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how to treat an item.")


class SubjectTransformer(ImageTransformer):
    """A step from samples with a map in pixels to photographs, with subjects spared.

    A subclass names in ``_function`` the function that treats one photograph; it takes
    the image, its blur map, ``subject_mask`` and the estimator's parameters.
    """

    _needs: ClassVar[str | None] = "px"
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
        return self._map(X, beside={"subject_masks": subject_masks})

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
        return unchecked(self._function)(
            sample.image,
            sample.require_map(),
            subject_mask=subject_mask,
            **self._settings(),
        )

"""The loop over a batch that all estimators share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs

from ._threads import limited_threads
from ._validation import check_image, image_batch
from .sample import DefocusSample

__all__ = ["map_images"]

# Units of a sample's map that each need accepts.
_UNITS = {
    "map": ("px", "relative", "depth", "disparity"),
    "blur": ("px", "relative"),
    "px": ("px",),
    "distance": ("px", "depth", "disparity"),
}


def _refuse_unit(name: str, unit: str) -> None:
    if unit == "relative":
        raise ValueError(
            f"{name} has a blur map of unit 'relative', but pixels of sigma are "
            f"needed: CalibratedMapper(mapper).fit(images, blur_maps) turns such a "
            f"score into sigma."
        )
    raise ValueError(
        f"{name} has a map of unit {unit!r}, which says how far things are and not how "
        f"blurred; only refiners and SDoFRenderer take it."
    )


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
        # Checked here so that the message names the item; the pixels stay as they are.
        check_image(item, name)
        sample = DefocusSample(item)
    else:
        raise ValueError(
            f"{name} must be a DefocusSample, as a mapper returns; got "
            f"{type(item).__name__}."
        )
    if needs is not None and sample.blur_map is None:
        raise ValueError(f"{name} has no blur map; pass it through a mapper first.")
    if needs is not None and sample.unit not in _UNITS[needs]:
        _refuse_unit(name, sample.unit)
    try:
        with limited_threads(n_threads):
            return function(sample, n_threads=n_threads, **keywords)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def map_images(
    function: Callable[..., Any],
    X: Iterable[Any],
    *,
    n_jobs: int | None = None,
    needs: str | None = None,
    subject_masks: Sequence[Any] | None = None,
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
        Items worked on at a time, as in joblib. With more than one, each gets one
        thread, so that workers never ask for more than the cores there are.
    needs : {None, "map", "blur", "px", "distance"}, default=None
        What an item must hold: nothing (an image will do), a map of any unit, a blur
        map of either unit, a blur map in pixels, or one in pixels, depth or disparity.
    subject_masks : sequence of (array-like or None), optional
        One for every item, passed on as ``subject_mask``.
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
    if subject_masks is not None:
        if len(subject_masks) != len(items):
            raise ValueError(
                f"subject_masks must hold one mask, or None, for each of the "
                f"{len(items)} items of X; it holds {len(subject_masks)}."
            )
        each = [{**keywords, "subject_mask": mask} for mask in subject_masks]
    n_threads = 1 if min(effective_n_jobs(n_jobs), len(items)) > 1 else None
    return Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_run_one)(function, item, index, n_threads, needs, each[index])
        for index, item in enumerate(items)
    )

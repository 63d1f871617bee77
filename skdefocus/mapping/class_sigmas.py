"""Which sigma each class of a classifier stands for."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

__all__ = ["check_patch_size", "sigma_of_classes"]


def sigma_of_classes(
    classifier: Any, sigmas: Any = None, caller: str = "classify_windows"
) -> np.ndarray:
    """Sigma of each class of a fitted classifier.

    Parameters
    ----------
    classifier : classifier
        Fitted. It, or the one inside a search or pipeline, may have ``sigmas_``.
    sigmas : array-like of shape (n_classes,), optional
        Sigma of each class, in pixels, in the order of ``classes_``, for a classifier
        without ``sigmas_``. Its classes are names or indices, and never taken for
        sigmas.
    caller : str, default="classify_windows"
        Name of the function or class, for the message.

    Returns
    -------
    ndarray of shape (n_classes,), float32
        In pixels, in the order of ``classes_``.

    Raises
    ------
    ValueError
        If there is no sigma for each class, or two answers for all of them.
    """
    inner, name = _unwrap(classifier), type(classifier).__name__
    if hasattr(inner, "sigmas_"):
        if sigmas is not None:
            raise ValueError(
                f"The 'sigmas' parameter of {caller} must be None, as {name} has its "
                f"own sigmas_. Got {sigmas!r} instead."
            )
        own = np.asarray(inner.sigmas_)
        if own.dtype.kind not in "fiu" or own.min() < 0:
            raise ValueError(
                f"the classes of {name} must be levels of blur, from 0 up; got "
                f"{np.atleast_1d(own)[:3].tolist()}."
            )
        return _rearranged(own.astype(np.float32), inner, classifier)
    classes = getattr(classifier, "classes_", getattr(inner, "classes_", None))
    if classes is None:
        raise ValueError(f"{caller} needs a classifier; {name} has no classes_.")
    listed = reprlib.repr(np.asarray(classes).tolist())
    if sigmas is None:
        raise ValueError(
            f"{caller} does not know the sigma of the classes of {name}, {listed}: "
            f"give sigmas=..., one for each of them, in pixels and in this order."
        )
    given = np.asarray(sigmas)
    if (
        given.shape != (len(classes),)
        or given.dtype.kind not in "fiu"
        or not np.isfinite(given).all()
        or given.min() < 0
    ):
        raise ValueError(
            f"The 'sigmas' parameter of {caller} must be {len(classes)} numbers from 0 "
            f"up, the sigmas in pixels of the classes of {name}, {listed}. Got "
            f"{sigmas!r} instead."
        )
    return given.astype(np.float32)


def check_patch_size(classifier: Any, patch_size: int, caller: str) -> None:
    """Refuse patches of another size than a classifier has learned from.

    Parameters
    ----------
    classifier : classifier
        Fitted. Of one that does not say how many features it takes, any size will do.
    patch_size : int
        Side of the patches that it is to be given, in pixels.
    caller : str
        Name of the function or class, for the message.

    Raises
    ------
    ValueError
        If it has learned from another size.
    """
    trained = getattr(classifier, "patch_size_", None)
    if trained is None:
        trained = round(getattr(classifier, "n_features_in_", patch_size**2) ** 0.5)
    if trained != patch_size:
        raise ValueError(
            f"The 'patch_size' parameter of {caller} must be {trained}, as in the "
            f"classifier's training. Got {patch_size} instead."
        )


def _rearranged(sigmas: np.ndarray, inner: Any, classifier: Any) -> np.ndarray:
    """Give sigmas of the inner classifier for the classes of the one around it.

    The two may differ: `CalibratedClassifierCV`, for one, keeps several networks, and
    a network lacks the levels that its part of the patches lacks.
    """
    if inner is classifier:
        return sigmas
    known, wanted = (np.asarray(one.classes_).tolist() for one in (inner, classifier))
    sigma_of = dict(zip(known, sigmas.tolist(), strict=True))
    if not sigma_of.keys() >= set(wanted):
        raise ValueError(
            f"the classes of {type(classifier).__name__} must be among those of the "
            f"{type(inner).__name__} inside it, {reprlib.repr(known)}; got "
            f"{reprlib.repr(wanted)}."
        )
    return np.array([sigma_of[each] for each in wanted], dtype=np.float32)


def _unwrap(classifier: Any) -> Any:
    """Look for the classifier that knows sigmas inside searches and pipelines."""
    while not hasattr(classifier, "sigmas_"):
        if hasattr(classifier, "best_estimator_"):
            classifier = classifier.best_estimator_
        elif hasattr(classifier, "calibrated_classifiers_"):
            classifier = classifier.calibrated_classifiers_[0].estimator
        elif hasattr(classifier, "steps"):
            classifier = classifier.steps[-1][1]
        else:
            break
    return classifier

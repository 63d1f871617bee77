"""A pipeline: checked, run on one photograph, and its errors told in a sentence."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._base import ImageTransformer, SubjectTransformer
from ..io import Photograph
from ..sample import DefocusSample
from ..segment import DefocusSegmenter
from ..segment.hints import SubjectHint
from .subject import locate_subject

__all__ = [
    "Results",
    "apply_step",
    "check_steps",
    "describe_error",
    "makes_more",
    "pipeline_steps",
    "run_pipeline",
]


@dataclass
class Results:
    """What was made of one photograph.

    Attributes
    ----------
    original : Photograph
        As it was read.
    sample : DefocusSample
        With its blur map.
    own : dict of str to ndarray
        What the pipeline itself made of the map: "picture" or "mask", or nothing.
    pictures : dict of str to ndarray
        Pictures, and masks of bool, by name.
    subject : ndarray of shape (H, W), bool, or None
        The subject, if something was said of it.
    """

    original: Photograph
    sample: DefocusSample
    own: dict[str, np.ndarray] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
    subject: np.ndarray | None = None


def pipeline_steps(pipeline: Any) -> list[Any]:
    """List the steps of a pipeline, those of a pipeline within it too.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        The pipeline; an estimator is its own only step.

    Returns
    -------
    list of estimator
        In order, without those that pass on what they get.
    """
    if not isinstance(pipeline, Pipeline):
        return [] if pipeline in (None, "passthrough") else [pipeline]
    return [step for _, part in pipeline.steps for step in pipeline_steps(part)]


def check_steps(pipeline: Any, pictures: Mapping[str, Any]) -> None:
    """Refuse before any work what would fail for every photograph.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        From images to samples with a blur map, and perhaps on to a picture or a mask.
    pictures : mapping of str to estimator
        What else to make of the sample.

    Raises
    ------
    ValueError
        For a pipeline without steps, a step that is no estimator, parameters that a
        step does not accept, or a picture that has the name of one of the pipeline's.
    NotFittedError
        If a step is not fitted that must be.
    """
    steps = [*pipeline_steps(pipeline), *pictures.values()]
    if len(steps) == len(pictures):
        raise ValueError("pipeline must have a step at least, a mapper; it has none.")
    for step in steps:
        if isinstance(step, type) or not (
            hasattr(step, "transform") or hasattr(step, "predict")
        ):
            raise ValueError(
                f"a step must be an estimator with 'transform' or 'predict'; got "
                f"{step!r}."
            )
        if (
            isinstance(step, ImageTransformer)
            and not step.__sklearn_tags__().requires_fit
        ):
            # There is nothing to learn: it checks its parameters.
            copy.copy(step).fit([])
        elif hasattr(step, "get_params"):
            check_is_fitted(step)
    taken = _own_names(pipeline) & pictures.keys()
    if taken:
        raise ValueError(
            f"the pipeline itself makes what is called {taken.pop()!r}; give the other "
            f"picture of that name another one."
        )


def _own_names(pipeline: Any) -> set[str]:
    """Names of what the pipeline itself makes of the map, by steps that are ours."""
    steps = pipeline_steps(pipeline)
    kinds = {"picture": SubjectTransformer, "mask": DefocusSegmenter}
    return {
        name
        for name, kind in kinds.items()
        if any(isinstance(step, kind) for step in steps)
    }


def makes_more(pipeline: Any) -> bool:
    """Whether a pipeline may make something of the map, a picture or a mask.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        From images to samples with a blur map.

    Returns
    -------
    bool
        False where all steps give samples. Those of others may give anything.
    """
    return any(
        not isinstance(step, ImageTransformer) or isinstance(step, SubjectTransformer)
        for step in pipeline_steps(pipeline)
    )


def apply_step(
    step: Any,
    item: Any,
    subject: np.ndarray | None = None,
    *,
    is_hinted: bool = False,
) -> Any:
    """Apply an estimator to one item of a batch.

    Parameters
    ----------
    step : estimator
        With ``transform`` or ``predict``.
    item : ndarray or DefocusSample
        The item.
    subject : ndarray of shape (H, W), bool, or None
        The subject, which pictures spare.
    is_hinted : bool, default=False
        Whether the subject was hinted at: a segmenter then gives it, since what else is
        in focus is not asked for.

    Returns
    -------
    object
        What it makes of it; of a segmenter a mask of bool, as files hold it, unknown
        pixels by the guess.
    """
    if isinstance(step, SubjectTransformer) and subject is not None:
        return step.transform([item], subject_masks=[subject])[0]
    if isinstance(step, DefocusSegmenter) and subject is not None and is_hinted:
        return ~subject
    if isinstance(step, DefocusSegmenter) and step.unknown != "guess":
        return ~step.in_focus_mask([item])[0]
    method = step.transform if hasattr(step, "transform") else step.predict
    return method([item])[0]


def run_pipeline(
    pipeline: Any,
    pictures: Mapping[str, Any],
    original: Photograph,
    name: str | None = None,
    said: np.ndarray | SubjectHint | None = None,
) -> Results:
    """Run a pipeline on one photograph, and make pictures of what it maps.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        From images to samples with a blur map, and perhaps on to a picture or a mask.
    pictures : mapping of str to estimator
        What else to make of the sample.
    original : Photograph
        The photograph.
    name : str, optional
        What it is called, for mappers that go by it. Steps of other packages get the
        pixels alone.
    said : ndarray of shape (H, W), bool, or SubjectHint, or None
        What was said of the subject, from `read_subject`.

    Returns
    -------
    Results
        The map and what was made of it.

    Raises
    ------
    ValueError
        If the pipeline gives no blur map.
    """
    own: dict[str, np.ndarray] = {}
    item: Any = original.image
    sample = subject = None
    is_hinted = isinstance(said, SubjectHint)
    steps = pipeline_steps(pipeline)
    if name is not None and steps and isinstance(steps[0], ImageTransformer):
        item = DefocusSample(original.image, name=name)
    for step in steps:
        if subject is None and _ends_in_pixels(step) and sample is not None:
            subject = locate_subject(said, sample)
        item = apply_step(step, item, subject, is_hinted=is_hinted)
        if isinstance(item, DefocusSample):
            sample = item
        else:
            own["mask" if item.dtype == bool else "picture"] = item
    if sample is None or sample.blur_map is None:
        raise ValueError(
            "the pipeline gives no blur map: it must begin with a mapper, such as "
            "SlidingWindowMapper."
        )
    if subject is None:
        subject = locate_subject(said, sample)
    made = {
        name: apply_step(step, sample, subject, is_hinted=is_hinted)
        for name, step in pictures.items()
    }
    return Results(original, sample, own, made, subject)


def _ends_in_pixels(step: Any) -> bool:
    """Tell whether a step makes a picture or a mask, and asks for the subject."""
    return isinstance(step, SubjectTransformer | DefocusSegmenter)


def describe_error(error: Exception, photo: Path) -> str:
    """Say in one sentence, with the photograph's name, what went wrong.

    Parameters
    ----------
    error : Exception
        What was raised while it was worked on.
    photo : Path
        The photograph.

    Returns
    -------
    str
        One sentence.
    """
    if isinstance(error, MemoryError):
        text = str(error) or "there is not enough memory for it."
    elif isinstance(error, ValueError | OSError):
        text = str(error)
    else:
        # From another's step perhaps: the message alone may mean nothing.
        text = f"{type(error).__name__}: {error}"
    # The batch holds one item: its number would tell the reader nothing.
    text = text.replace("X[0]: ", "").replace("X[0]", str(photo))
    # Another file of the same name, such as a mask, does not name the photograph.
    own_name = rf"{re.escape(str(photo))}|(?<![/\\]){re.escape(photo.name)}"
    return text if re.search(own_name, text) else f"{photo}: {text}"

"""What tells one piece of work from another: content, parameters and networks."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import joblib
import numpy as np

from .. import __version__
from ..classifier import ContextNetwork
from ..classifier.pretrained import CONTEXT_PRETRAINED, PRETRAINED
from ..mapping.cache import network_key
from .pipeline import makes_more
from .products import Form
from .subject import subject_key

__all__ = ["file_key", "photograph_keys", "pipeline_key", "product_keys"]

# Changes whenever the same work may give other results or figures.
_VERSION = 9
# Parameters that results do not depend on.
_WITHOUT_EFFECT = frozenset({"memory", "n_jobs", "verbose"})
# Products that do not depend on the subject.
_WITHOUT_SUBJECT = frozenset({"map", "confidence", "credit"})


def _describe(value: Any) -> Any:
    """Reduce a parameter, a step or a pipeline to what its results depend on."""
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, Mapping):
        return [[str(key), _describe(item)] for key, item in value.items()]
    if isinstance(value, ContextNetwork):
        return ["network", value.key]
    if hasattr(value, "network_"):
        return ["network", network_key(value)]
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _describe_estimator(value)
    return joblib.hash(value)


def _describe_estimator(estimator: Any) -> list[Any]:
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    parameters = estimator.get_params(deep=False)
    state = estimator.__getstate__() or {}
    # What it has learned. Names that begin with an underscore are private.
    learned = {
        name: _describe(value)
        for name, value in state.items()
        if name not in parameters and not name.startswith("_")
    }
    kept = {
        name: _describe(value)
        for name, value in parameters.items()
        if name not in _WITHOUT_EFFECT
    }
    return [kind, sorted(kept.items()), sorted(learned.items())]


def pipeline_key(
    pipeline: Any, pictures: Mapping[str, Any], options: Mapping[str, Any]
) -> str:
    """Key of a pipeline, its pictures and options, whatever the photograph.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        With all its parameters, what it has learned, and its networks.
    pictures : mapping of str to estimator
        Made of the map.
    options : mapping
        Whatever else results depend on.

    Returns
    -------
    str
        Hexadecimal digest, the same in every process.

    Examples
    --------
    >>> from skdefocus import SlidingWindowMapper
    >>> from skdefocus.batch import pipeline_key
    >>> key = pipeline_key(SlidingWindowMapper(), {}, {})
    >>> key == pipeline_key(SlidingWindowMapper(n_jobs=2), {}, {})
    True
    >>> key == pipeline_key(SlidingWindowMapper(step=8), {}, {})
    False
    """
    shipped = [sorted(PRETRAINED.items()), sorted(CONTEXT_PRETRAINED.items())]
    parts = [_VERSION, __version__, shipped]
    parts += [_describe(pipeline), _describe(pictures), _describe(options)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def file_key(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content, read in pieces.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def product_keys(
    pipeline: Any,
    pictures: Mapping[str, Any],
    form: Form,
    *,
    with_map: bool,
    overview: bool,
    figures: bool,
    confidence: bool = False,
) -> dict[str, str]:
    """List the products that are wanted, each with what its files depend on.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        From images to samples with a blur map.
    pictures : mapping of str to estimator
        What else to make of the sample.
    form : Form
        How results are written.
    with_map : bool
        Whether the map is wanted.
    overview : bool
        Whether all is wanted side by side.
    figures : bool
        Whether the figures of the report are wanted.
    confidence : bool, default=False
        Whether the picture of the confidence is wanted.

    Returns
    -------
    dict of str to str
        A key for every product, whatever the photograph.
    """
    keys = {}
    unknown = {"unknown_below": form.unknown_below}
    if with_map:
        options = {"map_data": form.map_data, "map_range": form.map_range} | unknown
        keys["map"] = pipeline_key(pipeline, {}, options)
    if confidence:
        keys["confidence"] = pipeline_key(pipeline, {}, {"confidence": True})
    written = {"picture_format": form.picture_format, "strip": form.strip}
    for name, step in pictures.items():
        keys[name] = pipeline_key(pipeline, {name: step}, written)
    if overview:
        options = {"credit": form.credit, "map_range": form.map_range} | unknown
        keys["overview"] = pipeline_key(pipeline, pictures, options)
    if form.credit:
        keys["credit"] = pipeline_key(None, {}, {"credit": form.credit})
    if figures:
        # A segmenter that was asked for decides what counts as in focus.
        masks = {name: step for name, step in pictures.items() if name == "mask"}
        keys["figures"] = pipeline_key(pipeline, masks, {"figures": True} | unknown)
    if not keys or makes_more(pipeline):
        keys["pipeline"] = pipeline_key(pipeline, {}, written)
    return keys


def photograph_keys(
    keys: Mapping[str, str], content: str, subject: Any
) -> dict[str, str]:
    """Key of every product of one photograph.

    Parameters
    ----------
    keys : mapping of str to str
        From `product_keys`.
    content : str
        From `file_key`.
    subject : tuple of int, Path or None
        What is said of the subject; the map does not depend on it.

    Returns
    -------
    dict of str to str
        A key for every product.
    """
    about = f" {subject_key(subject)}"
    parts = {
        product: f"{key} {content}" + ("" if product in _WITHOUT_SUBJECT else about)
        for product, key in keys.items()
    }
    return {
        product: hashlib.sha256(part.encode()).hexdigest()
        for product, part in parts.items()
    }

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

__all__ = ["file_key", "pipeline_key"]

# Changes whenever the same work may give other results or figures.
_VERSION = 2
# Parameters that results do not depend on.
_WITHOUT_EFFECT = frozenset({"memory", "n_jobs", "verbose"})


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
    # What it has learned; what begins with an underscore is its own affair.
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

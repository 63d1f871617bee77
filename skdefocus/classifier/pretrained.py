"""The networks that ship with the package."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from .model_file import read_model

__all__ = ["CONTEXT_PRETRAINED", "PRETRAINED", "read_pretrained"]

_FOLDER = Path(__file__).parent / "weights"

# SHA-256 of each file: what is in the wheel is what was trained.
PRETRAINED = {
    "default": "928117fefd56d6b115efe98a1bb7ed921946f5186532e315ec673500713225e2",
    "fast": "c8097bb52baaa25e53be6a4296ae697f7c6e637e2d1f7ba6658da84b60e2b82f",
    "paper": "3f985f8d7106e04a969b997d5dccda48edde8195c5e1fae3493ce7b6e9bbfb79",
}


# Context networks, which go with the patch network of the same name.
CONTEXT_PRETRAINED = {
    "default": "dc1793edc245bccd36d7ce7151ba0cabea26675e574e4db5f69bb51354d72bdd",
}


@lru_cache
def read_pretrained(name: str, kind: str = "patches") -> tuple[bytes, dict[str, Any]]:
    """Read a shipped network, once per process, and check its hash.

    Parameters
    ----------
    name : str
        One of ``PRETRAINED``, or of ``CONTEXT_PRETRAINED``.
    kind : {"patches", "context"}, default="patches"
        Whether to read a patch network or a context network.

    Returns
    -------
    onnx : bytes
        Serialized network.
    card : dict
        Its card.

    Raises
    ------
    ValueError
        For an unknown name, or if the file's hash is not the one recorded here.
    """
    known = CONTEXT_PRETRAINED if kind == "context" else PRETRAINED
    if name not in known:
        what = "context network" if kind == "context" else "network"
        raise ValueError(
            f"no {what} named {name!r} ships with skdefocus; known: "
            f"{', '.join(map(repr, known))}."
        )
    prefix = "context_" if kind == "context" else ""
    path = _FOLDER / f"{prefix}{name}.zip"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != known[name]:
        raise ValueError(
            f"the shipped network {path.name} is damaged: its SHA-256 is {found}; "
            f"reinstall skdefocus."
        )
    return read_model(path, kind=kind, trusted=True)

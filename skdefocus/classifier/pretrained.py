"""The networks that ship with the package."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from .model_file import read_model

__all__ = ["CONTEXT_PATCHES", "CONTEXT_PRETRAINED", "PRETRAINED", "read_pretrained"]

_FOLDER = Path(__file__).parent / "weights"

# SHA-256 of each file: what is in the wheel is what was trained.
PRETRAINED = {
    "default": "494e98d277505b5e89786d91e6bc07e104ae6f0ef1b0699855aa1889acb48989",
    "fast": "3ff1b3a4b33adca3da0cc54022736817872ad4283bc4043f0604977db1c28c58",
    "paper": "c6fa9b62e3e519fd7e93f35456536703ead9ed1b86a33ed0fefd0f61940d4da5",
}


# Context networks, each with the patch network that it has learned with.
CONTEXT_PATCHES = {
    "default": "928117fefd56d6b115efe98a1bb7ed921946f5186532e315ec673500713225e2",
}
CONTEXT_PRETRAINED = {
    "default": "dc1793edc245bccd36d7ce7151ba0cabea26675e574e4db5f69bb51354d72bdd",
}


# What there is of a kind, how messages call it, and its file.
_KINDS = {
    "patches": (PRETRAINED, "network", "{}.zip"),
    "context": (CONTEXT_PRETRAINED, "context network", "context_{}.zip"),
    "context patches": (CONTEXT_PATCHES, "context network", "context_{}_patches.zip"),
}


@lru_cache
def read_pretrained(name: str, kind: str = "patches") -> tuple[bytes, dict[str, Any]]:
    """Read a shipped network, once per process, and check its hash.

    Parameters
    ----------
    name : str
        One of ``PRETRAINED``, or of ``CONTEXT_PRETRAINED``.
    kind : {"patches", "context", "context patches"}, default="patches"
        Whether to read a patch network, a context network, or the patch network that a
        context network has learned with.

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
    known, what, file = _KINDS[kind]
    if name not in known:
        raise ValueError(
            f"no {what} named {name!r} ships with skdefocus; known: "
            f"{', '.join(map(repr, known))}."
        )
    path = _FOLDER / file.format(name)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != known[name]:
        raise ValueError(
            f"the shipped network {path.name} is damaged: its SHA-256 is {found}; "
            f"reinstall skdefocus."
        )
    of_context = kind == "context"
    return read_model(path, kind="context" if of_context else "patches", trusted=True)

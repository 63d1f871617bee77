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
    "default": "5cec42d6045b543ca80bfbe853a22788f69de5e17e6545971614d3b5cea72f36",
    "fast": "3101dfe01ccb89dd0a69be74c598b83122280d3d4e4914bbdcb4ce500ecbb7d5",
    "paper": "c6fa9b62e3e519fd7e93f35456536703ead9ed1b86a33ed0fefd0f61940d4da5",
}

# Context networks, which have learned with the patch network of the same name.
CONTEXT_PRETRAINED = {
    "default": "1a7d8ae462187d14a604c0092a0dc7852730027804aa11367ddefa71586369c4",
}

# What there is of a kind, how messages call it, and its file.
_KINDS = {
    "patches": (PRETRAINED, "network", "{}.zip"),
    "context": (CONTEXT_PRETRAINED, "context network", "context_{}.zip"),
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

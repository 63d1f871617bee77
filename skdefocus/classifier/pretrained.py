"""The networks that ship with the package."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from .model_file import read_model

__all__ = ["PRETRAINED", "read_pretrained"]

_FOLDER = Path(__file__).parent / "weights"

# SHA-256 of each file: what is in the wheel is what was trained.
PRETRAINED = {
    "default": "928117fefd56d6b115efe98a1bb7ed921946f5186532e315ec673500713225e2",
}


@lru_cache(maxsize=len(PRETRAINED))
def read_pretrained(name: str) -> tuple[bytes, dict[str, Any]]:
    """Read a shipped network, once per process, and check its hash.

    Parameters
    ----------
    name : str
        One of ``PRETRAINED``.

    Returns
    -------
    onnx : bytes
        Serialised network.
    card : dict
        Its card.

    Raises
    ------
    ValueError
        For an unknown name, or if the file's hash is not the one recorded here.
    """
    if name not in PRETRAINED:
        raise ValueError(
            f"no network named {name!r} ships with skdefocus; known: "
            f"{', '.join(map(repr, PRETRAINED))}."
        )
    path = _FOLDER / f"{name}.zip"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != PRETRAINED[name]:
        raise ValueError(
            f"the shipped network {path.name} is damaged: its SHA-256 is {found}; "
            f"reinstall skdefocus."
        )
    return read_model(path, trusted=True)

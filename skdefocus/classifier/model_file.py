"""Model files: one zip with ``model.onnx`` and ``card.json``, never a pickle."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .._files import replace_file
from .network import Network
from .onnx_safety import check_onnx

__all__ = ["read_model", "write_model"]

_FORMAT = 1
_MAX_BYTES = 64 * 2**20
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MEMBERS = {"model.onnx", "card.json"}
# The earliest time a zip can hold: the same model gives the same file on any day.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_model(
    path: str | os.PathLike[str], onnx: bytes, card: dict[str, Any]
) -> None:
    """Write a model file beside its target and move it into place.

    Parameters
    ----------
    path : path-like
        Where the file goes.
    onnx : bytes
        Serialised network.
    card : dict
        What is known of it; must survive JSON.
    """
    card = {"format": _FORMAT, **card, "sha256": hashlib.sha256(onnx).hexdigest()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(card, indent=2) + "\n"
        for name, data in (("card.json", text.encode()), ("model.onnx", onnx)):
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)
    replace_file(path, file.getvalue())


def read_model(
    path: str | os.PathLike[str], *, trusted: bool = False
) -> tuple[bytes, dict[str, Any]]:
    """Read a model file, refusing what is not one.

    Parameters
    ----------
    path : path-like
        A file that `write_model` wrote, or somebody's imitation of one.
    trusted : bool, default=False
        Skip the check of the graph, for a file whose hash has been checked.

    Returns
    -------
    onnx : bytes
        Serialised network.
    card : dict
        Its card.

    Raises
    ------
    ValueError
        If the file is too large, not a model file, or holds an unsafe graph.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist or is not a file.")
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise ValueError(
            f"{path} has {size} bytes; a model file has at most {_MAX_BYTES}."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if set(entries) != _MEMBERS or len(archive.infolist()) != len(_MEMBERS):
                raise ValueError(
                    f"{path} is not a model file: it must hold model.onnx and "
                    f"card.json alone."
                )
            if sum(entry.file_size for entry in entries.values()) > _MAX_BYTES:
                raise ValueError(
                    f"{path} unpacks to more than {_MAX_BYTES} bytes; that is no model "
                    f"file."
                )
            if any(e.compress_type not in _COMPRESSIONS for e in entries.values()):
                raise ValueError(f"{path} is not a model file: it is packed otherwise.")
            onnx, text = archive.read("model.onnx"), archive.read("card.json")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path} is not a model file: it is not a readable zip."
        ) from error
    card = _parse_card(text, path)
    if card["sha256"] != hashlib.sha256(onnx).hexdigest():
        raise ValueError(f"{path} is damaged: the network does not match its card.")
    if not trusted:
        try:
            check_onnx(
                onnx,
                patch_size=card["patch_size"],
                stride=card["stride"],
                n_levels=len(card["classes"]),
            )
        except ValueError as error:
            raise ValueError(f"{path} cannot be used: {error}") from error
        _try(onnx, card, path)
    return onnx, card


def _try(onnx: bytes, card: dict[str, Any], path: Path) -> None:
    """Run a network on one blank patch, so that it fails here or not at all."""
    blank = np.zeros((1, card["patch_size"], card["patch_size"]), np.float32)
    try:
        probabilities = Network(onnx).run_patches(blank)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{path} cannot be used: ONNX Runtime does not run its network ({reason})."
        ) from error
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{path} cannot be used: its network gives NaN or infinity.")


def _parse_card(text: bytes, path: Path) -> dict[str, Any]:
    """Parse a card and check the fields that inference depends on."""
    try:
        card = json.loads(text)
        ladder, classes = card["ladder"], card["classes"]
        fits = (
            card["format"] == _FORMAT
            and isinstance(card["sha256"], str)
            and isinstance(card["architecture"], str)
            and all(
                type(card[key]) is int and 1 <= card[key] <= 1024
                for key in ("patch_size", "stride")
            )
            and 2 <= len(classes) <= len(ladder) <= 1024
            and all(type(sigma) in (int, float) for sigma in ladder)
            and all(0 <= a < b < 1e4 for a, b in pairwise(ladder))
            and all(type(level) is int for level in classes)
            and all(0 <= level < len(ladder) for level in classes)
            and classes == sorted(set(classes))
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise ValueError(f"{path} is not a model file: its card.json is incomplete.")
    return card

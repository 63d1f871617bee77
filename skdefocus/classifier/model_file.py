"""Model files: one zip with ``model.onnx`` and ``card.json``, never a pickle.

The card's ``sha256`` is that of ``model.onnx`` as it lies in the zip. Where the card's
``weights`` is ``"float16"``, the large constants of that member are halved in precision
to halve the file; they are read back to float32, and the network is run in float32.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
import zlib
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .._shared.files import replace_file
from .network import Network
from .onnx_safety import check_context_onnx, check_onnx
from .reliability import KNOWS_NEIGHBORS

__all__ = ["OtherKind", "read_model", "write_model"]

_FORMAT = 1
_MAX_BYTES = 64 * 2**20
_PART_BYTES = 2**20
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MEMBERS = {"model.onnx", "card.json"}
_DTYPES = ("float32", "float16")
# Constants of no more values than these are never halved: kernels that see pixels must
# go on summing to 0, and some constants are less than float16 can tell from 0.
_FEW_VALUES = 1024
# The earliest time a zip can hold: the same model gives the same file on any day.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_model(
    path: str | os.PathLike[str],
    onnx: bytes,
    card: dict[str, Any],
    *,
    dtype: str = "float32",
) -> None:
    """Write a model file beside its target and move it into place.

    Parameters
    ----------
    path : path-like
        Where the file goes.
    onnx : bytes
        Serialized network, of float32.
    card : dict
        What is known of it; must survive JSON.
    dtype : {"float32", "float16"}, default="float32"
        How weights are stored.

    Raises
    ------
    ValueError
        For another dtype, or weights too large for float16.
    """
    if dtype not in _DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(_DTYPES)}; got {dtype!r}.")
    # A loaded network's card says how that file was stored.
    card = {key: value for key, value in card.items() if key != "weights"}
    if dtype == "float16":
        onnx = _halve(onnx)
        card["weights"] = dtype
    card = {"format": _FORMAT, **card, "sha256": hashlib.sha256(onnx).hexdigest()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(card, indent=2) + "\n"
        for name, data in (("card.json", text.encode()), ("model.onnx", onnx)):
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)
    replace_file(path, file.getvalue())


def read_model(
    path: str | os.PathLike[str], *, kind: str = "patches", trusted: bool = False
) -> tuple[bytes, dict[str, Any]]:
    """Read a model file, refusing what is not one.

    Parameters
    ----------
    path : path-like
        A file that `write_model` wrote, or somebody's imitation of one.
    kind : {"patches", "context"}, default="patches"
        Whether it must hold a network for patches or one for cells.
    trusted : bool, default=False
        Skip the check of the graph, for a file whose hash has been checked.

    Returns
    -------
    onnx : bytes
        Serialized network, of float32.
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
            onnx, text = (
                _unpack(archive, entries[name], path)
                for name in ("model.onnx", "card.json")
            )
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path} is not a model file: it is not a readable zip."
        ) from error
    card = _parse_card(text, path, kind)
    if card["sha256"] != hashlib.sha256(onnx).hexdigest():
        raise ValueError(f"{path} is damaged: the network does not match its card.")
    try:
        if card.get("weights") == "float16":
            onnx = _double(onnx)
        if not trusted and kind == "context":
            check_context_onnx(
                onnx,
                n_features=card["n_features"],
                multiple=card["multiple"],
                n_levels=len(card["classes"]),
            )
        elif not trusted:
            check_onnx(
                onnx,
                patch_size=card["patch_size"],
                stride=card["stride"],
                n_levels=len(card["classes"]),
                takes_conditions=card.get("takes_conditions", False),
            )
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error
    if not trusted:
        _try(onnx, card, path)
    return onnx, card


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    """Unpack a member, and no more of it than its directory says."""
    # zipfile trusts its directory only behind what it has unpacked already.
    claimed, parts, n_bytes = entry.file_size, [], 0
    with archive.open(entry) as member:
        while part := member.read(_PART_BYTES):
            parts.append(part)
            n_bytes += len(part)
            if n_bytes > claimed:
                break
    if n_bytes != claimed:
        raise ValueError(
            f"{path} is not a model file: {entry.filename} has another size than its "
            f"directory says."
        )
    return b"".join(parts)


def _halve(onnx: bytes) -> bytes:
    """Store float32 constants as float16, but for those of few values."""
    from onnx import TensorProto, load_from_string, numpy_helper

    model = load_from_string(onnx)
    for constant in model.graph.initializer:
        is_large = math.prod(constant.dims) > _FEW_VALUES
        if constant.data_type == TensorProto.FLOAT and is_large:
            values = numpy_helper.to_array(constant)
            if np.abs(values).max(initial=0) > np.finfo(np.float16).max:
                raise ValueError(
                    "the network has weights too large for float16; save it as float32."
                )
            half = numpy_helper.from_array(values.astype(np.float16), constant.name)
            constant.CopyFrom(half)
    stored: bytes = model.SerializeToString(deterministic=True)
    return stored


def _double(onnx: bytes) -> bytes:
    """Bring constants of float16 back to float32: at most twice the bytes read."""
    from google.protobuf.message import DecodeError
    from onnx import TensorProto, load_from_string

    try:
        model = load_from_string(onnx)
    except DecodeError as error:
        raise ValueError("the network is not a readable ONNX model.") from error
    for constant in model.graph.initializer:
        if constant.data_type == TensorProto.FLOAT16:
            if len(constant.raw_data) != 2 * math.prod(constant.dims):
                raise ValueError(
                    f"the network's constant {constant.name!r} does not hold its "
                    f"values."
                )
            values = np.frombuffer(constant.raw_data, "<f2")
            constant.raw_data = values.astype("<f4").tobytes()
            constant.data_type = TensorProto.FLOAT
    restored: bytes = model.SerializeToString(deterministic=True)
    return restored


def _try(onnx: bytes, card: dict[str, Any], path: Path) -> None:
    """Run a network on one blank input, so that it fails here or not at all."""
    n_features, side = card.get("n_features", 1), card.get("multiple")
    side = side or card["patch_size"]
    blank = np.zeros((n_features, side, side), np.float32)
    try:
        probabilities = Network(onnx).run_channels(blank)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{path} cannot be used: ONNX Runtime does not run its network ({reason})."
        ) from error
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{path} cannot be used: its network gives NaN or infinity.")


def _parse_card(text: bytes, path: Path, kind: str) -> dict[str, Any]:
    """Parse a card and check the fields that inference depends on."""
    card: Any = None
    with suppress(ValueError, RecursionError):
        card = json.loads(text)
    if isinstance(card, dict):
        _check_format(card, path, kind)
    try:
        ladder, classes = card["ladder"], card["classes"]
        fits = (
            card["format"] == _FORMAT
            and isinstance(card["sha256"], str)
            and isinstance(card["architecture"], str)
            and card.get("weights", "float32") in _DTYPES
            and _fits_kind(card, kind)
            and 2 <= len(classes) <= len(ladder) <= 1024
            and all(type(sigma) in (int, float) for sigma in ladder)
            and all(0 <= a < b < 1e4 for a, b in pairwise(ladder))
            and all(type(level) is int for level in classes)
            and all(0 <= level < len(ladder) for level in classes)
            and classes == sorted(set(classes))
            and _is_reliability(card.get("reliability", [0.0] * 4))
        )
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise ValueError(f"{path} is not a model file: its card.json is incomplete.")
    known: dict[str, Any] = card
    return known


class OtherKind(ValueError):
    """A model file, but of a network of the other kind."""


def _check_format(card: dict[str, Any], path: Path, kind: str) -> None:
    """Refuse files of a later release, and networks of the other kind, by name."""
    found = card.get("format")
    if type(found) is int and found > _FORMAT:
        raise ValueError(
            f"{path} is a model file of format {found}, and this version of skdefocus "
            f"reads format {_FORMAT}; update skdefocus."
        )
    if ("n_features" in card) != (kind == "context"):
        holds, reader = (
            ("a context network", "ContextNetwork")
            if "n_features" in card
            else ("a patch network", "PatchBlurClassifier")
        )
        raise OtherKind(f"{path} holds {holds}; read it with {reader}.load.")


def _fits_kind(card: dict[str, Any], kind: str) -> bool:
    """Whether a card says what the network of a kind takes."""
    if kind == "context":
        return (
            _is_length(card["n_features"], 256)
            and _is_length(card["multiple"], 64)
            and isinstance(card["classifier"], str)
        )
    stride = card["stride"]
    return (
        "n_features" not in card
        and _is_length(card["patch_size"], 128)
        and (stride is None or _is_length(stride, 128))
        and type(card.get("takes_conditions", False)) is bool
        and type(card.get("learned_conditions", True)) is bool
    )


def _is_reliability(values: Any) -> bool:
    """Whether these are the coefficients of `fit_reliability`."""
    return (
        isinstance(values, list)
        and len(values) in (4, KNOWS_NEIGHBORS)
        and all(type(value) is float and abs(value) < 1e4 for value in values)
    )


def _is_length(value: Any, longest: int) -> bool:
    """Whether a number is such that trying the network on it takes little memory."""
    return type(value) is int and 1 <= value <= longest

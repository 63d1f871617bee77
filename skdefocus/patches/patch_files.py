"""A patch set on disk: four arrays and what their levels mean."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .._shared.files import staged
from ..filters.conditions import CLEAN
from .ladders import check_ladder

__all__ = ["PATCH_DTYPES", "PatchWriter", "map_patches", "patch_writer"]

# Of patches, on disk and in memory: as photographs have them, or not rounded.
PATCH_DTYPES = ("uint8", "float32")

_FORMAT = "skdefocus patch set 2"
_ARRAYS = ("X", "y", "groups", "conditions")
_CARD = "patches.json"


class PatchWriter:
    """Appends patches to the files of a set, without holding them.

    Parameters
    ----------
    files : sequence of binary file
        Of X, y, groups and conditions, open for writing.
    patch_size : int
        Side of a patch, in pixels.
    dtype : {"uint8", "float32"}
        Of the patches.

    Attributes
    ----------
    n_patches : int
        Patches written so far.
    """

    def __init__(self, files: Sequence[BinaryIO], patch_size: int, dtype: str) -> None:
        self.n_patches = 0
        self._files = files
        square, number = (dtype, (patch_size, patch_size)), (np.int64, ())
        told = (np.float32, (len(CLEAN),))
        self._rows: list[tuple[Any, Any]] = [square, number, number, told]
        self.write_headers()

    def write_headers(self) -> None:
        """Write how many patches there are; NumPy leaves room for the number."""
        for file, (dtype, shape) in zip(self._files, self._rows, strict=True):
            file.seek(0)
            header = {
                "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
                "fortran_order": False,
                "shape": (self.n_patches, *shape),
            }
            np.lib.format.write_array_header_1_0(file, header)

    def append(
        self, X: np.ndarray, y: np.ndarray, groups: np.ndarray, conditions: np.ndarray
    ) -> None:
        """Write more patches, with their levels, photographs and conditions."""
        given = X, y, groups, conditions
        arrays = zip(self._files, self._rows, given, strict=True)
        for file, (dtype, _), array in arrays:
            file.write(np.ascontiguousarray(array, dtype=dtype).tobytes())
        self.n_patches += len(X)


@contextmanager
def patch_writer(
    folder: str | os.PathLike[str],
    patch_size: int,
    ladder: Sequence[float],
    dtype: str = "uint8",
) -> Iterator[PatchWriter]:
    """Let a patch set be written bit by bit; on success move it into place.

    Parameters
    ----------
    folder : path-like
        Where the set goes; made if needed, and a set that it holds is replaced.
    patch_size : int
        Side of a patch, in pixels.
    ladder : sequence of float
        Sigma of each level, in pixels.
    dtype : {"uint8", "float32"}, default="uint8"
        Of the patches.

    Yields
    ------
    PatchWriter
        Takes the patches.
    """
    with staged(folder) as stage:
        with ExitStack() as stack:
            files = [
                stack.enter_context(stage(f"{name}.npy").open("wb")) for name in _ARRAYS
            ]
            writer = PatchWriter(files, patch_size, dtype)
            yield writer
            writer.write_headers()
        card = {
            "format": _FORMAT,
            "n_patches": writer.n_patches,
            "patch_size": patch_size,
            "ladder": list(ladder),
        }
        # Moved into place last, and the one before is taken away first, so that a set
        # is whole where there is a card.
        (Path(folder) / _CARD).unlink(missing_ok=True)
        stage(_CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")


def map_patches(
    folder: str | os.PathLike[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, ...], np.ndarray]:
    """Memory-map a patch set that `patch_writer` wrote.

    Parameters
    ----------
    folder : path-like
        Where the set is.

    Returns
    -------
    X, y, groups : memmap
        As in `PatchSet`, read-only.
    ladder : tuple of float
        Sigma of each level, in pixels.
    conditions : memmap
        As in `PatchSet`.

    Raises
    ------
    FileNotFoundError
        If the folder or one of its files is missing.
    ValueError
        If a file is not what it should be, or they do not fit each other.
    """
    folder = Path(folder)
    _check_is_there(folder, _CARD)
    # First the format: sets of another one hold other arrays.
    n_patches, size, ladder = _read_card(folder / _CARD)
    for name in _ARRAYS:
        _check_is_there(folder, f"{name}.npy")
    expected = {
        "X": ((n_patches, size, size), PATCH_DTYPES),
        "y": ((n_patches,), ("int64",)),
        "groups": ((n_patches,), ("int64",)),
        "conditions": ((n_patches, len(CLEAN)), ("float32",)),
    }
    arrays = []
    for name, (shape, dtypes) in expected.items():
        path = folder / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(f"{path} is not an array on disk: {error}") from error
        if array.shape != shape or array.dtype.name not in dtypes:
            raise ValueError(
                f"{path} must have shape {shape} and dtype {' or '.join(dtypes)}, by "
                f"{_CARD} beside it; got {array.shape} and {array.dtype}."
            )
        arrays.append(array)
    X, y, groups, conditions = arrays
    return X, y, groups, ladder, conditions


def _check_is_there(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise FileNotFoundError(f"{folder} holds no patch set: {name} is missing.")


def _read_card(path: Path) -> tuple[int, int, tuple[float, ...]]:
    """Read number of patches, their size and the ladder."""
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        if card["format"] != _FORMAT:
            raise ValueError(f"its format is {card['format']!r}")
        numbers = card["n_patches"], card["patch_size"]
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError(f"its sizes are {numbers!r}")
        return (*numbers, check_ladder(card["ladder"], "a patch set"))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not the card of a patch set: {error}") from error

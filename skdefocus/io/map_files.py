"""Read maps that other programs made."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .formats import MAP_ENDINGS
from .read import read_samples

__all__ = ["read_map"]

# Classes of a .mat file whose data are plain numbers; never cells, structures, text or
# objects.
_NUMERIC = frozenset(
    {
        *("double", "single", "logical"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    }
)


def read_map(
    path: str | os.PathLike[str],
    shape: tuple[int, int],
    *,
    variable: str | None = None,
) -> np.ndarray:
    """Read a map of known size as the numbers that its file holds.

    Parameters
    ----------
    path : path-like
        ``.png`` (8 or 16 bit), ``.tif`` (8 or 16 bit, or float), ``.npy``, or ``.mat``
        of a version before 7.3. A picture in color will do if its channels are equal.
    shape : (int, int)
        Height and width that the map must have. They are compared with the file's
        header before its numbers are read.
    variable : str, optional
        Name of the variable in a ``.mat`` file; by default the only one of this shape.

    Returns
    -------
    ndarray of shape (H, W), uint8, uint16, or a float or integer dtype
        The numbers, not yet scaled.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read, has another ending or shape, or does not hold numbers.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus.io import read_map, write_map
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "map.npy"
    ...     write_map(path, np.full((4, 6), 1.5))
    ...     float(read_map(path, (4, 6))[0, 0])
    1.5
    """
    path = Path(path)
    shape = (int(shape[0]), int(shape[1]))
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist.")
    ending = path.suffix.lower()
    if ending == ".npy":
        return _read_npy(path, shape)
    if ending == ".mat":
        return _read_mat(path, shape, variable)
    if ending in MAP_ENDINGS:
        return _read_picture(path, shape)
    raise ValueError(
        f"{path} has an ending that is not one of {', '.join(MAP_ENDINGS)}."
    )


def _check_shape(path: Path, found: tuple[int, ...], shape: tuple[int, int]) -> None:
    if tuple(found) != shape:
        raise ValueError(
            f"{path} must have the photograph's shape {shape}; it has {tuple(found)}."
        )


def _read_npy(path: Path, shape: tuple[int, int]) -> np.ndarray:
    try:
        # Reads the header only, and refuses objects.
        lazy = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} is not an array of numbers: {error}") from error
    _check_shape(path, lazy.shape, shape)
    if lazy.dtype.kind not in "fiu":
        raise ValueError(f"{path} must hold real numbers; its dtype is {lazy.dtype}.")
    return np.array(lazy)


def _read_mat(path: Path, shape: tuple[int, int], variable: str | None) -> np.ndarray:
    from scipy.io import loadmat, whosmat

    try:
        # Names, shapes and classes, without the numbers.
        held = {name: (size, kind) for name, size, kind in whosmat(path)}
    except NotImplementedError as error:
        raise ValueError(
            f"{path} is of version 7.3, which is not read: save it with '-v7'."
        ) from error
    except Exception as error:
        # Damaged files raise nearly anything.
        raise ValueError(f"{path} is not a .mat file that can be read.") from error
    if variable is None:
        fitting = [
            name
            for name, (size, kind) in held.items()
            if kind in _NUMERIC and size == shape
        ]
        if len(fitting) != 1:
            listed = ", ".join(
                f"{name} {size} {kind}" for name, (size, kind) in held.items()
            )
            raise ValueError(
                f"{path} must hold one numeric variable of the photograph's shape "
                f"{shape}, or 'variable' must name it; it holds {listed or 'nothing'}."
            )
        (variable,) = fitting
    elif variable not in held:
        raise ValueError(
            f"{path} has no variable {variable!r}; it holds "
            f"{', '.join(held) or 'nothing'}."
        )
    size, kind = held[variable]
    if kind not in _NUMERIC:
        raise ValueError(
            f"{path} must hold numbers in its variable {variable!r}; they are of class "
            f"{kind!r}."
        )
    _check_shape(path, size, shape)
    try:
        values = np.asarray(loadmat(path, variable_names=[variable])[variable])
    except Exception as error:
        raise ValueError(f"{path} is damaged or truncated.") from error
    if values.dtype.kind not in "fiub":
        raise ValueError(f"{path} must hold real numbers; its dtype is {values.dtype}.")
    _check_shape(path, values.shape, shape)
    return values.astype(np.uint8) if values.dtype.kind == "b" else values


def _read_picture(path: Path, shape: tuple[int, int]) -> np.ndarray:
    # A larger picture is refused from its header.
    values = read_samples(path, shape[0] * shape[1])
    _check_shape(path, values.shape[:2], shape)
    if values.ndim == 3:
        if (values != values[..., :1]).any():
            raise ValueError(
                f"{path} is in color, as a map drawn for the eye; the numbers of a "
                f"map are in one channel, or in three that are equal."
            )
        values = np.ascontiguousarray(values[..., 0])
    return values

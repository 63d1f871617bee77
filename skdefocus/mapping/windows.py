"""The grid of sliding windows and the mean over those that cover a pixel (eq. 6)."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from numbers import Integral
from typing import Any, Literal

import numpy as np

from .._shared.gray_rows import GrayRows
from .._shared.parameters import POSITIVE_INTEGER, checked, unchecked

__all__ = [
    "GRID_CONSTRAINTS",
    "WindowMean",
    "average_windows",
    "check_step",
    "count_windows",
    "pad_to_grid",
    "window_texture",
]


GRID_CONSTRAINTS = {"patch_size": [POSITIVE_INTEGER], "step": [POSITIVE_INTEGER]}


def check_step(caller: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a step that leaves out pixels.

    Parameters
    ----------
    caller : str
        Name of the function or class, for the message.
    parameters : mapping of str to object
        With ``patch_size`` and ``step``, whose types have been checked.

    Raises
    ------
    ValueError
        If the step is larger than a window.
    """
    patch_size, step = parameters["patch_size"], parameters["step"]
    if step > patch_size:
        raise ValueError(
            f"The 'step' parameter of {caller} must be at most 'patch_size' "
            f"({patch_size}), or pixels are left out. Got {step} instead."
        )


@checked(GRID_CONSTRAINTS, length=[POSITIVE_INTEGER])
def count_windows(length: int, patch_size: int, step: int) -> int:
    """Count the windows at 0, step, 2 step, ... that cover a length.

    Parameters
    ----------
    length : int
        Pixels to cover, at least 1.
    patch_size, step : int
        Side of a window and distance between windows, in pixels, at least 1.

    Returns
    -------
    int
        At least 1; the last window may reach beyond the length.

    Raises
    ------
    ValueError
        If one of them is not an int of at least 1.

    Examples
    --------
    >>> from skdefocus.mapping import count_windows
    >>> count_windows(640, 32, 16), count_windows(1, 32, 16), count_windows(33, 32, 16)
    (39, 1, 2)
    """
    return 1 + max(0, -(-(length - patch_size) // step))


def _count_down_and_across(
    shape: tuple[int, int], patch_size: int, step: int
) -> tuple[int, int]:
    count = unchecked(count_windows)
    return count(shape[0], patch_size, step), count(shape[1], patch_size, step)


def pad_to_grid(
    gray: np.ndarray | GrayRows,
    patch_size: int,
    step: int,
    rows: tuple[int, int] | None = None,
) -> np.ndarray:
    """Pad an image at its bottom and right so that windows on the grid cover it.

    Parameters
    ----------
    gray : ndarray of shape (H, W), or GrayRows
        Image.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.
    rows : tuple of int, optional
        First and last of the padded rows that are wanted; by default all.

    Returns
    -------
    ndarray
        Padded by reflection along an axis at least one window long, by its last value
        along a shorter one.
    """
    height, width = gray.shape
    counts = _count_down_and_across(gray.shape, patch_size, step)
    needed = [
        max(length, (n_windows - 1) * step + patch_size)
        for length, n_windows in zip(gray.shape, counts, strict=True)
    ]
    first, last = (0, needed[0]) if rows is None else rows
    wanted = np.arange(first, last)
    beyond = wanted >= height
    reflected = height >= patch_size
    wanted[beyond] = 2 * (height - 1) - wanted[beyond] if reflected else height - 1
    # Rows are read once, from the first that any of the padding repeats.
    top = wanted.min()
    if isinstance(gray, GrayRows):
        block = gray.rows(top, wanted.max() + 1)
    else:
        block = gray[top : wanted.max() + 1]
    block = block[wanted - top] if beyond.any() else block
    if needed[1] > width:
        mode: Literal["reflect", "edge"] = "reflect" if width >= patch_size else "edge"
        block = np.pad(block, ((0, 0), (0, needed[1] - width)), mode=mode)
    return block


def window_texture(
    padded: np.ndarray, shape: tuple[int, int], patch_size: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Take the standard deviation of the gray levels in every window.

    Parameters
    ----------
    padded : ndarray
        Image that holds all windows.
    shape : tuple of int
        Windows down and across.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.

    Returns
    -------
    deviation : ndarray of shape ``shape``, float32
        On the scale of the image.
    detail : ndarray of shape ``shape``, float32
        The same of what is left when the plane that fits each window best is taken
        away: that of a smooth sky is its noise.
    """
    # Of blocks first, which the windows share. Whatever the size of the image around
    # it, a window is summed in one order.
    block = gcd(patch_size, step)
    n_blocks = [((n - 1) * step + patch_size) // block for n in shape]
    pixels = padded[: n_blocks[0] * block, : n_blocks[1] * block].astype(np.float64)
    pixels -= 0.5
    cells = pixels.reshape(n_blocks[0], block, n_blocks[1], block)
    down = cells.sum(axis=3)
    offsets = np.arange(block) - (block - 1) / 2
    total = down.sum(axis=1)
    along_rows = np.einsum("ibj,b->ij", down, offsets)
    along_columns = np.einsum("ijb,b->ij", cells.sum(axis=1), offsets)
    squares = (cells**2).sum(axis=(1, 3))

    def add_up(values: np.ndarray, axis: int, weighted: bool = False) -> np.ndarray:
        """Sum over the blocks of a window along an axis, perhaps times their place."""
        values = np.moveaxis(values, axis, 0)
        n, across = patch_size // block, step // block
        places = (np.arange(n) - (n - 1) / 2) * block
        summed = np.zeros((shape[axis], *values.shape[1:]))
        for offset in range(n):
            rows = values[offset::across][: shape[axis]]
            summed += places[offset] * rows if weighted else rows
        return np.moveaxis(summed, 0, axis)

    across = add_up(total, 1)
    n_pixels = patch_size**2
    mean = add_up(across, 0) / n_pixels
    variance = add_up(add_up(squares, 1), 0) / n_pixels - mean**2
    rows = add_up(across, 0, True) + add_up(add_up(along_rows, 1), 0)
    columns = add_up(add_up(total, 1, True) + add_up(along_columns, 1), 0)
    # Sum over a window of the squared distance of its pixels from its middle row.
    moment = n_pixels * (patch_size**2 - 1) / 12
    explained = (rows**2 + columns**2) / (max(moment, 1) * n_pixels)
    deviation, detail = (
        np.sqrt(np.maximum(values, 0)).astype(np.float32)
        for values in (variance, variance - explained)
    )
    return deviation, detail


def _mean_along(
    values: np.ndarray,
    pixels: np.ndarray,
    n_windows: int,
    patch_size: int,
    step: int,
    first_kept: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the windows that cover each pixel, along the first axis.

    Of all windows ``values`` holds those from ``first_kept`` on. Pixels between the
    same two window borders are covered by the same windows, so the mean is taken once
    for each such segment: returns those means and each pixel's segment.
    """
    first = np.maximum(0, -(-(pixels - patch_size + 1) // step))
    last = np.minimum(n_windows - 1, pixels // step)
    starts = np.flatnonzero(np.diff(first, prepend=-1) | np.diff(last, prepend=-1))
    segment = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(pixels)))
    first, last = first[starts], last[starts]
    means = np.zeros((len(starts), values.shape[1]))
    for offset in range(int((last - first).max()) + 1):
        covered = first + offset <= last
        means[covered] += values[(first + offset)[covered] - first_kept]
    return means / (last - first + 1)[:, np.newaxis], segment


class WindowMean:
    """Mean over the windows that cover each pixel (eq. 6), as rows of windows come.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the image.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.

    Attributes
    ----------
    means : ndarray of shape ``shape``, float32
        Complete when all windows have been added.
    """

    def __init__(self, shape: tuple[int, int], patch_size: int, step: int) -> None:
        self.means = np.empty(shape, dtype=np.float32)
        self._patch_size, self._step = patch_size, step
        self._n_down, self._n_across = _count_down_and_across(shape, patch_size, step)
        # Windows that cover pixels still to come, and how many have been let go.
        self._kept = np.empty((0, self._n_across), dtype=np.float32)
        self._n_gone = 0
        self._n_done = 0

    def add(self, values: np.ndarray) -> None:
        """Add the next rows of windows.

        Parameters
        ----------
        values : ndarray of shape (n, n_across)
            Values of those windows.
        """
        height, width = self.means.shape
        self._kept = np.concatenate([self._kept, values])
        n_known = self._n_gone + len(self._kept)
        end = height if n_known == self._n_down else min(height, n_known * self._step)
        grid = self._patch_size, self._step
        means, rows = _mean_along(
            self._kept, np.arange(self._n_done, end), self._n_down, *grid, self._n_gone
        )
        means, columns = _mean_along(means.T, np.arange(width), self._n_across, *grid)
        self.means[self._n_done : end] = means.T.astype(np.float32)[
            rows[:, np.newaxis], columns
        ]
        self._n_done = end
        first = max(0, -(-(end - self._patch_size + 1) // self._step))
        self._kept = self._kept[first - self._n_gone :]
        self._n_gone = first


def _check_shape(caller: str, parameters: Mapping[str, Any]) -> None:
    check_step(caller, parameters)
    shape = parameters["shape"]
    is_shape = len(shape) == 2 and all(isinstance(n, Integral) for n in shape)
    if not is_shape or min(shape) < 1:
        raise ValueError(
            f"The 'shape' parameter of {caller} must be two ints of at least 1. Got "
            f"{shape!r} instead."
        )


@checked(GRID_CONSTRAINTS, _check_shape, shape=[tuple, list])
def average_windows(
    values: np.ndarray, shape: tuple[int, int], patch_size: int, step: int
) -> np.ndarray:
    """Give every pixel the mean of the windows that cover it (eq. 6).

    Parameters
    ----------
    values : ndarray of shape (n_down, n_across)
        Value of the window that begins at row ``i * step``, column ``j * step``.
    shape : tuple of int
        Height and width of the image.
    patch_size, step : int
        Side of a window and distance between windows, in pixels; the step is at most
        the side.

    Returns
    -------
    ndarray of shape ``shape``, float32
        Means.

    Raises
    ------
    ValueError
        For parameters outside their range, or values that are not one for each window.

    References
    ----------
    Galetto and Deng (2022), eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import average_windows
    >>> average_windows(np.array([[0.0, 2.0]]), (1, 6), 4, 2)
    array([[0., 0., 1., 1., 2., 2.]], dtype=float32)
    """
    height, width = shape
    expected = _count_down_and_across((height, width), patch_size, step)
    values = np.asarray(values)
    if values.shape != expected:
        raise ValueError(
            f"values must hold one value for each of {expected[0]} x {expected[1]} "
            f"windows; got shape {values.shape}."
        )
    mean = WindowMean((height, width), patch_size, step)
    mean.add(values)
    return mean.means

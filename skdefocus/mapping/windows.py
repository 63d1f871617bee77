"""The grid of sliding windows and the mean over those that cover a pixel (eq. 6)."""

from __future__ import annotations

import numpy as np

__all__ = ["average_windows", "count_windows", "pad_to_grid", "window_deviation"]


def count_windows(length: int, patch_size: int, step: int) -> int:
    """Count the windows at 0, step, 2 step, ... that cover a length.

    Parameters
    ----------
    length : int
        Pixels to cover, at least 1.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.

    Returns
    -------
    int
        At least 1; the last window may reach beyond the length.

    Examples
    --------
    >>> from skdefocus.mapping import count_windows
    >>> count_windows(640, 32, 16), count_windows(1, 32, 16), count_windows(33, 32, 16)
    (39, 1, 2)
    """
    return 1 + max(0, -(-(length - patch_size) // step))


def pad_to_grid(grey: np.ndarray, patch_size: int, step: int) -> np.ndarray:
    """Pad an image at its bottom and right so that windows on the grid cover it.

    Parameters
    ----------
    grey : ndarray of shape (H, W)
        Image.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.

    Returns
    -------
    ndarray
        Padded by reflection along an axis at least one window long, by its last value
        along a shorter one.
    """
    for axis, length in enumerate(grey.shape):
        n_windows = count_windows(length, patch_size, step)
        missing = (n_windows - 1) * step + patch_size - length
        if missing > 0:
            width = [(0, 0), (0, 0)]
            width[axis] = (0, missing)
            mode = "reflect" if length >= patch_size else "edge"
            grey = np.pad(grey, width, mode=mode)
    return grey


def window_deviation(
    padded: np.ndarray, shape: tuple[int, int], patch_size: int, step: int
) -> np.ndarray:
    """Take the standard deviation of the grey levels in every window.

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
    ndarray of shape ``shape``, float32
        On the scale of the image.
    """
    moments = []
    for power in (1, 2):
        # Offset by offset: the order of additions is that of the window, whatever
        # the size of the image around it.
        rows = np.zeros((shape[0], padded.shape[1]))
        for offset in range(patch_size):
            values = padded[offset::step][: shape[0]].astype(np.float64)
            rows += values if power == 1 else values**2
        total = np.zeros(shape)
        for offset in range(patch_size):
            total += rows[:, offset::step][:, : shape[1]]
        moments.append(total / patch_size**2)
    return np.sqrt(np.maximum(moments[1] - moments[0] ** 2, 0)).astype(np.float32)


def _mean_along(values: np.ndarray, length: int, patch_size: int, step: int):
    """Mean over the windows that cover each pixel, along the first axis.

    Pixels between the same two window borders are covered by the same windows, so the
    mean is taken once for each such segment: returns those means and each pixel's
    segment.
    """
    pixels = np.arange(length)
    first = np.maximum(0, -(-(pixels - patch_size + 1) // step))
    last = np.minimum(len(values) - 1, pixels // step)
    starts = np.flatnonzero(np.diff(first, prepend=-1) | np.diff(last, prepend=-1))
    segment = np.repeat(np.arange(len(starts)), np.diff(starts, append=length))
    first, last = first[starts], last[starts]
    means = np.zeros((len(starts), values.shape[1]))
    for offset in range(int((last - first).max()) + 1):
        covered = first + offset <= last
        means[covered] += values[(first + offset)[covered]]
    return means / (last - first + 1)[:, np.newaxis], segment


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
        Side of a window and distance between windows, in pixels.

    Returns
    -------
    ndarray of shape ``shape``, float32
        Means.

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
    means, rows = _mean_along(values, shape[0], patch_size, step)
    means, columns = _mean_along(means.T, shape[1], patch_size, step)
    return means.T.astype(np.float32)[rows[:, np.newaxis], columns]

"""Cepstra of windows: the dips that motion leaves in the spectrum of a photograph.

What moved by a length has a spectrum with dark stripes at equal distances across the
motion. The inverse transform of the logarithm of a spectrum, the cepstrum, has a dip
where those stripes repeat: at that length, in that direction.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

__all__ = ["WINDOW", "WindowSpectra", "cepstrum_of", "deepest_dip", "depth_of"]

# Side of a window, how far windows lie apart, or a little less, and about how many
# there are at most.
WINDOW, _STEP, _MOST_WINDOWS = 128, 64, 200
# Lengths that are looked for, in pixels: shorter ones are like defocus, and of longer
# ones a window holds too little.
_SHORTEST, _LONGEST = 7.0, 48.0
# Frequencies, in cycles per pixel, that noise and JPEG leave.
_HIGHEST, _FALL = 0.45, 0.35
_LEAST_POWER = 1e-6

_FREQUENCY = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(WINDOW)]))
_RING = np.rint(_FREQUENCY * WINDOW).astype(int)
_PASSED = np.exp(-((_FREQUENCY / _FALL) ** 2)) * (_FREQUENCY < _HIGHEST)
_PLACES = np.arange(WINDOW) - WINDOW // 2
_LENGTH = np.hypot(_PLACES[:, np.newaxis], _PLACES)
_LOOKED_AT = (_LENGTH >= _SHORTEST) & (_LENGTH <= _LONGEST)


class WindowSpectra:
    """Logarithms of the spectra of a photograph's windows.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float
        At least 128 pixels on each side.

    Attributes
    ----------
    rows, columns : ndarray of int
        Middles of the windows.
    """

    def __init__(self, gray: np.ndarray) -> None:
        rooms = [length - WINDOW + 1 for length in gray.shape]
        step = max(_STEP, int(np.sqrt(rooms[0] * rooms[1] / _MOST_WINDOWS)))
        # From border to border, so that none of the photograph is left out.
        firsts = [
            np.linspace(0, room - 1, -(-(room - 1) // step) + 1).round().astype(int)
            for room in rooms
        ]
        self.rows, self.columns = (first + WINDOW // 2 for first in firsts)
        shape = len(firsts[0]), len(firsts[1])
        self._spectra = np.empty((*shape, WINDOW, WINDOW), np.float32)
        # A window counts by how much it shows.
        self._weights = np.empty(shape, np.float32)
        line = np.hanning(WINDOW)
        for i, top in enumerate(firsts[0]):
            for j, left in enumerate(firsts[1]):
                window = gray[top : top + WINDOW, left : left + WINDOW]
                window = window - window.mean(dtype=np.float64)
                power = np.abs(np.fft.fft2(window * line * line[:, np.newaxis])) ** 2
                self._spectra[i, j] = np.log(power + _LEAST_POWER)
                self._weights[i, j] = window.std() + _LEAST_POWER

    def mean(self, row: int | None = None, column: int | None = None) -> np.ndarray:
        """Give the mean over all windows, or over one and its eight neighbors."""
        part: tuple[slice, slice] = np.s_[0:, 0:]
        if row is not None and column is not None:
            part = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        weights = self._weights[part].ravel()
        spectra = self._spectra[part].reshape(len(weights), -1)
        mean: np.ndarray = (weights @ spectra / weights.sum()).reshape(WINDOW, WINDOW)
        return mean


def cepstrum_of(spectrum: np.ndarray) -> np.ndarray:
    """Transform a mean logarithm of spectra back, without what all directions share.

    Parameters
    ----------
    spectrum : ndarray of shape (128, 128)
        From `WindowSpectra.mean`.

    Returns
    -------
    ndarray of shape (128, 128)
        Row and column 64 stand for no motion at all.
    """
    rings = _RING.ravel()
    means = np.bincount(rings, spectrum.ravel()) / np.bincount(rings)
    uneven = (spectrum - means[_RING]) * _PASSED
    cepstrum = np.fft.fftshift(np.real(np.fft.ifft2(uneven)))
    smooth: np.ndarray = ndimage.gaussian_filter(cepstrum, 1)
    return smooth


def deepest_dip(cepstrum: np.ndarray) -> tuple[int, int]:
    """Find the deepest dip of a cepstrum.

    Parameters
    ----------
    cepstrum : ndarray of shape (128, 128)
        From `cepstrum_of`.

    Returns
    -------
    down, across : int
        How far it lies from the middle, in pixels, 7 to 48.
    """
    deepest = np.argmin(np.where(_LOOKED_AT, cepstrum, np.inf))
    row, column = np.unravel_index(deepest, cepstrum.shape)
    return int(_PLACES[row]), int(_PLACES[column])


def depth_of(cepstrum: np.ndarray, down: int, across: int) -> float:
    """Tell how deep a place of a cepstrum is, in standard deviations.

    Parameters
    ----------
    cepstrum : ndarray of shape (128, 128)
        From `cepstrum_of`.
    down, across : int
        The place, in pixels from the middle.

    Returns
    -------
    float
        Above 0 for a dip.
    """
    deviation = max(float(cepstrum[_LOOKED_AT].std()), 1e-12)
    return -float(cepstrum[WINDOW // 2 + down, WINDOW // 2 + across]) / deviation

"""Direction and length of a camera's motion, from the cepstrum of a photograph.

A photograph that moved by a length has a spectrum with dark stripes at equal distances
across the motion. The inverse transform of the logarithm of a spectrum, the cepstrum,
has a dip where those stripes repeat: at that length, in that direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..filters import resize

__all__ = ["MotionPath", "find_motion_path"]

# Side of the windows whose spectra are averaged, how many there are at most, and by how
# many pixels they lie apart at least.
_SIZE, _MOST_WINDOWS, _STEP = 128, 200, 64
# A photograph is looked at in these sizes, if it is no longer than this in the largest.
_FACTORS, _LONG_SIDE = (1.0, 0.5, 0.25), 1600
# Lengths that are looked for in each of them: shorter ones are like defocus, and of
# longer ones windows hold too little.
_SHORTEST, _LONGEST = 7.0, 48.0
# Frequencies, in cycles per pixel, that noise and JPEG leave.
_HIGHEST, _FALL = 0.45, 0.35
_LEAST_POWER = 1e-6


@dataclass(frozen=True)
class MotionPath:
    """How a photograph seems to have moved while it was taken.

    Attributes
    ----------
    direction : float
        In degrees from horizontal, counterclockwise, in [0, 180).
    length : float
        In pixels of the photograph.
    strength : float
        How deep the dip is, in standard deviations of all others. Photographs that have
        not moved have one of 4 to 8.
    """

    direction: float
    length: float
    strength: float


def find_motion_path(gray: np.ndarray) -> MotionPath | None:
    """Find the straight path that a whole photograph has most likely moved by.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        In [0, 1].

    Returns
    -------
    MotionPath or None
        None for a photograph of less than 128 pixels on a side.

    References
    ----------
    Rom, "On the cepstrum of two-dimensional functions", IEEE Transactions on
    Information Theory 21(2), 1975.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import ndimage
    >>> from skdefocus.mapping.motion_path import find_motion_path
    >>> noise = np.random.default_rng(0).random((256, 300))
    >>> moved = ndimage.uniform_filter1d(noise, 15, axis=0).astype(np.float32)
    >>> path = find_motion_path(moved)
    >>> round(path.direction), round(path.length)
    (90, 15)
    """
    largest = min(1.0, _LONG_SIDE / max(gray.shape))
    best = None
    for factor in _FACTORS:
        height, width = (round(n * largest * factor) for n in gray.shape)
        if min(height, width) < _SIZE:
            break
        scaled = (
            gray if (height, width) == gray.shape else resize(gray, (height, width))
        )
        path = _deepest_dip(scaled, gray.shape[1] / width)
        if best is None or path.strength > best.strength:
            best = path
    return best


def _deepest_dip(gray: np.ndarray, enlarged: float) -> MotionPath:
    """Find the deepest dip of the cepstrum; lengths are multiplied by a factor."""
    frequencies = np.fft.fftfreq(_SIZE)
    radius = np.hypot(frequencies[:, np.newaxis], frequencies)
    spectrum = _mean_log_spectrum(gray)
    # What all directions have in common is the lens's and the scene's.
    rings = np.rint(radius * _SIZE).astype(int)
    means = np.bincount(rings.ravel(), spectrum.ravel()) / np.bincount(rings.ravel())
    uneven = (spectrum - means[rings]) * np.exp(-((radius / _FALL) ** 2))
    uneven[radius >= _HIGHEST] = 0
    cepstrum = np.fft.fftshift(np.real(np.fft.ifft2(uneven)))
    cepstrum = ndimage.gaussian_filter(cepstrum, 1)
    places = np.arange(_SIZE) - _SIZE // 2
    length = np.hypot(places[:, np.newaxis], places)
    looked_at = (length >= _SHORTEST) & (length <= _LONGEST)
    deepest = np.argmin(np.where(looked_at, cepstrum, np.inf))
    row, column = np.unravel_index(deepest, cepstrum.shape)
    down, across = places[row], places[column]
    return MotionPath(
        float(np.degrees(np.arctan2(-down, across)) % 180),
        float(np.hypot(down, across) * enlarged),
        float(-cepstrum[row, column] / max(cepstrum[looked_at].std(), 1e-12)),
    )


def _mean_log_spectrum(gray: np.ndarray) -> np.ndarray:
    """Mean logarithm of the spectra of windows, by how much each shows."""
    area = (gray.shape[0] - _SIZE + 1) * (gray.shape[1] - _SIZE + 1)
    step = max(_STEP, int(np.sqrt(area / _MOST_WINDOWS)))
    line = np.hanning(_SIZE)
    taper = line[:, np.newaxis] * line
    total, weights = np.zeros((_SIZE, _SIZE)), 1e-12
    for top in range(0, gray.shape[0] - _SIZE + 1, step):
        for left in range(0, gray.shape[1] - _SIZE + 1, step):
            window = gray[top : top + _SIZE, left : left + _SIZE].astype(np.float64)
            window -= window.mean()
            shown = float(window.std())
            power = np.abs(np.fft.fft2(window * taper)) ** 2
            total += shown * np.log(power + _LEAST_POWER)
            weights += shown
    mean: np.ndarray = total / weights
    return mean

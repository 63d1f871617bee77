"""MotionDetector: blur in one direction only, told apart from defocus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.gray_rows import GrayRows
from .._shared.parameters import N_JOBS
from ..filters import resize
from ..sample import DefocusSample
from .cepstrum import WINDOW, WindowSpectra, cepstrum_of, deepest_dip, depth_of

__all__ = ["Motion", "MotionDetector", "find_motion"]

# A photograph is looked at in these sizes, if it is no longer than this in the largest.
_FACTORS, _LONG_SIDE = (1.0, 0.5, 0.25), 1600
# The score is a logistic function (docs/decisions/motion.rst) of the depth of the dip
# of the whole photograph, and of those of each part: of the same dip, and of its own.
_OFFSET, _OF_WHOLE, _OF_SAME, _OF_OWN = -7.33, 0.43, 0.11, 0.42
# Depths beyond this say no more.
_DEEPEST = 14.0


@dataclass(frozen=True, eq=False)
class Motion:
    """What is known of how a photograph, or a part of it, moved while it was taken.

    Attributes
    ----------
    score : ndarray of shape (H, W), float32
        Probability that a pixel is blurred by motion, in [0, 1].
    direction : float or None
        Of the clearest path, in degrees from horizontal, counterclockwise, in [0, 180).
        None for a photograph of less than 128 pixels on a side.
    length : float or None
        Its length, in pixels of the photograph; None likewise. Both are told whether or
        not anything moved: only where the score is high do they mean something.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import find_motion
    >>> motion = find_motion(np.zeros((64, 64)))  # too small to tell
    >>> motion.score.shape, motion.direction, motion.length
    ((64, 64), None, None)
    """

    score: np.ndarray
    direction: float | None
    length: float | None


def find_motion(image: np.ndarray) -> Motion:
    """Tell blur in one direction only from defocus.

    Motion along a straight path leaves dark stripes in the spectrum of a photograph,
    and those a dip in its cepstrum. The deeper the dip is, of the whole photograph and
    of windows of 128 px around a pixel, the likelier is motion.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1. What is longer than
        1600 px is reduced to that first, unless its other side were below 128 px then.

    Returns
    -------
    Motion
        Score, and direction and length of the clearest path. The score is 0 for a
        photograph of less than 128 pixels on a side.

    Raises
    ------
    ValueError
        If the image is not one.

    See Also
    --------
    MotionDetector : The same for samples in a Pipeline.

    References
    ----------
    Rom, "On the cepstrum of two-dimensional functions", IEEE Transactions on
    Information Theory 21(2), 1975.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import ndimage
    >>> from skdefocus.mapping import find_motion
    >>> noise = np.random.default_rng(0).random((256, 300))
    >>> motion = find_motion(ndimage.uniform_filter1d(noise, 15, axis=0))
    >>> round(motion.direction), round(motion.length), bool(motion.score.min() > 0.5)
    (90, 15, True)
    """
    rows = GrayRows(image)
    shape = rows.shape
    gray = rows.whole()
    best = None
    # A panorama stays as long as its other side needs.
    reduced = min(1.0, max(_LONG_SIDE / max(shape), WINDOW / min(shape)))
    for factor in _FACTORS:
        factor *= reduced
        height, width = (max(1, round(length * factor)) for length in shape)
        if min(height, width) < WINDOW:
            break
        scaled = gray if (height, width) == shape else resize(gray, (height, width))
        spectra = WindowSpectra(scaled)
        cepstrum = cepstrum_of(spectra.mean())
        dip = deepest_dip(cepstrum)
        depth = depth_of(cepstrum, *dip)
        if best is None or depth > best[0]:
            best = depth, dip, spectra, width / shape[1]
    if best is None:
        return Motion(np.zeros(shape, np.float32), None, None)
    depth, (down, across), spectra, factor = best
    return Motion(
        _score(spectra, depth, (down, across), shape, factor),
        float(np.degrees(np.arctan2(-down, across)) % 180),
        float(np.hypot(down, across) / factor),
    )


def _score(
    spectra: WindowSpectra,
    whole: float,
    dip: tuple[int, int],
    shape: tuple[int, int],
    factor: float,
) -> np.ndarray:
    """Score every window, and pixels by the windows around them."""
    logit = np.empty((len(spectra.rows), len(spectra.columns)))
    for row in range(logit.shape[0]):
        for column in range(logit.shape[1]):
            cepstrum = cepstrum_of(spectra.mean(row, column))
            own = depth_of(cepstrum, *deepest_dip(cepstrum))
            depths = np.clip([whole, depth_of(cepstrum, *dip), own], 0, _DEEPEST)
            logit[row, column] = _OFFSET + depths @ [_OF_WHOLE, _OF_SAME, _OF_OWN]
    score = 1 / (1 + np.exp(-logit))
    for middles, length in ((spectra.rows, shape[0]), (spectra.columns, shape[1])):
        score = _between(score, (middles + 0.5) / factor - 0.5, length).T
    return score.astype(np.float32)


def _between(values: np.ndarray, places: np.ndarray, length: int) -> np.ndarray:
    """Interpolate rows, known at some places, to every place of a length."""
    positions = np.interp(np.arange(length), places, np.arange(len(places)))
    first = np.minimum(positions.astype(int), max(len(places) - 2, 0))
    second = np.minimum(first + 1, len(places) - 1)
    share = (positions - first)[:, np.newaxis]
    between: np.ndarray = values[first] + share * (values[second] - values[first])
    return between


class MotionDetector(ImageTransformer):
    """Score how likely pixels are blurred by motion, and not by defocus.

    It stands anywhere in a Pipeline: samples keep their maps and get ``motion``.

    Parameters
    ----------
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.mapping.find_motion : The same for one image, with direction and length.

    References
    ----------
    Rom, "On the cepstrum of two-dimensional functions", IEEE Transactions on
    Information Theory 21(2), 1975.

    Examples
    --------
    >>> from skdefocus import MotionDetector
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = MotionDetector().transform([load_sample_photograph()])
    >>> sample.motion.shape, bool(sample.motion.max() < 0.5)
    ((427, 640), True)
    """

    _constraints = {"n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(self, *, n_jobs: int | None = None) -> None:
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None, **keywords: Any
    ) -> DefocusSample:
        return sample.replace(motion=find_motion(sample.image).score)

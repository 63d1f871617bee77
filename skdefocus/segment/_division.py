"""Where the levels of a photograph's map fall apart, and what colors say beside."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import expit

from ._grid import FocusGrid

__all__ = ["WIDTH", "color_evidence", "likely_thresholds", "sharpness_odds"]

_BINS = 512
# Levels are as uncertain as this: a threshold keeps its distance from both sides.
_BLUR_OF_LEVELS = 0.2
# How far thresholds usually lie from half a pixel of sigma at the reference, as the
# weight of their squared distance beside the share of the variance that is explained.
_USUAL_SIGMA = 0.5
_DISTANCE_WEIGHT = 0.15
# Difference of levels at which a cell is e times as likely on one side of the
# threshold as on the other, and the most that its level alone can say.
WIDTH = 0.3
_MOST_ODDS = 4.0
# The colors of each side are counted in so many bins a channel, smoothed by so many
# bins, and say at most so much; how much of that counts.
_COLOR_BINS = 10
_COLOR_SMOOTHING = 0.8
_MOST_COLOR_ODDS = 3.0
_COLOR_WEIGHT = 0.5
# What each color has of each side at least, in cells: few tell little.
_LEAST_CELLS = 1.0
# Ends of the values that the bins of a channel span, and the least span.
_COLOR_ENDS = (0.005, 0.995)
_LEAST_SPAN = 0.1
_ROUNDS = 2


def likely_thresholds(grid: FocusGrid) -> tuple[np.ndarray, np.ndarray]:
    """Score the levels that a map can be divided at.

    Parameters
    ----------
    grid : FocusGrid
        The photograph.

    Returns
    -------
    levels : ndarray of shape (n,), float64
        Increasing; one value where the map is uniform.
    scores : ndarray of shape (n,), float64
        The share of the levels' variance that the division explains, cells weighted by
        the root of their confidence (Otsu's criterion), less the squared distance from
        what is usual.
    """
    # Where nothing is known all cells count alike.
    counted = np.maximum(_weight(grid), 1e-3)
    least, largest = float(grid.levels.min()), float(grid.levels.max())
    if largest - least < 1e-4:
        return np.array([least]), np.zeros(1)
    ends = least - 4 * _BLUR_OF_LEVELS, largest + 4 * _BLUR_OF_LEVELS
    counts, edges = np.histogram(grid.levels, _BINS, ends, weights=counted)
    counts = ndimage.gaussian_filter1d(counts, _BLUR_OF_LEVELS / (edges[1] - edges[0]))
    shares = counts / counts.sum()
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(shares)[:-1]
    moment = np.cumsum(shares * middles)
    mean = moment[-1]
    variance = float((shares * (middles - mean) ** 2).sum())
    between = (mean * below - moment[:-1]) ** 2
    scores = between / np.maximum(below * (1 - below), 1e-6) / max(variance, 1e-9)
    levels = edges[1:-1]
    if grid.unit == "px":
        usual = float(grid.to_level(_USUAL_SIGMA / grid.scale))
        scores = scores - _DISTANCE_WEIGHT * (levels - usual) ** 2
    inside = (levels >= least) & (levels <= largest)
    return levels[inside], scores[inside]


def _weight(grid: FocusGrid) -> np.ndarray:
    """Give what each cell counts: its side is known where sigma is not within 25 %."""
    weight: np.ndarray = np.sqrt(grid.confidence)
    return weight


def sharpness_odds(grid: FocusGrid, threshold: float) -> np.ndarray:
    """Tell how much more likely each cell is in focus than out of focus, by its level.

    Parameters
    ----------
    grid : FocusGrid
        The photograph.
    threshold : float
        Level at which both are as likely.

    Returns
    -------
    ndarray of shape (h, w), float32
        Logarithm of the odds, positive in focus.
    """
    odds: np.ndarray = np.clip(
        (threshold - grid.levels) / WIDTH, -_MOST_ODDS, _MOST_ODDS
    )
    return odds


def color_evidence(
    grid: FocusGrid, odds: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """Tell what the colors of the cells add to their odds.

    The colors of what is in focus and of what is not are counted in two histograms,
    each cell by its odds and its weight; a cell's evidence is the logarithm of the
    ratio of both at its color. Twice over, the second time with the odds that follow.

    Parameters
    ----------
    grid : FocusGrid
        The photograph.
    odds : ndarray of shape (h, w)
        Logarithm of the odds before, positive in focus.
    weight : ndarray of shape (h, w), optional
        What each cell counts; by default the root of its confidence.

    Returns
    -------
    ndarray of shape (h, w), float32
        To be added to the odds.
    """
    evidence = np.zeros_like(odds)
    if not len(grid.colors):
        return evidence
    weight = _weight(grid) if weight is None else weight
    n_channels = len(grid.colors)
    shape = (_COLOR_BINS,) * n_channels
    bins = [_color_bins(plane.ravel()) for plane in grid.colors]
    index = np.ravel_multi_index(tuple(bins), shape)

    least = _LEAST_CELLS / index.size

    def shares(weights: np.ndarray) -> np.ndarray:
        counts = np.bincount(index, weights.ravel(), _COLOR_BINS**n_channels)
        smoothed: np.ndarray = ndimage.gaussian_filter(
            counts.reshape(shape), _COLOR_SMOOTHING, mode="constant"
        )
        found: np.ndarray = smoothed / max(smoothed.sum(), 1e-9) + least
        return found

    for _ in range(_ROUNDS):
        in_focus = expit(odds + evidence)
        ratio = np.log(shares(in_focus * weight) / shares((1 - in_focus) * weight))
        bounded = np.clip(ratio, -_MOST_COLOR_ODDS, _MOST_COLOR_ODDS) * _COLOR_WEIGHT
        evidence = bounded.ravel()[index].reshape(odds.shape).astype(np.float32)
    return evidence


def _color_bins(plane: np.ndarray) -> np.ndarray:
    least, largest = np.quantile(plane, _COLOR_ENDS)
    share = (plane - least) / max(largest - least, _LEAST_SPAN)
    bins = np.clip(share * _COLOR_BINS, 0, _COLOR_BINS - 1)
    whole: np.ndarray = bins.astype(np.intp)
    return whole

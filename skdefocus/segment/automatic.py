"""What is out of focus in a photograph, by the photograph alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..sample import UNKNOWN, DefocusSample
from ._division import WIDTH, color_evidence, likely_thresholds, sharpness_odds
from ._grid import FocusGrid, make_grid
from ._outline import mean_step, steps_between
from ._surface import cut_along, evidence_of_parts

__all__ = ["FocusAnswer", "automatic_mask", "judge_focus"]

# A part in focus is kept if so much of what speaks for the largest speaks for it.
_PART_SHARE = 0.2
# How much less likely a threshold is whose score is lower by 1, as in exp(-1 / ...).
_TEMPERATURE = 0.05


# A level that is above, or below, all that matter.
_FAR = 8.0
# All is sharp where so much is known, no more than this share of it is above so many
# pixels of sigma at the reference, and both sides of the threshold are no farther apart
# than so many levels, the less sharp one with so much confidence, and their border
# wanders through the photograph, in diagonals of its grid, or has no step, in levels:
# no thing in front of another, ...
_LEAST_KNOWN = 0.3
_BLURRED_SIGMA, _MOST_BLURRED = 1.0, 0.1
_LEAST_CONTRAST, _LEAST_CONFIDENCE = 0.75, 0.3
_LONG_OUTLINE, _LEAST_STEP = 4.0, 0.15
# ... or where half of it is known, hardly any of that above so many pixels, and the
# sides are no farther apart than a level and a half, whatever their confidence, ...
_HALF_KNOWN, _SMALL_CONTRAST = 0.45, 1.5
_HARDLY_BLURRED, _HARDLY_ANY = 0.7, 0.05
# ... or where nothing known is out of focus, and what is unknown lies above, as skies
# do: so much of the highest rows, and so little of the lowest quarter, may belong to
# it. Of the lowest rows alone a caption may be all there is. A sky whose clouds are
# known is one if hardly any of what is known is out of focus, and the sides are near.
_NOTHING_KNOWN = 0.02
_TOP_ROWS, _LEAST_AT_TOP = 0.05, 0.45
_BOTTOM_ROWS, _MOST_AT_BOTTOM = 0.25, 0.1
# Nothing is sharp where the sharpest 2 % of what is known are more blurred than this,
# in pixels, or as a share of the diagonal if that is more.
_SHARPEST_SHARE = 0.02
_SHARP_SIGMA, _SHARP_DIAGONAL = 2.4, 0.0012


class FocusAnswer(NamedTuple):
    """What a photograph is as a whole.

    Attributes
    ----------
    answer : {"mixed", "all sharp", "nothing sharp"}
        Whether some of it is in focus, all of it, or nothing.
    certainty : float
        In [0, 1]: how little the mask would change under other likely thresholds; of
        an answer for all of it, the share of the photograph that is known.

    Examples
    --------
    >>> from skdefocus.segment import FocusAnswer
    >>> found = FocusAnswer("mixed", 0.9)
    >>> found.answer, found.certainty
    ('mixed', 0.9)
    """

    answer: str
    certainty: float


def judge_focus(sample: DefocusSample) -> FocusAnswer:
    """Tell whether a photograph is sharp in part, everywhere, or nowhere.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map and, so that what is unknown does not count, its confidence.

    Returns
    -------
    FocusAnswer
        The answer, and how certain the mask of `automatic_mask` is. Of relative scores
        the answer is always "mixed": they do not tell how sharp a photograph is.

    Raises
    ------
    ValueError
        If there is no blur map, but none at all or one of distances.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.segment import judge_focus
    >>> blur_map = np.full((60, 90), 0.3)
    >>> judge_focus(DefocusSample(np.zeros((60, 90)), blur_map)).answer
    'all sharp'
    >>> blur_map[:, 45:] = 4.0
    >>> judge_focus(DefocusSample(np.zeros((60, 90)), blur_map)).answer
    'mixed'
    """
    blur_map = sample.require_map(needs="blur")
    grid = make_grid(blur_map, None, sample.confidence, sample.unit)
    return _judge(grid, *likely_thresholds(grid), _known_cells(sample, grid))


def automatic_mask(sample: DefocusSample) -> np.ndarray:
    """Mask of what is out of focus, for each photograph in its own way.

    The level at which the map falls apart best (Otsu's criterion, weighted by
    confidence) is moved a little by what each color says, since subject and background
    have colors of their own; and of the parts in focus, those that little speaks for
    beside the largest are left out.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where out of focus; one value everywhere where `judge_focus` answers "all
        sharp" or "nothing sharp".

    Raises
    ------
    ValueError
        If there is no blur map, but none at all or one of distances.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions
    on Systems, Man, and Cybernetics 9(1), 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.segment import automatic_mask
    >>> blur_map = np.repeat([[0.3, 4.0]], 20, axis=1).repeat(30, axis=0)
    >>> mask = automatic_mask(DefocusSample(np.zeros((30, 40)), blur_map))
    >>> bool(mask[5, 5]), bool(mask[5, 35])
    (False, True)
    """
    blur_map = sample.require_map(needs="blur")
    grid = make_grid(blur_map, sample.image, sample.confidence, sample.unit)
    levels, scores = likely_thresholds(grid)
    answer = _judge(grid, levels, scores, _known_cells(sample, grid)).answer
    if answer != "mixed":
        return np.full(blur_map.shape, answer == "nothing sharp")
    threshold = float(levels[scores.argmax()])
    odds = sharpness_odds(grid, threshold)
    evidence = color_evidence(grid, odds)
    surface = (threshold + WIDTH * evidence).astype(np.float32)
    parts, for_them = evidence_of_parts(odds + evidence)
    left_out = for_them < _PART_SHARE * for_them.max()
    left_out[0] = False
    surface[left_out[parts]] = threshold - _FAR
    return cut_along(surface, blur_map, sample.image, grid)


def _known_cells(sample: DefocusSample, grid: FocusGrid) -> np.ndarray:
    """Tell which cells are known: all, where nothing says how likely sigma is right."""
    if sample.probability is None:
        return np.ones(grid.levels.shape, bool)
    return np.asarray(grid.confidence >= UNKNOWN)


def _judge(
    grid: FocusGrid, levels: np.ndarray, scores: np.ndarray, is_known: np.ndarray
) -> FocusAnswer:
    if not is_known.any():
        return FocusAnswer("mixed", 0.0)
    answer = "mixed"
    if grid.unit == "px":
        answer = _answer(grid, is_known, float(levels[scores.argmax()]))
    if answer != "mixed":
        return FocusAnswer(answer, round(float(is_known.mean()), 4))
    return FocusAnswer(answer, _certainty(grid, levels, scores))


def _answer(grid: FocusGrid, is_known: np.ndarray, threshold: float) -> str:
    known = np.where(is_known, grid.confidence, 0)
    if not known.any():
        return "mixed"
    order = np.argsort(grid.levels, axis=None)
    share = np.cumsum(known.ravel()[order], dtype=np.float64)
    at = np.searchsorted(share, _SHARPEST_SHARE * share[-1])
    sharpest = float(grid.to_value(grid.levels.ravel()[order[at]]))
    diagonal = float(np.hypot(*grid.levels.shape)) * grid.cell
    if sharpest > max(_SHARP_SIGMA, _SHARP_DIAGONAL * diagonal):
        return "nothing sharp"
    out = grid.levels >= threshold
    if is_known.mean() < _LEAST_KNOWN:
        return "mixed"
    if not out.any() or out.all():
        return "all sharp"
    share_blurred, share_above = (
        float(known[grid.levels >= grid.to_level(sigma / grid.scale)].sum())
        / float(known.sum())
        for sigma in (_BLURRED_SIGMA, _HARDLY_BLURRED)
    )
    means = [
        float(np.average(grid.levels[side], weights=grid.confidence[side] + 1e-6))
        for side in (out, ~out)
    ]
    contrast = means[0] - means[1]
    is_near = contrast < _SMALL_CONTRAST and is_known.mean() > _HALF_KNOWN
    if is_near and share_above < _HARDLY_ANY:
        return "all sharp"
    confidence = float(grid.confidence[out].mean())
    is_even = contrast < _LEAST_CONTRAST and confidence > _LEAST_CONFIDENCE
    if share_blurred < _MOST_BLURRED and is_even:
        step, length = mean_step(out, steps_between(grid.levels))
        if length > _LONG_OUTLINE or step < _LEAST_STEP:
            return "all sharp"
    n_top, n_bottom = (
        max(1, round(len(out) * share)) for share in (_TOP_ROWS, _BOTTOM_ROWS)
    )
    is_above = out[:n_top].mean() > _LEAST_AT_TOP
    is_above &= out[-n_bottom:].mean() < _MOST_AT_BOTTOM
    is_unknown = share_blurred < _NOTHING_KNOWN and confidence < UNKNOWN
    is_hardly_blurred = contrast < _SMALL_CONTRAST and share_blurred < _HARDLY_ANY
    is_sky = is_above and (is_unknown or is_hardly_blurred)
    return "all sharp" if is_sky else "mixed"


def _certainty(grid: FocusGrid, levels: np.ndarray, scores: np.ndarray) -> float:
    """Find how much of the smaller side stays under other likely thresholds."""
    below = np.searchsorted(np.sort(grid.levels, axis=None), levels) / grid.levels.size
    likely = np.exp((scores - scores.max()) / _TEMPERATURE)
    likely /= likely.sum()
    chosen = below[scores.argmax()]
    changed = float((likely * abs(below - chosen)).sum())
    least = max(float(min(chosen, 1 - chosen)), 1e-6)
    return round(max(0.0, 1 - changed / least), 4)

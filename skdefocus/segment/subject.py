"""The subject that a person points at."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from ..sample import DefocusSample
from ._division import WIDTH, color_evidence, likely_thresholds, sharpness_odds
from ._grid import FocusGrid, make_grid
from ._outline import mean_step, steps_between
from ._surface import cut_along, evidence_of_parts
from .hints import BACKGROUND, SUBJECT, SubjectHint, check_hint, pixels_of_box

__all__ = ["mask_by_hint", "subject_mask"]

# A point stands for a disc whose radius is this share of the diagonal.
_POINT_RADIUS = 0.01
# Levels that the subject may end at: with a box any in this range of sigma, in pixels
# at the reference; else as near to the automatic threshold.
_N_LEVELS = 40
_LEAST_SIGMA, _LARGEST_SIGMA = 0.05, 8.0
_REACH = 0.3
# The subject should end so much above what was pointed at, or that much is lost for
# each level.
_MARGIN, _MISSED_WEIGHT = 0.1, 2.0
# Beside the score of a division: the mean step along the subject's outline, how well
# the parts in a box fill it, and the marks that lie on the wrong side.
_STEP_WEIGHT, _BOX_STEP_WEIGHT = 0.2, 0.4
_FIT_WEIGHT, _WRONG_WEIGHT = 0.5, 2.0
# Cells are less likely to be the subject the farther they are from what was pointed at:
# odds per diagonal, from a quarter of it on.
_DISTANCE_ODDS, _NEAR = 3.0, 0.25
# What was pointed at counts so many times in the subject's colors.
_MARK_WEIGHT = 20.0
# In a box, parts are kept that so much speaks for, of what speaks for the largest; and
# with a point on what the map takes for out of focus.
_BOX_SHARE, _PART_SHARE = 0.1, 0.3
_FAR = 8.0


def subject_mask(
    sample: DefocusSample, points: Any = None, boxes: Any = None, scribble: Any = None
) -> np.ndarray:
    """Mask of what is not the subject that a person points at.

    The subject is the connected part around each point or mark, or the parts in a box.
    A point on what the map takes for out of focus is added to what is in focus. The
    subject ends at the level that divides the map best, where the step along its
    outline is steep; colors like its own and nearness count, too.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map.
    points : (x, y) or list of (x, y), optional
        Points on the subject: column and row, from 0, in pixels of the photograph.
    boxes : (left, top, width, height) or list of them, optional
        Boxes that hold the subject, in pixels of the photograph. Nothing outside of
        all boxes belongs to it.
    scribble : array-like of shape (H, W), optional
        1 on the subject, 2 on the background, 0 where nothing is said.

    Returns
    -------
    ndarray of shape (H, W), bool
        False on the subject, True elsewhere, as masks of what is out of focus.

    Raises
    ------
    ValueError
        If there is no blur map or no hint, or a hint is outside the photograph or not
        of its form.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.segment import subject_mask
    >>> blur_map = np.full((40, 60), 4.0)
    >>> blur_map[10:30, 5:20] = blur_map[10:30, 40:55] = 0.3
    >>> sample = DefocusSample(np.zeros((40, 60)), blur_map)
    >>> mask = subject_mask(sample, points=(12, 20))
    >>> bool(mask[20, 12]), bool(mask[20, 47])
    (False, True)
    """
    hint = check_hint(sample.require_map(needs="blur").shape, points, boxes, scribble)
    if hint is None:
        raise ValueError("a subject needs a point, a box or a scribble; got none.")
    return mask_by_hint(sample, hint)


def mask_by_hint(sample: DefocusSample, hint: SubjectHint) -> np.ndarray:
    """Mask of what is not the subject, by hints that are checked.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map.
    hint : SubjectHint
        From `check_hint`, of this photograph.

    Returns
    -------
    ndarray of shape (H, W), bool
        As `subject_mask` gives it.
    """
    blur_map = sample.require_map()
    grid = make_grid(blur_map, sample.image, sample.confidence, sample.unit)
    subject, background = _marks(hint, blur_map.shape, grid)
    pointed_at = _level_at(grid, subject)
    threshold, usual = _find_threshold(grid, hint, subject, background, pointed_at)
    known = np.where(subject, _FAR, np.where(background, -_FAR, 0))
    near = np.zeros_like(grid.levels)
    if subject.any():
        distance = ndimage.distance_transform_edt(~subject)
        beyond = np.maximum(distance / np.hypot(*subject.shape) - _NEAR, 0)
        near -= (_DISTANCE_ODDS * beyond).astype(np.float32)
    odds = sharpness_odds(grid, threshold) + near + known
    weight = np.where(subject, np.maximum(grid.confidence, 0.5) * _MARK_WEIGHT, 0)
    weight = np.maximum(weight, np.where(background, 1, grid.confidence))
    evidence = near + color_evidence(grid, odds, weight)
    surface = (threshold + WIDTH * evidence).astype(np.float32)
    surface[subject] = threshold + _FAR
    surface[background] = threshold - _FAR
    parts, for_them = evidence_of_parts(
        np.where(known != 0, known, odds + evidence - near)
    )
    kept = np.zeros(len(for_them), bool)
    kept[parts[subject]] = True
    if hint.boxes:
        kept |= for_them >= _BOX_SHARE * for_them.max()
    elif pointed_at > usual:
        kept |= for_them >= _PART_SHARE * for_them.max()
    kept[0] = True
    surface[~kept[parts]] = threshold - _FAR
    mask = cut_along(surface, blur_map, sample.image, grid)
    if hint.boxes:
        outside = ~_in_boxes(hint, mask.shape)
        mask |= outside
        # Where nothing in the boxes is in focus, they hold the subject all the same.
        return outside if mask.all() else mask
    return mask


def _marks(
    hint: SubjectHint, shape: tuple[int, ...], grid: FocusGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that are surely subject, and surely background."""
    subject = np.zeros(grid.levels.shape, bool)
    background = np.zeros_like(subject)
    tall, wide = grid.levels.shape[0], grid.levels.shape[1]
    if hint.boxes:
        # A cell that a box only touches may be either.
        background = ~_any_in_cells(_in_boxes(hint, shape), grid)
    if hint.scribble is not None:
        background |= _any_in_cells(hint.scribble == BACKGROUND, grid)
        subject |= _any_in_cells(hint.scribble == SUBJECT, grid)
    rows, columns = np.arange(tall)[:, np.newaxis], np.arange(wide)
    radius = _POINT_RADIUS * float(np.hypot(tall, wide))
    for x, y in hint.points:
        row, column = int(y // grid.cell), int(x // grid.cell)
        squared = (rows - row) ** 2 + (columns - column) ** 2
        subject |= squared <= radius**2
    return subject, background & ~subject


def _in_boxes(hint: SubjectHint, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels of a photograph that lie in a box."""
    inside = np.zeros(shape, bool)
    for box in hint.boxes:
        inside[pixels_of_box(box, shape)] = True
    return inside


def _any_in_cells(pixels: np.ndarray, grid: FocusGrid) -> np.ndarray:
    """Cells that hold at least one of these pixels."""
    tall, wide = grid.levels.shape[0], grid.levels.shape[1]
    padded = np.zeros((tall * grid.cell, wide * grid.cell), bool)
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    cells = padded.reshape(tall, grid.cell, wide, grid.cell)
    return np.asarray(cells.any(axis=(1, 3)))


def _level_at(grid: FocusGrid, subject: np.ndarray) -> float:
    """Find the level of the least sharp of what was pointed at."""
    if not subject.any():
        return -np.inf
    marks, n = ndimage.label(subject)
    return float(max(ndimage.median(grid.levels, marks, np.arange(1, n + 1))))


def _find_threshold(
    grid: FocusGrid,
    hint: SubjectHint,
    subject: np.ndarray,
    background: np.ndarray,
    pointed_at: float,
) -> tuple[float, float]:
    """Find the level at which the subject ends, and the automatic threshold."""
    levels, scores = likely_thresholds(grid)
    usual = float(levels[scores.argmax()])
    ends = levels[0], levels[-1]
    if grid.unit == "px":
        range_of_sigma = np.array([_LEAST_SIGMA, _LARGEST_SIGMA]) / grid.scale
        least, largest = grid.to_level(range_of_sigma).tolist()
        ends = max(ends[0], least), max(min(ends[1], largest), least)
    step_weight = _BOX_STEP_WEIGHT
    if not hint.boxes:
        ends = usual - _REACH, usual + _REACH
        step_weight = _STEP_WEIGHT
    marked = hint.scribble is not None and bool((hint.scribble == BACKGROUND).any())
    steps = steps_between(grid.levels)
    best, best_score = usual, -np.inf
    for level in np.linspace(*ends, _N_LEVELS if hint.boxes else _N_LEVELS // 3):
        part = ((grid.levels < level) | subject) & ~background
        if subject.any():
            labels, _ = ndimage.label(part)
            part = np.isin(labels, np.unique(labels[subject]))
        score = float(np.interp(level, levels, scores))
        score += step_weight * mean_step(part, steps)[0]
        score -= _MISSED_WEIGHT * max(0.0, pointed_at + _MARGIN - float(level))
        if hint.boxes:
            score += _FIT_WEIGHT * _fit(part, background)
        if hint.scribble is not None:
            wrong = float((grid.levels[subject] >= level).mean())
            wrong += float((grid.levels[background] < level).mean() if marked else 0)
            score -= _WRONG_WEIGHT * wrong
        if score > best_score:
            best, best_score = float(level), score
    return best, usual


def _fit(part: np.ndarray, background: np.ndarray) -> float:
    """Find how much of the boxes the bounding box of the parts in them fills."""
    if not part.any():
        return 0.0
    filled = np.zeros_like(part)
    rows, columns = np.nonzero(part)
    filled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return float((filled & ~background).sum() / max((~background).sum(), 1))

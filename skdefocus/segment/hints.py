"""What a person says of where the subject is: points, boxes and scribbles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["BACKGROUND", "SUBJECT", "SubjectHint", "check_hint"]

# Values of a scribble.
SUBJECT, BACKGROUND = 1, 2


@dataclass(frozen=True)
class SubjectHint:
    """Where a photograph's subject is.

    Attributes
    ----------
    points : tuple of (float, float)
        Column and row, from 0, in pixels of the photograph.
    boxes : tuple of (float, float, float, float)
        Left, top, width and height, in pixels of the photograph.
    scribble : ndarray of shape (H, W), uint8, or None
        1 on the subject, 2 on the background, 0 elsewhere.
    """

    points: tuple[tuple[float, float], ...] = ()
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    scribble: np.ndarray | None = None


def check_hint(
    shape: tuple[int, ...],
    points: Any = None,
    boxes: Any = None,
    scribble: Any = None,
) -> SubjectHint | None:
    """Check the hints about one photograph.

    Parameters
    ----------
    shape : tuple of int
        Of the photograph.
    points : (x, y), sequence of (x, y), or None
        Points on the subject: column and row, from 0, in pixels.
    boxes : (left, top, width, height), sequence of them, or None
        Boxes that hold the subject, in pixels.
    scribble : array-like of shape (H, W), or None
        1 on the subject, 2 on the background, 0 where nothing is said.

    Returns
    -------
    SubjectHint or None
        None if nothing is said.

    Raises
    ------
    ValueError
        For points or boxes outside the photograph, boxes without a pixel, and scribbles
        of another shape, with other values, or without a pixel of the subject.

    Examples
    --------
    >>> from skdefocus.segment.hints import check_hint
    >>> check_hint((60, 90), points=(40, 20)).points
    ((40.0, 20.0),)
    """
    height, width = shape[:2]
    found_points = [
        (x, y)
        for x, y in _tuples(points, 2, "a point (x, y) or a list of them", "points")
    ]
    for x, y in found_points:
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
            raise ValueError(
                f"the subject's point ({x:g}, {y:g}) lies outside the photograph of "
                f"{width} x {height} pixels."
            )
    what = "a box (left, top, width, height) or a list of them"
    found_boxes = [(a, b, c, d) for a, b, c, d in _tuples(boxes, 4, what, "boxes")]
    for left, top, wide, high in found_boxes:
        if min(wide, high) <= 0:
            raise ValueError(
                f"the subject's box must have a width and a height above 0; got "
                f"{wide:g} x {high:g}."
            )
        inside = left < width and top < height and left + wide > 0 and top + high > 0
        if not inside:
            raise ValueError(
                f"the subject's box ({left:g}, {top:g}, {wide:g}, {high:g}) lies "
                f"outside the photograph of {width} x {height} pixels."
            )
        rows, columns = pixels_of_box((left, top, wide, high), shape)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            raise ValueError(
                f"the subject's box ({left:g}, {top:g}, {wide:g}, {high:g}) is so thin "
                f"that it holds no pixel."
            )
    marks = None if scribble is None else _check_scribble(scribble, shape)
    if not found_points and not found_boxes and marks is None:
        return None
    return SubjectHint(tuple(found_points), tuple(found_boxes), marks)


def pixels_of_box(
    box: tuple[float, float, float, float], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Rows and columns of a photograph that a box holds.

    Parameters
    ----------
    box : (left, top, width, height)
        In pixels; it may reach beyond the photograph.
    shape : tuple of int
        Of the photograph.

    Returns
    -------
    rows, columns : slice
        Ends are rounded to whole pixels.
    """
    left, top, width, height = box
    return (
        slice(max(0, round(top)), min(shape[0], round(top + height))),
        slice(max(0, round(left)), min(shape[1], round(left + width))),
    )


def _tuples(given: Any, length: int, what: str, name: str) -> list[tuple[float, ...]]:
    """Read one tuple of numbers, or a sequence of them."""
    if given is None:
        return []
    items = list(given) if isinstance(given, Sequence | np.ndarray) else [given]
    if items and all(isinstance(value, Real) for value in items):
        items = [items]
    found = []
    for item in items:
        numbers = list(item) if isinstance(item, Sequence | np.ndarray) else []
        valid = len(numbers) == length and all(
            isinstance(value, Real) and isfinite(value) for value in numbers
        )
        if not valid:
            raise ValueError(
                f"subject_{name} must hold {what}, in pixels; got {given}."
            )
        found.append(tuple(float(value) for value in numbers))
    return found


def _check_scribble(scribble: Any, shape: tuple[int, ...]) -> np.ndarray:
    marks = np.asarray(scribble)
    if marks.shape != tuple(shape[:2]):
        raise ValueError(
            f"a scribble must have the photograph's shape {tuple(shape[:2])}; got "
            f"shape {marks.shape}."
        )
    if marks.dtype.kind not in "biu" or not np.isin(marks, (0, 1, 2)).all():
        raise ValueError(
            "a scribble must hold 1 on the subject, 2 on the background and 0 where "
            "nothing is said."
        )
    if not (marks == SUBJECT).any():
        raise ValueError("a scribble must hold a pixel of the subject (1).")
    return marks.astype(np.uint8)

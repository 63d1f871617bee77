"""The subject of a photograph: a mask file, or a point or a box that hints at it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from .._shared.validation import to_float_image, to_gray
from ..io import read_photograph
from ..io.formats import MASK_ENDINGS
from ..sample import DefocusSample
from ..segment.hints import SubjectHint, check_hint
from ..segment.subject import mask_by_hint

__all__ = [
    "check_subject",
    "find_subject",
    "locate_subject",
    "read_subject",
    "subject_key",
]


def check_subject(
    subject: Sequence[int] | str | os.PathLike[str] | None,
) -> tuple[int, ...] | Path | None:
    """Check what is said of the subject of photographs.

    Parameters
    ----------
    subject : sequence of 2 or 4 int, path-like or None
        A point (x, y) on the subject or a box (left, top, width, height) that holds it,
        in pixels; a mask file; or a folder of mask files named after their photographs.

    Returns
    -------
    tuple of int, Path or None
        The point or the box, or an absolute path.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if subject is None:
        return None
    if isinstance(subject, str | os.PathLike):
        path = Path(subject).absolute()
        if not path.exists():
            raise ValueError(f"the subject mask {subject} does not exist.")
        return path
    numbers: tuple[Any, ...] = (
        tuple(subject) if isinstance(subject, Sequence | np.ndarray) else ()
    )
    whole = len(numbers) in (2, 4) and all(isinstance(n, Integral) for n in numbers)
    if not whole or min(numbers[:2]) < 0 or min(numbers[2:], default=1) < 1:
        raise ValueError(
            f"subject must be a point (x, y) or a box (left, top, width, height) of "
            f"pixels, or the path of a mask file or of a folder of them; got "
            f"{subject!r}."
        )
    return tuple(int(number) for number in numbers)


def find_subject(subject: Path, target: str, photo: Path) -> Path:
    """Find the mask file of a photograph.

    Parameters
    ----------
    subject : Path
        A mask file, or a folder of them.
    target : str
        What names of the photograph's results begin with, with the folders above.
    photo : Path
        The photograph.

    Returns
    -------
    Path
        The mask file: in a folder, the one at the same place and of the same name.

    Raises
    ------
    ValueError
        If the folder has none.
    """
    if not subject.is_dir():
        return subject
    for ending in MASK_ENDINGS:
        path = subject / (target + ending)
        if path.exists():
            return path
    raise ValueError(f"there is no subject mask {subject / target}.png for {photo}.")


def subject_key(subject: Any) -> str:
    """Key of a subject: the point or the box, or the content of the mask file.

    Parameters
    ----------
    subject : tuple of int, Path or None
        From `check_subject` and `find_subject`.

    Returns
    -------
    str
        The same for the same pixels.
    """
    if isinstance(subject, Path):
        return hashlib.sha256(subject.read_bytes()).hexdigest()
    return repr(subject)


def read_subject(
    subject: Any, shape: tuple[int, ...], max_pixels: int
) -> np.ndarray | SubjectHint | None:
    """Read the mask of a subject, or what hints at it.

    Parameters
    ----------
    subject : tuple of int, Path or None
        A point, a box, or a mask file: white, at least half of full, where the subject
        is. A mask that is transparent somewhere, as programs that remove backgrounds
        write it, is judged by its opacity, at least half, and not by its colors.
    shape : tuple of int
        Of the photograph.
    max_pixels : int
        Larger mask files are refused.

    Returns
    -------
    ndarray of shape (H, W), bool, or SubjectHint, or None
        None where nothing is said.

    Raises
    ------
    ValueError
        If the point or box lies outside the photograph, or the mask has another size
        or no white or opaque pixel.
    """
    if subject is None:
        return None
    height, width = shape[:2]
    if isinstance(subject, Path):
        read = read_photograph(subject, max_pixels=max_pixels)
        mask = read.image
        if mask.shape[:2] != (height, width):
            raise ValueError(
                f"the subject mask {subject} has {mask.shape[1]} x {mask.shape[0]} "
                f"pixels, the photograph {width} x {height}."
            )
        opacity = None if read.alpha is None else to_float_image(read.alpha)
        if opacity is not None and opacity.min() < 1:
            if not (opacity >= 0.5).any():
                raise ValueError(f"the subject mask {subject} has no opaque pixel.")
            return opacity >= 0.5
        white = to_gray(to_float_image(mask)) >= 0.5
        if not white.any():
            raise ValueError(f"the subject mask {subject} has no white pixel.")
        return white
    if len(subject) == 2:
        return check_hint(shape, points=subject)
    return check_hint(shape, boxes=subject)


def locate_subject(
    subject: np.ndarray | SubjectHint | None, sample: DefocusSample
) -> np.ndarray | None:
    """Make the mask of a subject.

    Parameters
    ----------
    subject : ndarray of shape (H, W), bool, or SubjectHint, or None
        From `read_subject`.
    sample : DefocusSample
        With its blur map.

    Returns
    -------
    ndarray of shape (H, W), bool, or None
        True on the subject: the mask itself, or what `skdefocus.segment.subject_mask`
        makes of the hint. None where nothing is said.
    """
    if not isinstance(subject, SubjectHint):
        return subject
    found: np.ndarray = ~mask_by_hint(sample, subject)
    return found

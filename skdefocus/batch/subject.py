"""What of a photograph its figures are restricted to: a box, or a mask file."""

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

__all__ = ["check_subject", "find_subject", "read_subject", "subject_key"]


def check_subject(
    subject: Sequence[int] | str | os.PathLike[str] | None,
) -> tuple[int, int, int, int] | Path | None:
    """Check what restricts the figures of photographs.

    Parameters
    ----------
    subject : sequence of 4 int, path-like or None
        A box (left, top, width, height) in pixels; a mask file; or a folder of mask
        files named after their photographs.

    Returns
    -------
    tuple of int, Path or None
        The box, or an absolute path.

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
    box: tuple[Any, ...] = (
        tuple(subject) if isinstance(subject, Sequence | np.ndarray) else ()
    )
    whole = len(box) == 4 and all(isinstance(value, Integral) for value in box)
    if not whole or min(box[:2]) < 0 or min(box[2:]) < 1:
        raise ValueError(
            f"subject must be a box (left, top, width, height) of pixels, or the path "
            f"of a mask file or of a folder of them; got {subject!r}."
        )
    left, top, width, height = (int(value) for value in box)
    return left, top, width, height


def find_subject(subject: Path, target: str) -> Path:
    """Find the mask file of a photograph.

    Parameters
    ----------
    subject : Path
        A mask file, or a folder of them.
    target : str
        What names of the photograph's results begin with, with the folders above.

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
    raise ValueError(f"there is no subject mask {subject / target}.png for it.")


def subject_key(subject: Any) -> str:
    """Key of a subject: the box, or the content of the mask file.

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
) -> np.ndarray | None:
    """Make the mask of a subject.

    Parameters
    ----------
    subject : tuple of int, Path or None
        A box, or a mask file: white, at least half of full, where the subject is. A
        mask that is transparent somewhere, as programs that remove backgrounds write
        it, is judged by its opacity, at least half, and not by its colors.
    shape : tuple of int
        Of the photograph.
    max_pixels : int
        Larger mask files are refused.

    Returns
    -------
    ndarray of shape (H, W), bool, or None
        None where all pixels count.

    Raises
    ------
    ValueError
        If the box lies outside the photograph, or the mask has another size or no
        white or opaque pixel.
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
    left, top, box_width, box_height = subject
    if left >= width or top >= height:
        raise ValueError(
            f"the subject's box begins at ({left}, {top}), outside the photograph of "
            f"{width} x {height} pixels."
        )
    white = np.zeros((height, width), bool)
    white[top : top + box_height, left : left + box_width] = True
    return white

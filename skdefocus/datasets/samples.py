"""A sample photograph that comes with scikit-learn."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

__all__ = ["FLOWER_CREDIT", "load_sample_photograph", "sample_photograph_path"]

FLOWER_CREDIT = (
    "flower.jpg: https://www.flickr.com/photos/vultilion/6056698931, CC BY 2.0, "
    "as distributed with scikit-learn"
)


def sample_photograph_path() -> Path:
    """Path of ``flower.jpg``, a sharp flower before a defocused background.

    Returns
    -------
    Path
        A JPEG of 640 x 427 pixels inside the scikit-learn installation.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> sample_photograph_path().name
    'flower.jpg'
    """
    return Path(str(files("sklearn.datasets") / "images" / "flower.jpg"))


def load_sample_photograph() -> np.ndarray:
    """Pixels of ``flower.jpg``; credit ``FLOWER_CREDIT`` beside what you make of it.

    Returns
    -------
    ndarray of shape (427, 640, 3), uint8
        The photograph.

    Examples
    --------
    >>> from skdefocus.datasets import load_sample_photograph
    >>> load_sample_photograph().shape
    (427, 640, 3)
    """
    from ..io import read_image

    return read_image(sample_photograph_path())

"""A map that reaches beyond its subject, which refiners take to the edge."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def coarse():
    """A sharp square before a blurred ground, its map too wide by 8 pixels."""
    rng = np.random.default_rng(0)
    subject = np.zeros((96, 96), bool)
    subject[32:64, 32:64] = True
    wide = np.zeros_like(subject)
    wide[24:72, 24:72] = True
    image = np.where(subject, 0.8, 0.3) + rng.normal(0, 0.004, subject.shape)
    image = image.astype(np.float32)
    return image, subject, np.where(wide, 0.5, 6.0).astype(np.float32)

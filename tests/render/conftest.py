"""Depths of a scene in three layers, one behind another."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def depth(small_photo):
    depth = np.full(small_photo.shape[:2], 8.0)
    depth[:, 40:90] = 2.0
    depth[:, 90:] = 1.0
    return depth

"""A small patch set of random values, and when two are the same."""

from __future__ import annotations

import numpy as np

from skdefocus.patches import PatchSet

LADDER = (0.0, 1.0, 3.0)


def a_set(n=10, *, seed=0, size=8, n_photographs=3, ladder=LADDER):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 256, (n, size, size)).astype(np.uint8)
    y = rng.integers(len(ladder), size=n)
    conditions = rng.uniform(0.001, 1, (n, 4)).astype(np.float32)
    return PatchSet(X, y, np.arange(n) % n_photographs, ladder, conditions)


def assert_same(one, other):
    np.testing.assert_array_equal(np.asarray(one.X), np.asarray(other.X))
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(one.groups, other.groups)
    np.testing.assert_array_equal(one.conditions, other.conditions)
    assert one.conditions.dtype == other.conditions.dtype == np.float32
    assert one.ladder == other.ladder

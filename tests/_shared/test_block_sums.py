from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.block_sums import block_sums


@pytest.mark.parametrize("shape", [(12, 20), (13, 19), (1, 3), (4, 1)])
@pytest.mark.parametrize("side", [1, 2, 3, 8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_a_loop(shape, side, dtype):
    values = np.random.default_rng(0).random((2, *shape)).astype(dtype)
    before = values.copy()
    found = block_sums(values, side, axes=(1, 2))
    down, across = (-(-length // side) for length in shape)
    assert found.shape == (2, down, across)
    assert found.dtype == dtype
    for i in range(down):
        for j in range(across):
            rows, columns = (slice(k * side, (k + 1) * side) for k in (i, j))
            expected = values[:, rows, columns].sum(axis=(1, 2))
            np.testing.assert_allclose(found[:, i, j], expected, rtol=1e-5)
    np.testing.assert_array_equal(values, before)


def test_along_one_axis_alone():
    values = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(
        block_sums(values, 2, axes=(1,)), values[:, ::2] + values[:, 1::2]
    )

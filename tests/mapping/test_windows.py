from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus._shared.gray_rows import GrayRows
from skdefocus.classifier.reliability import patch_texture
from skdefocus.mapping import average_windows, count_windows
from skdefocus.mapping.windows import WindowMean, pad_to_grid, window_texture


@st.composite
def grids(draw):
    patch_size = draw(st.integers(1, 9))
    step = draw(st.integers(1, patch_size))
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    return shape, patch_size, step


def brute_force(values, shape, patch_size, step):
    total, count = np.zeros(shape), np.zeros(shape)
    for (i, j), value in np.ndenumerate(values):
        window = (
            slice(i * step, i * step + patch_size),
            slice(j * step, j * step + patch_size),
        )
        total[window] += value
        count[window] += 1
    assert count.min() >= 1, "a pixel is not covered"
    return total / count


@given(grids(), st.integers(0, 2**31))
def test_mean_equals_brute_force_and_covers_every_pixel(grid, seed):
    shape, patch_size, step = grid
    counts = [count_windows(n, patch_size, step) for n in shape]
    values = np.random.default_rng(seed).random(counts)
    result = average_windows(values, *grid)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, brute_force(values, *grid), rtol=1e-6)


@given(grids())
def test_windows_are_no_more_than_needed(grid):
    shape, patch_size, step = grid
    for length in shape:
        n = count_windows(length, patch_size, step)
        assert (n - 1) * step + patch_size >= length
        assert n == 1 or (n - 2) * step + patch_size < length


@given(grids())
def test_padding_holds_all_windows_and_keeps_the_photograph(grid):
    shape, patch_size, step = grid
    image = np.random.default_rng(0).random(shape)
    padded = pad_to_grid(image, patch_size, step)
    for axis in (0, 1):
        n = count_windows(shape[axis], patch_size, step)
        needed = (n - 1) * step + patch_size
        assert padded.shape[axis] == max(needed, shape[axis])
    np.testing.assert_array_equal(padded[: shape[0], : shape[1]], image)


def test_padding_reflects_or_repeats_the_edge():
    row = np.arange(40.0)[np.newaxis]
    padded = pad_to_grid(np.repeat(row, 40, axis=0), 32, 16)
    np.testing.assert_array_equal(padded[0, 40:], row[0, 38:30:-1])
    padded = pad_to_grid(row, 32, 16)
    assert padded.shape == (32, 48)
    np.testing.assert_array_equal(padded[31], padded[0])


@given(grids())
def test_texture_equals_brute_force(grid):
    shape, patch_size, step = grid
    image = np.random.default_rng(1).random(shape).astype(np.float32)
    padded = pad_to_grid(image, patch_size, step)
    counts = tuple(count_windows(n, patch_size, step) for n in shape)
    deviation, detail = window_texture(padded, counts, patch_size, step)
    places = np.indices((patch_size, patch_size)).reshape(2, -1)
    plane = np.vstack([np.ones(patch_size**2), places]).T
    for i, j in np.ndindex(*counts):
        window = padded[
            i * step : i * step + patch_size, j * step : j * step + patch_size
        ].astype(np.float64)
        assert deviation[i, j] == pytest.approx(window.std(), abs=1e-6)
        fit = plane @ np.linalg.lstsq(plane, window.ravel(), rcond=None)[0]
        rest = np.sqrt(np.mean((window.ravel() - fit) ** 2))
        assert detail[i, j] == pytest.approx(rest, abs=1e-6)
        one, other = patch_texture(window.reshape(1, -1))
        assert one[0] == pytest.approx(deviation[i, j], abs=1e-6)
        assert other[0] == pytest.approx(detail[i, j], abs=1e-6)


def test_hard_labels_are_averaged_as_in_eq_6():
    values = np.array([[0.0, 19.0]])
    result = average_windows(values, (32, 48), 32, 16)
    assert result[0, [0, 15, 16, 31, 32, 47]].tolist() == [0, 0, 9.5, 9.5, 19, 19]


@given(grids(), st.integers(1, 5), st.integers(0, 2**31))
def test_rows_of_windows_may_come_in_any_portions(grid, portion, seed):
    shape, patch_size, step = grid
    counts = [count_windows(n, patch_size, step) for n in shape]
    values = np.random.default_rng(seed).random(counts).astype(np.float32)
    mean = WindowMean(*grid)
    for first in range(0, len(values), portion):
        mean.add(values[first : first + portion])
    np.testing.assert_array_equal(mean.means, average_windows(values, *grid))


@given(grids(), st.data())
def test_padded_rows_are_those_of_the_padded_whole(grid, data):
    shape, patch_size, step = grid
    image = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    gray = image.astype(np.float32) / np.float32(255)
    whole = pad_to_grid(gray, patch_size, step)
    first = data.draw(st.integers(0, len(whole) - 1))
    last = data.draw(st.integers(first + 1, len(whole)))
    for source in (gray, GrayRows(image)):
        rows = pad_to_grid(source, patch_size, step, (first, last))
        np.testing.assert_array_equal(rows, whole[first:last])


@pytest.mark.parametrize("name", ["length", "patch_size", "step"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "4"])
def test_counts_refuse_what_is_no_length(name, value):
    parameters = {"length": 10, "patch_size": 4, "step": 2, name: value}
    with pytest.raises(ValueError, match=f"'{name}' parameter of count_windows must"):
        count_windows(**parameters)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_size": 0}, "'patch_size' parameter of average_windows must be an int"),
        ({"step": 0}, "'step' parameter of average_windows must be an int in"),
        ({"step": 5}, r"must be at most 'patch_size' \(4\), or pixels are left out"),
        ({"shape": (6,)}, r"'shape' parameter of average_windows must be two ints of"),
        ({"shape": (0, 6)}, r"must be two ints of at least 1\. Got \(0, 6\) instead"),
        ({"shape": 6}, "'shape' parameter of average_windows must be an instance of"),
        (
            {"values": np.zeros((2, 2))},
            r"values must hold one value for each of 1 x 2 windows; got shape \(2, 2\)",
        ),
    ],
)
def test_means_refuse_what_does_not_fit(changes, message):
    parameters = {"shape": (1, 6), "patch_size": 4, "step": 2}
    with pytest.raises(ValueError, match=message):
        average_windows(**{"values": np.zeros((1, 2)), **parameters, **changes})

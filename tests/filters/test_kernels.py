"""The compiled kernels against NumPy in double precision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft

from skdefocus._shared.threads import limited_threads
from skdefocus.filters import (
    _compiled,
    box_mean,
    edge_weight,
    global_smoother,
    guided_filter,
    weighted_guided_filter,
)
from skdefocus.filters._compiled import compiled, for_reading
from skdefocus.filters._tied_grid import TiedGrid
from tests.strategies import color_images, maps

pytestmark = pytest.mark.usefixtures("small_grids_are_not_solved_directly")

RNG = np.random.default_rng(0)
GRAY = RNG.random((300, 37)).astype(np.float32)
COLOR = RNG.random((300, 37, 3)).astype(np.float32)
MAP = (RNG.random((300, 37)) * 5).astype(np.float32)
TIES = GRAY[60:120] ** 4 * 100, GRAY[120:180] ** 4 * 100
SMOOTHER = {"smoothness": 50.0, "color_sigma": 0.2}
FILTERS = {
    "box": lambda: box_mean(COLOR, 5),
    "guided by itself": lambda: guided_filter(GRAY, radius=4, eps=0.01),
    "guided": lambda: guided_filter(MAP, GRAY, radius=4, eps=0.01),
    "several maps": lambda: guided_filter(COLOR, GRAY, radius=4, eps=0.01),
    "color guide": lambda: guided_filter(MAP, COLOR, radius=4, eps=0.01),
    "edges": lambda: edge_weight(GRAY, smoothing=1.0),
    "weighted": lambda: weighted_guided_filter(GRAY, radius=4, eps=0.01),
    "weighted, color": lambda: weighted_guided_filter(MAP, COLOR, radius=4, eps=0.01),
    "smoother": lambda: global_smoother(MAP, COLOR, **SMOOTHER),
    "smoother, 8 bit": lambda: global_smoother(
        MAP, (COLOR * 255).astype(np.uint8), **SMOOTHER
    ),
    "smoother, weights": lambda: global_smoother(
        MAP, GRAY, confidence=GRAY + 0.1, **SMOOTHER
    ),
    "smoother, several maps": lambda: global_smoother(COLOR, GRAY, **SMOOTHER),
    "ties": lambda: TiedGrid(GRAY[:60] + 0.01, *TIES).solve(MAP[:60], tolerance=1e-6),
}


def single_and_double(function, *arrays, **settings):
    """Results in both precisions; only the first is of the kernels."""
    singles = [array.astype(np.float32) for array in arrays]
    single = function(*singles, **settings)
    assert single.dtype == np.float32
    return single, function(*[s.astype(np.float64) for s in singles], **settings)


@given(maps(), st.integers(0, 14))
def test_box_equals_double(pair, radius):
    result, expected = single_and_double(box_mean, pair[1], radius=radius)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-7)


@given(maps(), st.integers(0, 14), st.sampled_from([1e-3, 0.1]))
def test_gray_guides_equal_double(pair, radius, eps):
    guide, image = pair
    for function in (guided_filter, weighted_guided_filter):
        for arrays in ((guide,), (image, guide)):
            settings = {"radius": radius, "eps": eps}
            result, expected = single_and_double(function, *arrays, **settings)
            np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


@given(color_images(), st.integers(0, 14))
def test_color_guides_equal_double(guide, radius):
    for function in (guided_filter, weighted_guided_filter):
        for arrays in ((guide,), (guide[..., 0] * 3 + guide[..., 1], guide)):
            settings = {"radius": radius, "eps": 0.05}
            result, expected = single_and_double(function, *arrays, **settings)
            np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


@given(maps(), st.sampled_from([0.3, 20.0, 4000.0]), st.booleans())
def test_smoother_equals_double(pair, smoothness, weighted):
    guide, image = pair
    settings = {"smoothness": smoothness, "color_sigma": 0.1}
    if weighted:
        settings["confidence"] = guide + 0.01
    result, expected = single_and_double(global_smoother, image, guide, **settings)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FILTERS)
def test_numpy_alone_gives_the_same(name, monkeypatch):
    result = FILTERS[name]()
    monkeypatch.setattr(_compiled, "compiled", lambda: None)
    np.testing.assert_allclose(FILTERS[name](), result, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", FILTERS)
def test_the_same_loops_in_python(name, monkeypatch):
    """What is compiled is what is written: no overflow, no index out of range."""
    result = FILTERS[name]()
    kernels = compiled()
    written = {
        name: getattr(kernels, name).py_func
        for name in kernels.__all__
        if hasattr(getattr(kernels, name), "py_func")
    }
    assert len(written) == 17
    interpreted = SimpleNamespace(**{**vars(kernels), **written})
    monkeypatch.setattr(_compiled, "compiled", lambda: interpreted)
    np.testing.assert_allclose(FILTERS[name](), result, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FILTERS)
def test_threads_change_no_bit(name):
    with limited_threads(1):
        expected = FILTERS[name]()
    for n_threads in (2, 3, 5):
        with limited_threads(n_threads):
            np.testing.assert_array_equal(FILTERS[name](), expected)
    # Nor do others that filter at the same time.
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: FILTERS[name](), range(8)):
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", [(100_000, 3), (3, 100_000)])
def test_sums_do_not_drift(shape):
    """As many rows, or columns, as 100 megapixels have, ten times over."""
    image = (100 + RNG.random(shape)).astype(np.float32)
    result, expected = single_and_double(box_mean, image, radius=16)
    np.testing.assert_allclose(result, expected, rtol=2e-7)
    image = RNG.random(shape).astype(np.float32)
    settings = {"radius": 16, "eps": 1e-3}
    result, expected = single_and_double(weighted_guided_filter, image, **settings)
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_kernels_are_compiled_once_for_all_kinds_of_arrays():
    box_mean(GRAY, 2)
    kernel = compiled().box_rows
    before = len(kernel.signatures)
    fixed = GRAY.copy()
    fixed.setflags(write=False)
    for image in (fixed, GRAY[:, ::2], GRAY.T, np.asfortranarray(GRAY)):
        box_mean(image, 2)
    assert len(kernel.signatures) == before


@pytest.mark.parametrize("interpreted", [False, True])
def test_the_exponential_is_right_to_the_last_digits(interpreted):
    from skdefocus.filters.kernels.exponential import exponential

    values = np.concatenate([-np.geomspace(1e-9, 86.9, 2001), [0.0]])
    values = values.astype(np.float32)
    result = values.copy()
    (exponential.py_func if interpreted else exponential)(result)
    np.testing.assert_allclose(result, np.exp(values.astype(np.float64)), rtol=2.5e-7)
    far = np.array([-88, -1e9, -np.inf], np.float32)
    exponential(far)
    np.testing.assert_allclose(far, np.exp(-87.0), rtol=1e-6)


INTERPRETED = pytest.mark.parametrize("interpreted", [False, True])


@pytest.mark.parametrize("length", range(1, 6))
def test_lines_are_repeated_by_reflection(length):
    from skdefocus.filters.kernels.lines import mirror

    reach = 3 * length + 1
    expected = np.pad(np.arange(length), reach, mode="symmetric")
    found = [mirror(index, length) for index in range(-reach, length + reach)]
    np.testing.assert_array_equal(found, expected)


@INTERPRETED
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("radius", [0, 1, 4, 13])
def test_means_along_a_line_by_their_windows(width, radius, interpreted):
    from skdefocus.filters.kernels.lines import horizontal_mean, padded_size

    line = np.random.default_rng(0).random(width)
    padded = np.zeros(padded_size(width, radius))
    padded[radius : radius + width] = line
    mean = np.empty_like(padded)
    function = horizontal_mean.py_func if interpreted else horizontal_mean
    function(padded, width, radius, 1 / (2 * radius + 1), mean)
    bordered = np.pad(line, radius, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(bordered, 2 * radius + 1)
    np.testing.assert_allclose(mean[:width], windows.mean(axis=1), rtol=1e-12)


@INTERPRETED
@pytest.mark.parametrize("count", range(10))
def test_sums_of_products_are_those_of_a_matrix(count, interpreted):
    from skdefocus.filters.kernels.lines import add_products

    rng = np.random.default_rng(count)
    factors, terms = rng.random(count), rng.random((count, 7))
    result = np.full(7, np.nan)
    (add_products.py_func if interpreted else add_products)(factors, terms, result)
    np.testing.assert_allclose(result, factors @ terms, rtol=1e-12)


@INTERPRETED
@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(("first", "step"), [(0, 1), (2, 3)])
def test_cosines_of_blocks_are_those_of_scipy(size, first, step, interpreted):
    from skdefocus.filters.kernels import high_frequency_magnitudes

    n_blocks = 4
    width = first + (n_blocks - 1) * step + size
    rows = RNG.random((size, width)).astype(np.float32)
    cosines = fft.dct(np.eye(size), axis=0, norm="ortho").astype(np.float32)
    result = np.empty((size * (size + 1) // 2, n_blocks), np.float32)
    function = high_frequency_magnitudes
    function = function.py_func if interpreted else function
    function(for_reading(rows), for_reading(cosines), first, step, result)
    for block in range(n_blocks):
        left = first + block * step
        whole = fft.dctn(rows[:, left : left + size].astype(float), norm="ortho")
        high = [(u, v) for u in range(size) for v in range(size - 1 - u, size)]
        expected = [abs(whole[place]) for place in high]
        np.testing.assert_allclose(result[:, block], expected, atol=1e-5)


@INTERPRETED
def test_atoms_at_right_angles_are_counted_by_their_shares(interpreted):
    from skdefocus.filters.kernels import count_atoms

    # One of them is constant: of a patch without its mean it makes up nothing.
    atoms = fft.dct(np.eye(9), axis=0, norm="ortho")
    padded = RNG.random((9, 13)).astype(np.float32)
    counts = np.full((3, 4), -1)
    bound = 0.2
    function = count_atoms.py_func if interpreted else count_atoms
    function(1, 3, for_reading(padded), 3, 3, for_reading(atoms), bound, counts)
    for row, column in np.ndindex(3, 4):
        patch = padded[3 * row : 3 * row + 3, 3 * column : 3 * column + 3].ravel()
        squares = np.sort((atoms @ (patch - patch.mean())) ** 2)[::-1]
        left = squares.sum() - np.append(0, np.cumsum(squares))
        expected = np.argmax(left <= bound) if row else -1
        assert counts[row, column] == expected
    assert counts.max() > 2

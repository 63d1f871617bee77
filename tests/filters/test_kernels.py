"""The compiled kernels against NumPy in double precision, and when there are none."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus._shared.threads import limited_threads
from skdefocus.filters import _compiled as compiled_module
from skdefocus.filters import (
    box_mean,
    edge_weight,
    global_smoother,
    guided_filter,
    weighted_guided_filter,
)
from skdefocus.filters._compiled import compiled
from tests.strategies import color_images, maps

RNG = np.random.default_rng(0)
GRAY = RNG.random((300, 37)).astype(np.float32)
COLOR = RNG.random((300, 37, 3)).astype(np.float32)
MAP = (RNG.random((300, 37)) * 5).astype(np.float32)
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
        MAP, GRAY, confidence=GRAY + 0.1, value_sigma=0.5, **SMOOTHER
    ),
    "smoother, several maps": lambda: global_smoother(
        COLOR, GRAY, value_sigma=0.5, **SMOOTHER
    ),
}


def single_and_double(function, *arrays, **settings):
    """Results in both precisions; only the first is of the kernels."""
    singles = [array.astype(np.float32) for array in arrays]
    single = function(*singles, **settings)
    assert single.dtype == np.float32
    return single, function(*[s.astype(np.float64) for s in singles], **settings)


def test_there_are_kernels():
    assert compiled() is not None


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
    settings = {"smoothness": smoothness, "color_sigma": 0.1, "value_sigma": 0.5}
    if weighted:
        settings["confidence"] = guide + 0.01
    result, expected = single_and_double(global_smoother, image, guide, **settings)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FILTERS)
def test_numpy_alone_gives_the_same(name, monkeypatch):
    result = FILTERS[name]()
    monkeypatch.setattr(compiled_module, "compiled", lambda: None)
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
    assert len(written) == 11
    interpreted = SimpleNamespace(**{**vars(kernels), **written})
    monkeypatch.setattr(compiled_module, "compiled", lambda: interpreted)
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


ABSENT = "sys.modules['numba'] = None"
NO_CACHE = """
import numba.core.caching as caching
name = "CacheImpl" if hasattr(caching, "CacheImpl") else "_CacheImpl"
getattr(caching, name)._locator_classes = []
"""


@pytest.mark.parametrize("hindrance", [ABSENT, NO_CACHE])
def test_without_numba_or_a_cache_filters_still_work(hindrance):
    code = f"""
import sys
{hindrance}
import numpy as np
from skdefocus.filters import box_mean
from skdefocus.filters._compiled import compiled
assert compiled() is None
assert box_mean(np.full((4, 4), 2, np.float32), 1)[0, 0] == 2
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


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

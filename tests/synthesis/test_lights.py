from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import blur
from skdefocus.synthesis.lights import add_lights


@given(st.integers(0, 10_000), st.floats(0, 19))
def test_light_is_at_least_0_and_its_input_stays(seed, sigma):
    light = np.random.default_rng(seed).random((40, 50)).astype(np.float32)
    kept = light.copy()
    found, again = (
        add_lights(light, sigma, np.random.default_rng(seed)) for _ in range(2)
    )
    assert found.dtype == np.float32
    assert found.shape == light.shape
    assert found.min() >= 0
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(light, kept)


def test_what_is_nearly_white_becomes_brighter_and_the_rest_stays():
    light = np.linspace(0, 1, 101, dtype=np.float32)[np.newaxis] * np.ones((20, 1))
    light = light.astype(np.float32)
    seen = 0
    for seed in range(40):
        found = add_lights(light, 4.0, np.random.default_rng(seed))
        if np.array_equal(found[:, :80], light[:, :80]):
            seen += 1
            assert (np.diff(found[0]) >= 0).all()
            assert 1 < found.max() <= 51
    assert 4 < seen < 25


def test_what_is_out_of_focus_is_still_bright_after_the_blur():
    dark = np.full((160, 160), 0.05, np.float32)
    for sigma in (2.0, 8.0):
        peaks = []
        for seed in range(60):
            light = add_lights(dark, sigma, np.random.default_rng(seed))
            peak = float(light.max())
            if peak > 1:
                peaks.append(peak * blur(light / peak, sigma, "disc").max())
        assert len(peaks) > 20
        assert np.median(peaks) > 1


def test_what_is_in_focus_has_any_size():
    dark = np.full((160, 160), 0.05, np.float32)
    areas = [
        np.mean(add_lights(dark, 0.0, np.random.default_rng(seed)) > 0.3)
        for seed in range(60)
    ]
    assert max(areas) > 0.15
    assert min(area for area in areas if area > 0) < 0.005

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import SlidingWindowMapper
from skdefocus.filters import blur, resize
from skdefocus.mapping import sliding_window_map
from skdefocus.mapping.classify_patches import classify_bands
from skdefocus.mapping.scales import check_scale, measure_at, resample_all
from skdefocus.mapping.sharp_windows import measure_sharp_windows


def test_measures_densely_up_to_1600_pixels(monkeypatch, shipped):
    seen, sharp = [], []

    def record(gray, *args, **kwargs):
        seen.append(gray.shape)
        return classify_bands(gray, *args, **kwargs)

    def record_sharp(gray, *args, **kwargs):
        sharp.append(gray.shape)
        return measure_sharp_windows(gray, *args, **kwargs)

    monkeypatch.setattr("skdefocus.mapping.sliding_window.classify_bands", record)
    monkeypatch.setattr(
        "skdefocus.mapping.sliding_window.measure_sharp_windows", record_sharp
    )
    image = np.random.default_rng(0).random((140, 3201)).astype(np.float32)
    sliding_window_map(image, shipped, scale="auto")
    assert max(shape[1] for shape in seen) == 800
    assert sharp == [(70, 1600), (140, 3201)]
    sliding_window_map(image[:, :1600], shipped, scale="auto")
    assert seen[-1] == (140, 1600)
    seen.clear()
    sliding_window_map(image, shipped)
    assert seen == [(140, 3201)]


def test_a_scale_given_twice_counts_twice(texture, shipped):
    once = sliding_window_map(texture, shipped, scale=[0.5])
    twice = sliding_window_map(texture, shipped, scale=[0.5, 0.5])
    np.testing.assert_allclose(twice[0], once[0], atol=1e-4)


def test_several_scales_are_weighted_by_confidence(texture, shipped):
    blurred = blur(texture, 3.0)
    settings = {"step": 8, "estimate": "mean"}
    factors = (2, 1.0, 0.5)
    singles = [
        sliding_window_map(blurred, shipped, scale=f, **settings) for f in factors
    ]
    fused, confidence = sliding_window_map(blurred, shipped, scale=factors, **settings)
    weights = np.array([c for _, c in singles])
    logs = np.array([np.log(m + 0.8) for m, _ in singles])
    expected = np.exp((weights * logs).sum(0) / weights.sum(0)) - 0.8
    np.testing.assert_allclose(fused, expected, atol=1e-4)
    np.testing.assert_allclose(confidence, weights.mean(0), atol=1e-5)
    assert fused.dtype == confidence.dtype == np.float32
    for blur_map, _ in singles:
        assert 2.2 < np.median(blur_map) < 4


def test_sigma_is_multiplied_back(texture, shipped):
    blurred = blur(np.kron(texture, np.ones((2, 2))), 6.0)
    settings = {"step": 8, "estimate": "mean"}
    half, _ = sliding_window_map(blurred, shipped, scale=0.5, **settings)
    assert half.shape == blurred.shape
    assert np.median(half) == pytest.approx(6.0, rel=0.35)


def test_auto_measures_beyond_the_ladder(photo, shipped):
    large = blur(np.kron(photo[..., 1] / 255, np.ones((2, 2))), 30.0)
    plain, _ = sliding_window_map(large, shipped, estimate="mean", scale=1.0)
    auto, _ = sliding_window_map(large, shipped, estimate="mean", scale="auto")
    assert plain.max() <= 19
    assert np.median(auto) > 19


def test_auto_agrees_at_every_size(photo):
    from benchmarks.scale import shares

    means = shares(photo, (1, 2, 4))[:, 3]
    assert means.max() / means.min() < 1.15


def test_long_and_narrow_photographs_are_not_reduced_to_nothing():
    texture = np.random.default_rng(2).random((40, 6600)) > 0.5
    # Edges, not noise: each value fills two pixels.
    sharp = np.kron(texture[:20, :3300], np.ones((2, 2))).astype(np.float32)
    (sample,) = SlidingWindowMapper(scale="auto").transform([sharp])
    assert np.median(sample.blur_map) < 0.5


class TestCheck:
    @pytest.mark.parametrize("scale", ["auto", 0.25, 3, [2, 1, 0.5], (1.0,)])
    def test_accepts_factors(self, scale):
        check_scale("mapper", {"scale": scale})

    @pytest.mark.parametrize(
        "scale",
        [[], (), [0], [1.0, -2], (np.inf,), [np.nan], ["auto"], [True], [1, None]],
    )
    def test_refuses_lists_that_hold_anything_else(self, scale):
        message = "^The 'scale' parameter of a_map must be 'auto', a factor above 0, or"
        with pytest.raises(ValueError, match=message):
            check_scale("a_map", {"scale": scale})


class Recorder:
    """Measures what it is told for each factor, and keeps the order of asking."""

    def __init__(self, shape, **values):
        self.shape, self.values, self.asked = shape, values, []
        self.asked_sharp = []

    def sharp(self, factor, half_sigma, half_confidence):
        """Measure where the half is sharp, here everywhere."""
        asked = [*self.asked]
        sigma, confidence, *_ = self(factor)
        self.asked = asked
        self.asked_sharp.append(factor)
        assert [round(n * factor / 2) for n in self.shape] == list(half_sigma.shape)
        return sigma, confidence

    def __call__(self, factor):
        self.asked.append(factor)
        shape = [max(1, round(length * factor)) for length in self.shape]
        sigma, confidence, seen, *of_windows = (
            np.full(shape, value, np.float32)
            for value in self.values.get(str(factor), (1.0, 0.5, 1.0))
        )
        return sigma, confidence, seen, *(of_windows or [confidence])


class TestMeasureAt:
    @pytest.mark.parametrize(
        ("factor", "measured", "expected"),
        [
            (1.0, 3.0, 3.0),
            (0.5, 3.0, 6.0),
            # Enlarging adds a blur of 0.65 px, which is taken off in squares.
            (2.0, 3.0, np.sqrt(9 - 0.65**2) / 2),
            (2.0, 0.3, 0.0),
        ],
    )
    @pytest.mark.parametrize("as_list", [False, True])
    def test_one_factor_is_brought_back(self, factor, measured, expected, as_list):
        record = Recorder((37, 50), **{str(factor): (measured, 0.25, 0)})
        scale = [factor] if as_list else factor
        sigma, confidence = measure_at(scale, (37, 50), 32, record, record.sharp)
        assert record.asked == [factor]
        assert sigma.shape == confidence.shape == (37, 50)
        assert sigma.dtype == confidence.dtype == np.float32
        np.testing.assert_allclose(sigma, expected, rtol=1e-5)
        np.testing.assert_allclose(confidence, 0.25, rtol=1e-6)

    @pytest.mark.parametrize(
        ("shape", "factors"),
        [
            ((60, 80), [1.0]),
            ((300, 400), [1.0]),
            ((301, 402), [0.5, 1.0]),
            ((600, 900), [0.25, 0.5, 1.0]),
            ((1067, 1600), [0.25, 0.5, 1.0]),
            ((1067, 1601), [0.125, 0.25, 0.5]),
            ((4000, 6000), [0.0625, 0.125, 0.25]),
            # A side of less than a patch is not measured.
            ((100, 640), [0.5, 1.0]),
            # Nor is it reached by halving what is long, which is measured densely then.
            ((40, 6600), [1.0]),
            ((70, 6600), [0.5]),
        ],
    )
    def test_automatic_factors(self, shape, factors):
        record = Recorder(shape)
        sigma, _ = measure_at("auto", shape, 32, record, record.sharp)
        assert record.asked == factors
        assert sigma.shape == shape
        # Where that leaves the photograph, it is measured where it is sharp.
        assert [*factors, *record.asked_sharp][-1] == 1.0

    @pytest.mark.parametrize(
        ("seen", "share"), [(0.0, 0), (1.5, 0), (2.25, 0.5), (3.0, 1), (19.0, 1)]
    )
    def test_automatic_passes_over_where_patches_show_much_blur(self, seen, share):
        shape = 300, 520
        record = Recorder(shape, **{"1.0": (2.0, 0.8, seen), "0.5": (0.8, 0.4, 0)})
        sigma, confidence = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 2 + share * (0.8 / 0.5 - 2), rtol=1e-5)
        np.testing.assert_allclose(confidence, 0.8 + share * (0.4 - 0.8), rtol=1e-5)

    @pytest.mark.parametrize(
        ("half", "share"), [(0.5, 0), (1.0, 0), (1.25, 0.5), (1.5, 1), (9.0, 1)]
    )
    def test_automatic_passes_over_where_the_half_is_blurred(self, half, share):
        shape = 300, 520
        record = Recorder(shape, **{"1.0": (1.0, 0.8, 1.0), "0.5": (half, 0.4, 0)})
        sigma, _ = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 1 + share * (2 * half - 1), rtol=1e-5)

    @pytest.mark.parametrize(
        ("length", "share"), [(400, 0), (402, 0.02), (450, 0.5), (500, 1), (640, 1)]
    )
    def test_one_size_more_comes_in_gradually(self, length, share):
        shape = 300, length
        record = Recorder(shape, **{"1.0": (5.0, 0.3, 5.0), "0.5": (9.0, 1.0, 0)})
        sigma, _ = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 5 + share * (18 - 5), rtol=1e-4)

    @pytest.mark.parametrize(
        ("sure", "share"), [(0.0, 0), (0.07, 0), (0.095, 0.5), (0.12, 1), (1.0, 1)]
    )
    def test_automatic_does_not_pass_over_to_what_shows_nothing(self, sure, share):
        shape = 300, 520
        record = Recorder(shape, **{"1.0": (5.0, 0.3, 5.0), "0.5": (9.0, sure, 0)})
        sigma, _ = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 5 + share * (18 - 5), rtol=1e-4)

    @pytest.mark.parametrize(("known", "share"), [(0.07, 0), (0.095, 0.5), (0.12, 1)])
    def test_what_windows_show_counts_there_not_what_is_told_beside(self, known, share):
        shape = 300, 520
        values = {"1.0": (5.0, 0.3, 5.0, 0.0), "0.5": (9.0, 0.8, 0, known)}
        record = Recorder(shape, **values)
        sigma, confidence = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 5 + share * (18 - 5), rtol=1e-4)
        np.testing.assert_allclose(confidence, 0.3 + share * (0.8 - 0.3), rtol=1e-4)

    def test_what_windows_show_goes_on_from_half_to_half(self):
        # The middle size shows nothing by itself, and takes all from the least one.
        shape = 600, 1040
        values = {
            "1.0": (5.0, 0.3, 5.0, 0.0),
            "0.5": (9.0, 0.8, 9.0, 0.0),
            "0.25": (7.0, 0.8, 0, 0.5),
        }
        record = Recorder(shape, **values)
        sigma, _ = measure_at("auto", shape, 32, record, record.sharp)
        np.testing.assert_allclose(sigma, 28.0, rtol=1e-4)

    @given(
        st.lists(st.tuples(st.floats(0, 15), st.floats(0, 1)), min_size=2, max_size=4)
    )
    def test_several_are_a_mean_by_confidence_of_logarithms(self, pairs):
        factors = [0.5, 1.0, 0.25, 0.75][: len(pairs)]
        values = {str(f): (*pair, 0) for f, pair in zip(factors, pairs, strict=True)}
        record = Recorder((8, 12), **values)
        sigma, confidence = measure_at(
            tuple(factors), (8, 12), 32, record, record.sharp
        )
        sigmas = np.array([s / f for f, (s, _) in zip(factors, pairs, strict=True)])
        trust = np.array([c for _, c in pairs])
        weight = np.maximum(trust, 1e-6)
        expected = np.exp(np.average(np.log(sigmas + 0.8), weights=weight)) - 0.8
        np.testing.assert_allclose(sigma, expected, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(confidence, weight.mean(), rtol=1e-5)


class TestResampling:
    def count(self, image):
        calls = []

        def photograph():
            calls.append(1)
            return image

        return photograph, calls

    @pytest.mark.parametrize("scale", [1.0, (1.0,), "auto"])
    def test_nothing_is_asked_for_where_nothing_changes(self, scale):
        photograph, calls = self.count(None)
        assert resample_all(photograph, scale, (60, 80), 32) == {}
        assert calls == []

    def test_the_photograph_is_asked_for_once(self, small_photo):
        image = small_photo / np.float32(255)
        photograph, calls = self.count(image)
        found = resample_all(photograph, (2, 1, 0.5, 0.001), image.shape[:2], 32)
        assert len(calls) == 1
        assert {f: x.shape for f, x in found.items()} == {
            2: (192, 256, 3),
            0.5: (48, 64, 3),
            0.001: (1, 1, 3),
        }
        for factor, resampled in found.items():
            expected = resize(image, resampled.shape[:2])
            np.testing.assert_array_equal(resampled, expected, err_msg=str(factor))

    def test_automatic_halves_are_halved_again(self):
        image = np.random.default_rng(0).random((480, 960)).astype(np.float32)
        photograph, _ = self.count(image)
        found = resample_all(photograph, "auto", image.shape, 32)
        assert list(found) == [0.5, 0.25]
        means = image
        for resampled in found.values():
            height, width = means.shape
            means = means.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
            np.testing.assert_allclose(resampled, means, atol=1e-6)

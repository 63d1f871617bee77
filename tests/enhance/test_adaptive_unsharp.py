from __future__ import annotations

import warnings
from inspect import signature

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import AdaptiveUnsharpMask, DefocusSample
from skdefocus.enhance import adaptive_unsharp_mask, sharpening_gain
from skdefocus.filters import blur, unsharp_mask

SIGMAS = np.linspace(0, 19, 400)


def test_gain_is_eqs_9_to_11():
    m = SIGMAS / 19
    rise = 1 / (1 + np.exp(-46 * (m - 0.1)))
    fall = 1 - 1 / (1 + np.exp(-183 * (m - 0.27)))
    np.testing.assert_allclose(sharpening_gain(SIGMAS), 2 * rise * fall, atol=1e-4)


@given(
    st.floats(0, 1000),
    st.floats(0, 1),
    st.floats(0, 1000),
    st.floats(0, 1),
    st.floats(0, 9),
)
def test_gain_is_bounded_and_never_overflows(alpha1, beta1, alpha2, beta2, gain):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="beta1")
        found = sharpening_gain(
            [*SIGMAS, 1e6],
            alpha1=alpha1,
            beta1=beta1,
            alpha2=alpha2,
            beta2=beta2,
            gain=gain,
        )
    assert found.dtype == np.float32
    assert (found >= 0).all()
    assert (found <= gain * (1 + 1e-6)).all()


def test_gain_rises_then_falls_and_is_half_at_its_betas():
    found = sharpening_gain(SIGMAS)
    peak = found.argmax()
    assert (np.diff(found[: peak + 1]) >= -1e-6).all()
    assert (np.diff(found[peak:]) <= 1e-6).all()
    halves = sharpening_gain([1.9, 0.27 * 19])
    np.testing.assert_allclose(halves, 1.0, rtol=0.01)
    wide = sharpening_gain([1.0, 4.0], beta1=0.1, beta2=0.4, blur_scale=10.0)
    np.testing.assert_allclose(wide, 1.0, rtol=0.01)


def test_beta1_above_beta2_is_warned_of():
    with pytest.warns(UserWarning, match=r"beta1 \(0.5\) is above beta2 \(0.27\)"):
        found = sharpening_gain(SIGMAS, beta1=0.5)
    assert found.max() < 0.1


def test_without_limit_it_is_eq_8(small_photo):
    blur_map = np.linspace(0, 8, 96 * 128).reshape(96, 128)
    expected = unsharp_mask(small_photo, sharpening_gain(blur_map), radius=1.5)
    found = adaptive_unsharp_mask(small_photo, blur_map, threshold=0, overshoot=None)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "curve",
    [
        {"alpha1": 10.0},
        {"beta1": 0.2},
        {"alpha2": 20.0},
        {"beta2": 0.2},
        {"gain": 4.0},
        {"blur_scale": 12.0},
    ],
)
def test_every_parameter_of_the_curve_reaches_the_gain(small_photo, curve):
    blur_map = np.linspace(0, 8, 96 * 128).reshape(96, 128)
    found = adaptive_unsharp_mask(
        small_photo, blur_map, threshold=0, overshoot=None, **curve
    )
    gain = sharpening_gain(blur_map, **curve)
    np.testing.assert_array_equal(found, unsharp_mask(small_photo, gain, radius=1.5))
    plain = adaptive_unsharp_mask(small_photo, blur_map, threshold=0, overshoot=None)
    assert abs(found - plain).max() > 1e-3


def test_parameters_are_those_of_the_curve_and_the_estimator():
    parameters = signature(adaptive_unsharp_mask).parameters
    estimator = AdaptiveUnsharpMask().get_params()
    assert set(parameters) == {*estimator, "image", "blur_map", "subject_mask"} - {
        "n_jobs"
    }
    for name, default in estimator.items():
        if name != "n_jobs":
            assert parameters[name].default == default
    for name, parameter in signature(sharpening_gain).parameters.items():
        assert parameter.default == parameters[name].default


def test_gain_0_is_the_identity(small_photo):
    blur_map = np.full(small_photo.shape[:2], 3.0)
    found = adaptive_unsharp_mask(small_photo, blur_map, gain=0.0)
    np.testing.assert_array_equal(found, small_photo / np.float32(255))


def test_sharpens_between_and_spares_both_ends(small_photo):
    image = small_photo / np.float32(255)
    change = {
        sigma: abs(
            adaptive_unsharp_mask(image, np.full(image.shape[:2], sigma)) - image
        ).mean()
        for sigma in (0.0, 3.0, 10.0)
    }
    assert change[3.0] > 20 * change[0.0]
    assert change[10.0] < 1e-6


@pytest.mark.parametrize("deviation", [0.004, 0.02])
def test_noise_is_not_sharpened(deviation):
    noisy = 0.5 + np.random.default_rng(0).normal(0, deviation, (60, 60))
    blur_map = np.full(noisy.shape, 3.0)
    plain = adaptive_unsharp_mask(noisy, blur_map, threshold=0.0)
    found = adaptive_unsharp_mask(noisy, blur_map)
    assert plain.std() > 1.6 * noisy.std()
    assert found.std() < 1.1 * noisy.std()


def test_blurred_detail_still_is(texture):
    blurred = blur(texture, 2.0)
    found = adaptive_unsharp_mask(blurred, np.full(texture.shape, 2.5))
    steepness = lambda image: abs(np.diff(image, axis=1)).max()  # noqa: E731
    assert steepness(found) > 1.3 * steepness(blurred)


def test_no_halo_along_a_strong_edge():
    edge = np.repeat([[0.1, 0.8]], 32, axis=1) * np.ones((20, 1))
    found = adaptive_unsharp_mask(edge, np.full(edge.shape, 3.0))
    assert found.min() >= 0.1 - 0.05 * 0.7 - 1e-6
    assert found.max() <= 0.8 + 0.05 * 0.7 + 1e-6
    free = adaptive_unsharp_mask(edge, np.full(edge.shape, 3.0), overshoot=None)
    assert free.max() == 1.0


def test_no_colored_fringes(photo):
    image = np.clip(photo / 255, 0.25, 0.75).astype(np.float32)
    blur_map = np.full(image.shape[:2], 3.0)
    change = adaptive_unsharp_mask(image, blur_map) - image
    assert abs(change).max() > 0.05
    spread = change.max(axis=-1) - change.min(axis=-1)
    inside = (change + image > 0).all(axis=-1) & (change + image < 1).all(axis=-1)
    assert spread[inside].max() < 1e-6


def test_subject_masks_count_as_in_focus(small_photo):
    blur_map = np.full(small_photo.shape[:2], 3.0)
    mask = np.zeros(blur_map.shape, dtype=bool)
    mask[:, :60] = True
    found = adaptive_unsharp_mask(small_photo, blur_map, subject_mask=mask)
    image = small_photo / np.float32(255)
    assert abs(found - image)[:, :60].max() < 0.02
    whole = adaptive_unsharp_mask(small_photo, blur_map)
    np.testing.assert_array_equal(found[:, 60:], whole[:, 60:])
    png = adaptive_unsharp_mask(
        small_photo, blur_map, subject_mask=mask.astype(np.uint8) * 255
    )
    np.testing.assert_array_equal(png, found)
    soft = adaptive_unsharp_mask(small_photo, blur_map, subject_mask=mask * 0.5)
    assert not np.array_equal(soft, found)


def test_a_subject_is_left_as_it_is_whatever_the_curve(small_photo):
    subject = np.zeros(small_photo.shape[:2], bool)
    subject[20:70, 30:90] = True
    found = adaptive_unsharp_mask(
        small_photo, np.full(subject.shape, 3.0), beta1=0.0, subject_mask=subject
    )
    image = small_photo / np.float32(255)
    np.testing.assert_allclose(found[subject], image[subject], atol=1e-6)
    assert abs(found - image).max() > 0.05


@pytest.mark.parametrize("sigma", [-1.0, np.nan])
def test_the_curve_refuses_what_is_no_sigma(sigma):
    with pytest.raises(ValueError, match=r"^blur_map must be"):
        sharpening_gain([2.0, sigma])


class TestEstimator:
    def test_masks_come_one_for_every_photograph(self, small_photo):
        sample = DefocusSample(small_photo, np.full((96, 128), 3.0))
        mask = np.ones((96, 128), dtype=bool)
        plain, masked = AdaptiveUnsharpMask().transform(
            [sample, sample], subject_masks=[None, mask]
        )
        expected = adaptive_unsharp_mask(small_photo, sample.blur_map)
        np.testing.assert_array_equal(plain, expected)
        assert not np.array_equal(masked, expected)
        with pytest.raises(
            ValueError, match="for each of the 2 items of X; it holds 1"
        ):
            AdaptiveUnsharpMask().transform([sample] * 2, subject_masks=[mask])
        with pytest.raises(ValueError, match=r"X\[0\]: subject_mask must have the"):
            AdaptiveUnsharpMask().transform([sample], subject_masks=[mask[:5]])

    def test_refuses_relative_maps_and_says_what_to_do(self, small_photo):
        sample = DefocusSample(small_photo, np.full((96, 128), 0.5), unit="relative")
        with pytest.raises(ValueError, match=r"CalibratedMapper\(mapper\)\.fit"):
            AdaptiveUnsharpMask().transform([sample])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"gain": -1}, "'gain' parameter of AdaptiveUnsharpMask"),
            ({"alpha1": -1}, "'alpha1' parameter"),
            ({"radius": 0}, "'radius' parameter"),
            ({"blur_scale": 0}, "'blur_scale' parameter"),
            ({"overshoot": -1}, "'overshoot' parameter"),
            ({"threshold": -1}, "'threshold' parameter"),
            ({"threshold": "none"}, "'threshold' parameter"),
            ({"beta1": "low"}, "'beta1' parameter"),
        ],
    )
    def test_refuses_bad_parameters(self, small_photo, changes, message):
        sample = DefocusSample(small_photo, np.zeros((96, 128)))
        with pytest.raises(ValueError, match=message):
            AdaptiveUnsharpMask(**changes).transform([sample])

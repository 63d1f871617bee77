from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import _multigrid, mutual_guided_filter
from tests.strategies import color_images, gray_images, maps


def brute_force(
    image, guide, smoothness, guide_smoothness, n_iter, eps=0.01, guide_eps=0.01
):
    """Textbook passes with dense matrices, all differences listed one by one."""
    height, width = image.shape[:2]
    index = np.arange(height * width).reshape(height, width)
    pairs = [(a, b) for a, b in zip(index[:-1].ravel(), index[1:].ravel(), strict=True)]
    left, right = index[:, :-1].ravel(), index[:, 1:].ravel()
    pairs += list(zip(left, right, strict=True))
    first = target = image.reshape(height * width, -1)
    first_guide = reference = guide.reshape(height * width, -1)
    for _ in range(n_iter):
        laplacian = np.zeros((height * width, height * width))
        for a, b in pairs:
            own = max(abs(target[a] - target[b]).max(), eps)
            other = max(abs(reference[a] - reference[b]).max(), guide_eps)
            laplacian[[a, b], [a, b]] += 1 / (own * other)
            laplacian[[a, b], [b, a]] -= 1 / (own * other)
        identity = np.eye(height * width)
        target = np.linalg.solve(identity + smoothness * laplacian, first)
        reference = np.linalg.solve(
            identity + guide_smoothness * laplacian, first_guide
        )
    return target.reshape(image.shape)


@given(maps(), st.sampled_from([0.001, 0.1]), st.sampled_from([0.0, 0.02]))
def test_equals_brute_force(pair, smoothness, guide_smoothness):
    guide, image = pair
    found = mutual_guided_filter(
        image / 19,
        guide,
        smoothness=smoothness,
        guide_smoothness=guide_smoothness,
        n_iter=3,
    )
    expected = brute_force(image / 19, guide, smoothness, guide_smoothness, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@given(color_images())
def test_of_channels_the_largest_difference_counts(image):
    guide = image[::-1]
    found = mutual_guided_filter(image, guide, n_iter=2, eps=0.02, guide_eps=0.05)
    expected = brute_force(image, guide, 0.01, 0.01, 2, eps=0.02, guide_eps=0.05)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@given(gray_images())
def test_without_a_guide_the_image_guides_itself(image):
    settings = {"smoothness": 0.05, "n_iter": 3}
    np.testing.assert_allclose(
        mutual_guided_filter(image, **settings),
        mutual_guided_filter(image, image, guide_smoothness=0.05, **settings),
        atol=1e-9,
    )
    np.testing.assert_allclose(
        mutual_guided_filter(image, **settings),
        brute_force(image, image, 0.05, 0.05, 3),
        atol=1e-8,
    )


@given(maps(), st.sampled_from([0.01, 1.0]))
def test_constant_is_a_fixed_point_and_the_range_is_kept(pair, smoothness):
    guide, image = pair
    constant = np.full(image.shape, 3.25)
    np.testing.assert_allclose(
        mutual_guided_filter(constant, guide, smoothness=smoothness), constant
    )
    found = mutual_guided_filter(image, guide, smoothness=smoothness)
    assert image.min() <= found.min() <= found.max() <= image.max()


@given(maps())
def test_added_constants_come_through(pair):
    guide, image = pair
    np.testing.assert_allclose(
        mutual_guided_filter(image / 19 + 2, guide + 1),
        mutual_guided_filter(image / 19, guide) + 2,
        atol=1e-6,
    )


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    guide, image = pair
    np.testing.assert_allclose(
        mutual_guided_filter(change(image / 19), change(guide)),
        change(mutual_guided_filter(image / 19, guide)),
        atol=1e-8,
    )


@given(maps(np.float32))
def test_no_smoothness_or_no_pass_is_the_identity(pair):
    guide, image = pair
    for changes in ({"smoothness": 0}, {"n_iter": 0}):
        found = mutual_guided_filter(image, guide, **changes)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, image)
        assert found is not image


def test_large_images_agree_with_the_direct_solve(photo, monkeypatch):
    guide = photo[100:228, 100:260] / 255
    image = guide[..., 1].round(1)
    found = mutual_guided_filter(image, guide, smoothness=0.1)
    monkeypatch.setattr(_multigrid, "_DIRECT_SIZE", 10**6)
    exact = mutual_guided_filter(image, guide, smoothness=0.1)
    assert abs(found - exact).max() < 1e-3
    assert not np.array_equal(found, exact)


def test_large_images_commute_with_flips(small_photo):
    image = small_photo[..., 0] / 255
    guide = small_photo / 255
    np.testing.assert_allclose(
        mutual_guided_filter(image[:, ::-1], guide[:, ::-1])[:, ::-1],
        mutual_guided_filter(image, guide),
        atol=1e-3,
    )


def test_float32_agrees_with_float64(small_photo):
    image = (small_photo[..., 0] / 255).astype(np.float32)
    found = mutual_guided_filter(image, small_photo)
    assert found.dtype == np.float32
    expected = mutual_guided_filter(image.astype(np.float64), small_photo)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_uint8_counts_as_unit_scale(small_photo):
    np.testing.assert_allclose(
        mutual_guided_filter(small_photo, small_photo[..., 0]),
        mutual_guided_filter(
            (small_photo / 255).astype(np.float32), small_photo[..., 0] / 255
        ),
        atol=1e-3,
    )


def texture_and_step():
    """A step that both images share, with texture in one and noise in the other."""
    rng = np.random.default_rng(0)
    step = np.repeat([[0.2, 0.8]], 20, axis=1) * np.ones((40, 1))
    texture = step + 0.1 * (np.indices(step.shape).sum(axis=0) % 2)
    return step, step + rng.normal(0, 0.03, step.shape), texture


def test_shared_edges_stay_and_texture_goes():
    step, noisy, texture = texture_and_step()
    settings = {"smoothness": 0.05, "n_iter": 4}
    found = mutual_guided_filter(noisy, texture, guide_smoothness=0.02, **settings)
    assert abs(found - step).mean() < abs(noisy - step).mean() / 4
    assert (found[:, 20] - found[:, 19]).min() > 0.5
    static = mutual_guided_filter(noisy, texture, guide_smoothness=0, **settings)
    assert abs(found - step).mean() < abs(static - step).mean()


def test_exchange_gives_the_guide_s_side():
    _, noisy, texture = texture_and_step()
    smooth_guide = mutual_guided_filter(texture, noisy, smoothness=0.02, n_iter=4)
    assert np.ptp(smooth_guide[:, :15]) < np.ptp(texture[:, :15]) / 4


def test_refuses_what_cannot_be_solved(small_photo, monkeypatch):
    monkeypatch.setattr(_multigrid, "_MAX_ITERATIONS", 2)
    with pytest.raises(RuntimeError, match="not solved in 2 iterations; less smooth"):
        mutual_guided_filter(small_photo, smoothness=10.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smoothness": -1}, "'smoothness' parameter of mutual_guided_filter"),
        ({"smoothness": np.nan}, "'smoothness' parameter"),
        ({"guide_smoothness": -0.1}, "'guide_smoothness' parameter"),
        ({"n_iter": -1}, "'n_iter' parameter"),
        ({"n_iter": 1.5}, "'n_iter' parameter"),
        ({"eps": 0}, "'eps' parameter"),
        ({"guide_eps": 0.0}, "'guide_eps' parameter"),
        ({"guide": np.zeros((5, 4))}, "guide must have the image's height and width"),
        ({"guide": np.full((4, 4), np.nan)}, "guide must be finite"),
        ({"image": np.zeros(4)}, "image must have shape"),
    ],
)
def test_refuses_bad_input(changes, message):
    arguments = {"image": np.zeros((4, 4)), "guide": np.zeros((4, 4)), **changes}
    with pytest.raises(ValueError, match=message):
        mutual_guided_filter(**arguments)

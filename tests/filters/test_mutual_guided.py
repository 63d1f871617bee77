from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import splu

from skdefocus.filters import _multigrid, mutual_guided_filter
from tests.strategies import color_images, gray_images, maps


def solve(laplacian, strength, right):
    identity = sparse.eye_array(laplacian.shape[0])
    return splu(sparse.csc_array(identity + strength * laplacian)).solve(right)


def brute_force(
    image, guide, smoothness, guide_smoothness, n_iter, eps=0.01, guide_eps=0.01
):
    """Textbook passes with sparse factors, all differences listed one by one."""
    height, width = image.shape[:2]
    index = np.arange(height * width).reshape(height, width)
    pairs = [(a, b) for a, b in zip(index[:-1].ravel(), index[1:].ravel(), strict=True)]
    left, right = index[:, :-1].ravel(), index[:, 1:].ravel()
    pairs += list(zip(left, right, strict=True))
    a, b = np.array(pairs, int).reshape(-1, 2).T
    n_pixels = height * width
    first = target = image.reshape(n_pixels, -1)
    first_guide = reference = guide.reshape(n_pixels, -1)
    for _ in range(n_iter):
        own = np.maximum(abs(target[a] - target[b]).max(axis=1), eps)
        other = np.maximum(abs(reference[a] - reference[b]).max(axis=1), guide_eps)
        weight = 1 / (own * other)
        entries = np.concatenate([weight, weight, -weight, -weight])
        rows, columns = np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])
        shape = n_pixels, n_pixels
        laplacian = sparse.coo_array((entries, (rows, columns)), shape).tocsc()
        target = solve(laplacian, smoothness, first)
        reference = solve(laplacian, guide_smoothness, first_guide)
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


def test_large_images_agree_with_brute_force(photo):
    guide = photo[100:228, 100:260] / 255
    image = guide[..., 1].round(1)
    # More unknowns than are solved for directly.
    assert image.size > 2 * _multigrid._DIRECT_SIZE
    found = mutual_guided_filter(image, guide, smoothness=0.1)
    exact = brute_force(image, guide, 0.1, 0.01, 3)
    assert abs(found - exact).max() < 1e-3


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


def test_refuses_what_cannot_be_solved(small_photo):
    # Beside so much smoothness little of the pixels is left in double precision.
    with pytest.raises(RuntimeError, match="not solved in 2000 iterations; less smoo"):
        mutual_guided_filter(small_photo[:50, :50], smoothness=1e12)


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

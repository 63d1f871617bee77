from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import guided_filter, unsharp_mask
from skdefocus.render import render_guided, sdof_weight


@pytest.fixture
def blur_map(small_photo):
    blur_map = np.full(small_photo.shape[:2], 0.5)
    blur_map[:, 64:] = 9.0
    return blur_map


def test_is_eq_12(small_photo, blur_map):
    image = small_photo / np.float32(255)
    smooth = [np.ascontiguousarray(image[..., channel]) for channel in range(3)]
    for _ in range(5):
        smooth = [guided_filter(x, radius=33, eps=128 / 255**2) for x in smooth]
    smooth = np.stack(smooth, axis=-1)
    weight = sdof_weight(blur_map, 1, 7)[..., np.newaxis]
    expected = weight * unsharp_mask(image, 0.25) + (1 - weight) * smooth
    found = render_guided(small_photo, blur_map, 1, 7)
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-5)


def test_without_a_pass_only_the_subject_is_sharpened(small_photo, blur_map):
    image = small_photo / np.float32(255)
    found = render_guided(small_photo, blur_map, 1, 7, n_iter=0)
    np.testing.assert_allclose(found[:, 64:], image[:, 64:], atol=1e-3)
    assert abs(found - image)[:, :64].max() > 0.01


def test_strong_edges_of_the_background_stay():
    rng = np.random.default_rng(0)
    image = np.repeat([[0.2, 0.8]], 40, axis=1) + rng.normal(0, 0.02, (60, 80))
    found = render_guided(image, np.full(image.shape, 9.0), 1, 7, radius=5)
    assert found[:, 41:44].mean() - found[:, 36:39].mean() > 0.55
    assert found[:, :30].std() < 0.3 * image[:, :30].std()


def test_the_largest_sigma_is_not_used_with_sigma(small_photo, blur_map):
    expected = render_guided(small_photo, blur_map, radius=5)
    found = render_guided(small_photo, blur_map, radius=5, largest_sigma=9.0)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radius": -1}, "'radius' parameter of render_guided"),
        ({"eps": 0.0}, "'eps' parameter of render_guided"),
        ({"n_iter": 1.5}, "'n_iter' parameter of render_guided"),
        ({"largest_sigma": 0.0}, "'largest_sigma' parameter of render_guided"),
    ],
)
def test_refuses_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        render_guided(np.zeros((8, 9)), np.zeros((8, 9)), 1, 7, **changes)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import box_mean
from tests.strategies import gray_images, radii


def brute_force(image: np.ndarray, radius: int) -> np.ndarray:
    padded = np.pad(image, radius, mode="symmetric") if radius else image
    result = np.empty(image.shape)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            window = padded[
                row : row + 2 * radius + 1, column : column + 2 * radius + 1
            ]
            result[row, column] = window.mean()
    return result


@given(gray_images(), radii)
def test_equals_brute_force(image, radius):
    np.testing.assert_allclose(
        box_mean(image, radius), brute_force(image, radius), rtol=1e-10, atol=1e-12
    )


@given(gray_images(np.float32), radii)
def test_float32_stays_and_stays_within_the_range(image, radius):
    mean = box_mean(image, radius)
    assert mean.dtype == np.float32
    assert mean.min() >= image.min()
    assert mean.max() <= image.max()


@given(gray_images(), radii, st.sampled_from(["flip", "mirror", "turn"]))
def test_commutes_with_flips_and_turns(image, radius, change):
    change = {"flip": np.flipud, "mirror": np.fliplr, "turn": np.rot90}[change]
    np.testing.assert_allclose(
        box_mean(change(image), radius), change(box_mean(image, radius)), atol=1e-12
    )


@given(gray_images())
def test_radius_0_is_the_identity(image):
    np.testing.assert_array_equal(box_mean(image, 0), image)


def test_sums_do_not_drift():
    rng = np.random.default_rng(0)
    image = (1000 + rng.random((3, 100_000))).astype(np.float32)
    expected = ndimage.uniform_filter(image.astype(np.float64), 11, mode="reflect")
    np.testing.assert_allclose(box_mean(image, 5), expected, rtol=2e-7)


def test_color_is_filtered_channel_by_channel(small_photo):
    image = small_photo / 255
    expected = np.stack([box_mean(image[..., c], 3) for c in range(3)], axis=-1)
    np.testing.assert_array_equal(box_mean(image, 3), expected)


def test_input_stays_as_it_was(small_photo):
    image = small_photo[..., 0] / 255
    image.setflags(write=False)
    before = image.copy()
    box_mean(image, 2)
    box_mean(image, 0)[0, 0] = 5
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("radius", [-1, 1.5, "2", None, True])
def test_refuses_a_bad_radius(radius):
    with pytest.raises(
        ValueError, match="'radius' parameter of box_mean must be an int"
    ):
        box_mean(np.zeros((4, 4)), radius)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros(4), r"must have shape \(H, W\)"),
        (np.zeros((0, 4)), "not be empty"),
        (np.full((4, 4), np.nan), "NaN or infinity"),
        (np.zeros((4, 4), dtype=np.int64), "got dtype int64"),
    ],
)
def test_refuses_what_is_no_image(image, message):
    with pytest.raises(ValueError, match=message):
        box_mean(image, 1)

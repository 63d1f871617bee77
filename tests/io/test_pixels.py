from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageOps

from skdefocus.io.pixels import divide_by_alpha, rotate, split_alpha

DTYPES = st.sampled_from([np.uint8, np.uint16])
SIDES = st.integers(1, 6)


def pixels(dtype, *shape):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, True)


@pytest.mark.parametrize("shape", [(4, 7), (4, 7, 3)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_is_that_of_pillow(shape, orientation):
    array = pixels(np.uint8, *shape)
    picture = Image.fromarray(array)
    picture.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    found = rotate(array, orientation)
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous


@pytest.mark.parametrize("orientation", [-1, 0, 9, 65535])
def test_orientations_that_do_not_exist_turn_nothing(orientation):
    array = pixels(np.uint8, 3, 5)
    np.testing.assert_array_equal(rotate(array, orientation), array)


@given(SIDES, SIDES, st.integers(0, 4), DTYPES)
def test_parting_alpha_loses_nothing(height, width, n_channels, dtype):
    shape = (height, width, n_channels) if n_channels else (height, width)
    array = pixels(dtype, *shape)
    image, alpha = split_alpha(array)
    assert image.shape == ((height, width, 3) if n_channels > 2 else (height, width))
    assert image.flags.c_contiguous
    assert (alpha is not None) == (n_channels in (2, 4))
    parts = [image]
    if alpha is not None:
        assert alpha.shape == (height, width)
        assert alpha.flags.c_contiguous
        parts.append(alpha)
    together = np.dstack(parts)
    np.testing.assert_array_equal(together.reshape(shape), array)


@given(SIDES, SIDES, DTYPES, st.booleans(), st.data())
def test_division_undoes_multiplication(height, width, dtype, color, data):
    shape = (height, width, 3) if color else (height, width)
    limit = np.iinfo(dtype).max
    image = data.draw(hnp.arrays(dtype, shape))
    alpha = data.draw(hnp.arrays(dtype, (height, width)))
    share = (alpha / limit).reshape(alpha.shape + (1,) * color)
    multiplied = np.rint(image * share).astype(dtype)
    found = divide_by_alpha(multiplied, alpha)
    assert found.dtype == dtype
    # Half a step of the product, magnified, and half a step of the result.
    bound = 0.5 / np.maximum(share, 1e-9) + 0.5 + 1e-6
    error = np.abs(found.astype(float) - image)
    visible = np.broadcast_to(share > 0, shape)
    assert (error <= bound)[visible].all()
    # Colors of what cannot be seen are lost.
    assert (found[~visible] == 0).all()


@given(hnp.arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32)))
def test_division_of_floats(image):
    alpha = np.linspace(0.01, 1, 12, dtype=np.float32).reshape(3, 4)
    found = divide_by_alpha(image * alpha[..., np.newaxis], alpha)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, image, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_above_their_alpha_stay_in_the_range(dtype):
    # No program multiplies so, but a damaged file may hold it.
    limit = np.iinfo(dtype).max
    image = np.full((1, 2), limit, dtype)
    found = divide_by_alpha(image, np.array([[0, limit // 2]], dtype))
    np.testing.assert_array_equal(found, limit)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from skdefocus.filters import linear_to_srgb, srgb_to_linear
from tests.strategies import color_images


def test_light_is_the_standard_by_hand():
    # 0.5 by the formula; the two pieces meet at 0.04045.
    expected = ((0.5 + 0.055) / 1.055) ** 2.4
    found = srgb_to_linear(np.array([[0.02, 0.5, 0.04045]]))
    np.testing.assert_allclose(found, [[0.02 / 12.92, expected, 0.0031308]], rtol=1e-4)


@given(color_images(np.float32))
def test_there_and_back(image):
    light = srgb_to_linear(image)
    assert light.dtype == np.float32
    assert (light <= image).all()
    np.testing.assert_allclose(linear_to_srgb(light), image, atol=1e-6)


def test_8_bits_survive():
    levels = np.arange(256, dtype=np.uint8)[np.newaxis]
    back = np.rint(linear_to_srgb(srgb_to_linear(levels)) * 255)
    np.testing.assert_array_equal(back, levels)


@pytest.mark.parametrize("function", [srgb_to_linear, linear_to_srgb])
def test_refuses_what_is_no_image(function):
    with pytest.raises(
        ValueError, match=r"float in \[0, 1\]; its values span \[0, 2\]"
    ):
        function(np.array([[0.0, 2.0]]))

from __future__ import annotations

import numpy as np
import pytest

from skdefocus import AdaptiveUnsharpMask, DefocusSample, UnsharpMask
from skdefocus.filters import unsharp_mask


def test_is_eq_8(small_photo):
    found = UnsharpMask(1.5, radius=2.0, threshold=0.01).transform([small_photo])[0]
    expected = unsharp_mask(small_photo, 1.5, radius=2.0, threshold=0.01)
    np.testing.assert_array_equal(found, expected)


def test_gain_0_is_the_identity(small_photo):
    found = UnsharpMask(0.0).transform([small_photo])[0]
    np.testing.assert_array_equal(found, small_photo / np.float32(255))


def test_is_the_adaptive_mask_where_that_has_its_full_gain(texture):
    blur_map = np.full(texture.shape, 3.5)
    sample = DefocusSample(texture, blur_map)
    adaptive = AdaptiveUnsharpMask(threshold=0, overshoot=None, alpha1=1e3, alpha2=1e3)
    expected = adaptive.transform([sample])[0]
    found = UnsharpMask(2.0).transform([sample])[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gain": -1}, "'gain' parameter of UnsharpMask"),
        ({"radius": 0}, "'radius' parameter"),
        ({"threshold": "auto"}, "'threshold' parameter"),
        ({"overshoot": -1}, "'overshoot' parameter"),
    ],
)
def test_refuses_bad_parameters(small_photo, changes, message):
    with pytest.raises(ValueError, match=message):
        UnsharpMask(**changes).transform([small_photo])

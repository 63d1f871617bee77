from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skdefocus import (
    AdaptiveUnsharpMask,
    CalibratedMapper,
    LaplacianVarianceMapper,
    SlidingWindowMapper,
)
from skdefocus.filters import blur

SIGMAS = (0.0, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@pytest.fixture(scope="module")
def known(texture):
    images = [blur(texture, sigma) for sigma in SIGMAS]
    return images, [np.full(texture.shape, sigma) for sigma in SIGMAS]


@pytest.fixture(scope="module")
def calibrated(known):
    return CalibratedMapper(LaplacianVarianceMapper()).fit(*known)


@pytest.mark.parametrize("sigma", [1.2, 2.5, 5.0])
def test_measures_sigmas_that_it_was_not_shown(calibrated, texture, sigma):
    sample = calibrated.transform([blur(np.flipud(texture), sigma)])[0]
    assert sample.unit == "px"
    assert sample.blur_map.dtype == np.float32
    assert np.median(sample.blur_map) == pytest.approx(sigma, rel=0.35)


def test_the_curve_is_monotone(calibrated):
    curve = calibrated.regression_.predict(np.linspace(0, 1, 200))
    assert (np.diff(curve) >= 0).all()
    assert 0 <= curve[0] < curve[-1] <= 6


def test_opens_the_way_to_enhancers(calibrated, small_photo):
    samples = calibrated.transform([small_photo])
    assert AdaptiveUnsharpMask().transform(samples)[0].shape == small_photo.shape


def test_copies_and_repeats(calibrated, known, texture):
    expected = calibrated.transform([texture])[0].blur_map
    for copy in (pickle.loads(pickle.dumps(calibrated)), clone(calibrated).fit(*known)):
        np.testing.assert_array_equal(copy.transform([texture])[0].blur_map, expected)


def test_takes_maps_in_pixels_too(known, texture):
    mapper = CalibratedMapper(SlidingWindowMapper(estimate="mean")).fit(*known)
    assert mapper.transform([texture])[0].confidence is not None


def test_refusals(known, texture):
    mapper = CalibratedMapper(LaplacianVarianceMapper())
    with pytest.raises(NotFittedError):
        mapper.transform([texture])
    with pytest.raises(ValueError, match="for each of the 8 photographs; it holds 1"):
        mapper.fit(known[0], known[1][:1])
    with pytest.raises(ValueError, match=r"y\[0\] must have the photograph's shape"):
        mapper.fit(known[0], [m[:5] for m in known[1]])
    with pytest.raises(ValueError, match="needs the blur map of each photograph"):
        mapper.fit(known[0], None)
    with pytest.raises(ValueError, match="'mapper' parameter of CalibratedMapper"):
        CalibratedMapper(5).fit(*known)

from __future__ import annotations

import numpy as np
import pytest

from skdefocus import LaplacianVarianceMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import laplacian_variance_map


def test_more_blur_scores_higher(texture):
    scores = [
        float(np.median(laplacian_variance_map(blur(texture, sigma))))
        for sigma in (0, 1, 2, 4, 8)
    ]
    assert scores == sorted(scores)
    assert 0 <= scores[0] < scores[-1] <= 1


def test_scale_is_fixed_not_the_photograph_s_own(texture):
    whole = laplacian_variance_map(texture)
    part = laplacian_variance_map(texture[:80, :80])
    np.testing.assert_allclose(whole[:60, :60], part[:60, :60], atol=1e-4)


def test_samples_are_relative(photo):
    sample = LaplacianVarianceMapper().transform([photo])[0]
    assert sample.unit == "relative"
    assert sample.confidence.dtype == np.float32
    assert 0.02 <= sample.confidence.min() <= sample.confidence.max() <= 1
    assert sample.confidence[230, 320] > sample.confidence[50, 50]
    assert sample.blur_map.dtype == np.float32
    assert sample.blur_map[230, 320] < sample.blur_map[50, 50]


def test_refuses_a_bad_size(photo):
    with pytest.raises(ValueError, match="'patch_size' parameter of LaplacianVariance"):
        LaplacianVarianceMapper(patch_size=0).transform([photo])

from __future__ import annotations

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier
from skdefocus.patches import make_blur_patches

LADDER = (0.0, 1.0, 4.0)


@pytest.fixture(scope="session")
def patch_set(photo, texture):
    """A few patches of three clearly different levels."""
    photos = [photo[120:360, 160:440], texture]
    X, y, _ = make_blur_patches(photos, LADDER, n_patches=360, random_state=0)
    order = np.random.default_rng(0).permutation(len(X))
    return X[order], y[order]


@pytest.fixture(scope="session")
def make_classifier():
    def make(**changes):
        settings = {"epochs": 2, "batch_size": 32, "random_state": 0, **changes}
        return PatchBlurClassifier(ladder=LADDER, **settings)

    return make


@pytest.fixture(scope="session")
def trained(patch_set, make_classifier):
    return make_classifier(epochs=6).fit(*patch_set)

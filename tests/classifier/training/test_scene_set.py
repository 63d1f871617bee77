from __future__ import annotations

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier
from skdefocus._shared.validation import to_float_image
from skdefocus.classifier.context_features import (
    context_conditions,
    context_features,
    count_features,
)
from skdefocus.classifier.training.scene_set import make_scene_set
from skdefocus.io import read_image
from skdefocus.synthesis import compose_scene


def test_scenes_are_the_same_for_every_number_of_jobs(sharp_photographs):
    classifier = PatchBlurClassifier.pretrained()
    one, two = (
        make_scene_set(sharp_photographs, classifier, 3, shape=(64, 96), n_jobs=jobs)
        for jobs in (1, 2)
    )
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_scenes_are_made_of_the_photographs_in_turn(sharp_photographs):
    classifier = PatchBlurClassifier.pretrained()
    shape = (50, 64)
    features, targets = make_scene_set(
        sharp_photographs, classifier, 3, shape=shape, random_state=5
    )
    assert features.dtype == targets.dtype == np.float16
    assert features.shape == (3, count_features(18), 13, 16)
    assert targets.shape == (3, 13, 16)
    for index, seed in enumerate(np.random.SeedSequence(5).spawn(3)):
        path = sharp_photographs[index % 2]
        photograph, blur_map = compose_scene(
            read_image(path), shape, np.random.default_rng(seed)
        )
        image = to_float_image(photograph)
        # Not stretched from its darkest to its brightest cell.
        conditions = context_conditions(image)._replace(darkest=0.0, brightest=1.0)
        expected = context_features(image, classifier, 1, conditions)
        np.testing.assert_array_equal(features[index], expected.astype(np.float16))
        # The mean of each cell, on the scale on which the network learns.
        log_sigma = np.log(blur_map + 0.8)
        for row, column in ((0, 0), (3, 7), (11, 15)):
            cell = log_sigma[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            assert targets[index, row, column] == pytest.approx(cell.mean(), abs=2e-3)


def test_another_seed_composes_other_scenes(sharp_photographs):
    classifier = PatchBlurClassifier.pretrained()
    one, other = (
        make_scene_set(
            sharp_photographs, classifier, 1, shape=(48, 48), random_state=seed
        )[1]
        for seed in (0, 1)
    )
    assert not np.array_equal(one, other)


def test_a_photograph_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.png").write_text("no image")
    with pytest.raises(ValueError, match=r"bad\.png is not an image"):
        make_scene_set([tmp_path / "bad.png"], PatchBlurClassifier.pretrained(), 1)

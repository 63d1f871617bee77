"""What the sharpeners that need no blur map have in common."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skdefocus import (
    ContrastAdaptiveSharpening,
    DefocusSample,
    GeneralizedUnsharpMask,
    LaplacianVarianceMapper,
    UnsharpMask,
)

SHARPENERS = [UnsharpMask(), ContrastAdaptiveSharpening(1.0), GeneralizedUnsharpMask()]
name_of = lambda estimator: type(estimator).__name__  # noqa: E731


@pytest.mark.parametrize("sharpener", SHARPENERS, ids=name_of)
class TestEverySharpener:
    def test_takes_photographs_and_samples_of_any_unit(self, sharpener, small_photo):
        shape = small_photo.shape[:2]
        samples = [
            DefocusSample(small_photo),
            DefocusSample(small_photo, np.full(shape, 3.0)),
            DefocusSample(small_photo, np.full(shape, 0.5), unit="relative"),
        ]
        first, *others = sharpener.transform([small_photo, *samples])
        assert first.dtype == np.float32
        assert 0 <= first.min() <= first.max() <= 1
        for other in others:
            np.testing.assert_array_equal(other, first)

    def test_follows_a_mapper(self, sharpener, small_photo):
        steps = make_pipeline(LaplacianVarianceMapper(), sharpener)
        np.testing.assert_array_equal(
            steps.fit_transform([small_photo])[0],
            sharpener.transform([small_photo])[0],
        )

    def test_sharpens_gray_and_color(self, sharpener, small_photo):
        steepness = lambda image: abs(np.diff(image, axis=1)).mean()  # noqa: E731
        for image in (small_photo / 255, small_photo[..., 1] / 255):
            found = sharpener.transform([image])[0]
            assert found.shape == image.shape
            assert steepness(found) > 1.1 * steepness(image)

    def test_subjects_are_left_alone(self, sharpener, small_photo):
        mask = np.zeros(small_photo.shape[:2], dtype=bool)
        mask[:, 60:] = True
        image = small_photo / np.float32(255)
        whole, found = sharpener.transform([image, image], subject_masks=[None, mask])
        np.testing.assert_allclose(found[:, 60:], image[:, 60:], atol=1e-6)
        np.testing.assert_array_equal(found[:, :60], whole[:, :60])
        (half,) = sharpener.transform([image], subject_masks=[mask * 0.5])
        np.testing.assert_allclose(half[:, 60:], (whole + image)[:, 60:] / 2, atol=1e-6)
        steps = make_pipeline(sharpener)
        masks = {f"{name_of(sharpener).lower()}__subject_masks": [mask]}
        np.testing.assert_array_equal(steps.fit_transform([image], **masks)[0], found)

    def test_subjects_are_kept_bit_by_bit(self, sharpener, small_photo):
        image = small_photo / np.float32(255)
        everything = np.ones(image.shape[:2], bool)
        (found,) = sharpener.transform([image], subject_masks=[everything])
        np.testing.assert_array_equal(found, image)

    def test_names_the_item(self, sharpener, small_photo):
        with pytest.raises(ValueError, match=r"X\[1\] must have shape \(H, W\)"):
            sharpener.transform([small_photo, np.zeros(3)])
        with pytest.raises(ValueError, match=r"X\[0\]: subject_mask must have the"):
            sharpener.transform([small_photo], subject_masks=[np.zeros((2, 2))])

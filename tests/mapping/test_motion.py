from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from skdefocus import DefocusSample, GlobalRefiner, MotionDetector
from skdefocus.filters import blur
from skdefocus.mapping import find_motion
from tests.mapping.moved import make_scene, moved
from tests.strategies import color_images, gray_images


@pytest.fixture(scope="module")
def scene():
    return make_scene()


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
@pytest.mark.parametrize("length", [9, 15, 25, 41])
def test_a_straight_path_is_found(scene, degrees, length):
    motion = find_motion(moved(scene, degrees, length))
    off = abs(motion.direction - degrees) % 180
    assert min(off, 180 - off) < 8
    assert motion.length == pytest.approx(length, rel=0.15)
    assert motion.score.shape == scene.shape
    assert motion.score.dtype == np.float32
    assert np.median(motion.score) > 0.5


@pytest.mark.parametrize("psf", ["gaussian", "disc"])
@pytest.mark.parametrize("sigma", [0.0, 1.8, 5.0])
def test_defocus_is_no_motion(scene, psf, sigma):
    motion = find_motion(blur(scene, sigma, psf))
    assert motion.score.max() < 0.5
    assert 0 <= motion.direction < 180


def test_what_moves_alone_is_told_from_the_rest(scene):
    image = scene.copy()
    image[:, :256] = moved(scene, 0, 15)[:, :256]
    score = find_motion(image).score
    assert np.median(score[:, :128]) > 0.5
    assert np.median(score[:, 384:]) < np.median(score[:, :128]) - 0.1


def test_of_a_panorama_the_path_is_found_as_well(scene):
    panorama = np.hstack([scene[:200]] * -(-3300 // scene.shape[1]))
    motion = find_motion(moved(panorama, 0, 15))
    assert motion.direction == pytest.approx(0, abs=8)
    assert motion.length == pytest.approx(15, rel=0.15)


def test_of_a_large_photograph_the_path_is_in_its_own_pixels(scene):
    large = np.kron(moved(scene, 0, 15), np.ones((5, 5)))
    motion = find_motion(large)
    assert motion.score.shape == large.shape
    assert motion.length == pytest.approx(75, rel=0.1)


@given(gray_images() | color_images())
@settings(max_examples=20)
def test_any_image_is_looked_at(image):
    motion = find_motion(image)
    assert motion.score.shape == image.shape[:2]
    assert not motion.score.any()
    assert motion.direction is None is motion.length


def test_a_flat_photograph_has_not_moved():
    motion = find_motion(np.full((200, 300, 3), 128, np.uint8))
    assert motion.score.max() < 0.5
    assert np.isfinite(motion.score).all()


def test_brightness_and_contrast_do_not_matter(scene):
    image = moved(scene, 30, 15)
    one, two = find_motion(image), find_motion(0.2 + 0.3 * image)
    assert one.direction == pytest.approx(two.direction, abs=1)
    np.testing.assert_allclose(one.score, two.score, atol=0.02)


def test_samples_keep_what_they_have(scene):
    image = moved(scene, 0, 15)
    kept = DefocusSample(image, np.ones(image.shape), name="x")
    (found,) = MotionDetector().transform([kept])
    np.testing.assert_array_equal(found.motion, find_motion(image).score)
    assert found.blur_map is kept.blur_map
    assert found.name == "x"
    # Later steps pass it on.
    (refined,) = GlobalRefiner().transform([found])
    np.testing.assert_array_equal(refined.motion, found.motion)

"""The loop over a batch, and the steps that are built on it."""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skdefocus import DefocusSample
from skdefocus._base import (
    ImageTransformer,
    SubjectTransformer,
    map_images,
    without_fit_on_images,
)
from skdefocus._shared.parameters import N_JOBS, POSITIVE_REAL
from skdefocus._shared.threads import available_threads
from skdefocus.io import read_photograph

UNITS = ("px", "relative", "depth", "disparity")
# The map that each need accepts; an image alone will do for None.
NEEDS = {
    "map": {"px", "relative", "depth", "disparity"},
    "blur": {"px", "relative"},
    "px": {"px"},
    "distance": {"px", "depth", "disparity"},
}


def a_sample(unit="px", value=0.5, shape=(3, 4)):
    return DefocusSample(np.zeros(shape), np.full(shape, value), unit=unit)


def same(sample, n_threads):
    return sample


class Scale(ImageTransformer):
    """Multiply the map by a factor."""

    _constraints: ClassVar = {"factor": [POSITIVE_REAL], "n_jobs": N_JOBS}
    _needs = "px"

    def __init__(self, factor=2.0, *, n_jobs=None):
        self.factor = factor
        self.n_jobs = n_jobs

    def _transform_one(self, sample, n_threads):
        return sample.replace(blur_map=sample.blur_map * self.factor)


class Darken(SubjectTransformer):
    """Darken by what is in the map, but spare the subject."""

    _constraints: ClassVar = {"share": [POSITIVE_REAL], "n_jobs": N_JOBS}

    def __init__(self, share=0.5, *, n_jobs=None):
        self.share = share
        self.n_jobs = n_jobs

    @staticmethod
    def _function(image, blur_map, *, subject_mask, share):
        darker = image - share * blur_map
        return darker if subject_mask is None else np.where(subject_mask, image, darker)


class TestMapImages:
    @given(st.integers(1, 7), st.sampled_from([None, 1, 2, 3, -1]))
    def test_gives_one_result_for_every_item_in_order(self, n, n_jobs):
        samples = [a_sample(value=index) for index in range(n)]
        found = map_images(same, samples, n_jobs=n_jobs)
        assert all(one is other for one, other in zip(found, samples, strict=True))

    def test_refuses_what_is_no_list_of_masks(self):
        message = "^subject_masks must be a list of one entry, or None, for each item"
        with pytest.raises(ValueError, match=message):
            Darken().transform([a_sample()], subject_masks=3)

    def test_images_become_samples_with_their_pixels_as_they_are(self):
        images = [np.zeros((2, 3), np.uint8), np.ones((4, 5, 3), np.float32)]
        for image, sample in zip(images, map_images(same, images), strict=True):
            assert np.shares_memory(sample.image, image)
            assert sample.blur_map is None

    def test_keywords_and_masks_reach_the_function(self):
        def function(sample, n_threads, **keywords):
            return keywords

        samples, masks = [a_sample(), a_sample()], [np.ones((3, 4), bool), None]
        assert map_images(function, samples, factor=3) == [{"factor": 3}] * 2
        found = map_images(
            function,
            samples,
            beside={"subject_masks": masks, "scribbles": None},
            factor=3,
        )
        for keywords, mask in zip(found, masks, strict=True):
            assert set(keywords) == {"subject_mask", "factor"}
            assert keywords["subject_mask"] is mask
            assert keywords["factor"] == 3

    @pytest.mark.parametrize("n_masks", [0, 1, 3])
    def test_refuses_masks_for_other_numbers_of_items(self, n_masks):
        with pytest.raises(
            ValueError, match=rf"for each of the 2 items of X; it holds {n_masks}\.$"
        ):
            map_images(
                same, [a_sample()] * 2, beside={"subject_masks": [None] * n_masks}
            )

    @pytest.mark.parametrize(
        ("n_jobs", "n_items", "expected"),
        [(1, 3, None), (2, 1, None), (2, 3, 1), (3, 2, 1)],
    )
    def test_workers_get_one_thread_each(self, n_jobs, n_items, expected):
        def function(sample, n_threads):
            return n_threads, available_threads(), threading.get_ident()

        before = available_threads()
        found = map_images(function, [a_sample()] * n_items, n_jobs=n_jobs)
        assert {n_threads for n_threads, _, _ in found} == {expected}
        allowed = {before if expected is None else 1}
        assert {available for _, available, _ in found} == allowed
        assert available_threads() == before

    @pytest.mark.parametrize("unit", UNITS)
    @pytest.mark.parametrize("needs", NEEDS)
    def test_takes_maps_of_the_units_that_are_needed(self, unit, needs):
        sample = a_sample(unit)
        if unit in NEEDS[needs]:
            assert map_images(same, [sample], needs=needs) == [sample]
            return
        message = (
            r"of unit 'relative', .*: CalibratedMapper\(mapper\)\.fit\(images"
            if unit == "relative"
            else rf"^X\[1\] has a map of unit '{unit}', which says how far things are"
        )
        with pytest.raises(ValueError, match=message):
            map_images(same, [a_sample(), sample], needs=needs)

    @pytest.mark.parametrize("needs", NEEDS)
    def test_refuses_items_without_a_map_where_one_is_needed(self, needs):
        message = r"^X\[1\] must be a DefocusSample, .* ndarray"
        with pytest.raises(ValueError, match=message):
            map_images(same, [a_sample(), np.zeros((2, 2))], needs=needs)
        with pytest.raises(ValueError, match=r"^X\[0\] has no blur map; pass it throu"):
            map_images(same, [DefocusSample(np.zeros((2, 2)))], needs=needs)

    def test_names_the_item_that_is_no_image(self):
        with pytest.raises(ValueError, match=r"^X\[1\] must have shape \(H, W\)"):
            map_images(same, [np.zeros((2, 2)), np.zeros(2)])

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_names_the_item_that_the_function_refuses(self, n_jobs):
        def function(sample, n_threads):
            if sample.blur_map.max() == 2:
                raise ValueError("too blurred.")

        samples = [a_sample(value=value) for value in (0, 1, 2)]
        with pytest.raises(ValueError, match=r"^X\[2\]: too blurred\.$") as error:
            map_images(function, samples, n_jobs=n_jobs)
        if n_jobs == 1:
            # From workers the cause is told by joblib, in words of its own.
            assert str(error.value.__cause__) == "too blurred."

    def test_names_the_item_that_is_not_solved_for(self):
        def function(sample, n_threads):
            raise RuntimeError("not solved.")

        with pytest.raises(RuntimeError, match=r"^X\[0\]: not solved\.$"):
            map_images(function, [a_sample()])

    def test_other_errors_come_out_as_they_are(self):
        def function(sample, n_threads):
            raise MemoryError("of the item")

        with pytest.raises(MemoryError, match=r"^of the item$"):
            map_images(function, [a_sample()])


class TestImageTransformer:
    def test_treats_every_item_alike(self):
        samples = [a_sample(value=1.0), a_sample(value=3.0, shape=(2, 2))]
        for n_jobs in (None, 2):
            found = Scale(1.5, n_jobs=n_jobs).transform(samples)
            assert [sample.blur_map.max() for sample in found] == [1.5, 4.5]

    def test_is_fitted_from_the_start(self):
        step = Scale()
        check_is_fitted(step)
        assert step.fit(None) is step

    def test_says_that_it_takes_images_and_not_rows(self):
        tags = Scale().__sklearn_tags__()
        assert without_fit_on_images(tags) is tags
        assert not tags.requires_fit
        assert tags.no_validation
        assert tags.input_tags.three_d_array
        assert not tags.input_tags.two_d_array
        assert tags.transformer_tags is not None

    @pytest.mark.parametrize(
        "parameters", [{"factor": 0}, {"factor": "2"}, {"n_jobs": 1.5}]
    )
    def test_checks_parameters_when_they_are_used_and_not_before(self, parameters):
        step = clone(Scale().set_params(**parameters))
        (name,) = parameters
        for use in (step.fit, step.transform, step.fit_transform):
            with pytest.raises(ValueError, match=f"'{name}' parameter of Scale"):
                use([a_sample()])

    def test_gives_the_function_its_parameters_without_the_jobs(self):
        assert Scale(3.0, n_jobs=2)._settings() == {"factor": 3.0}

    def test_refuses_units_that_it_does_not_need(self):
        with pytest.raises(ValueError, match="pixels of sigma are needed"):
            Scale().transform([a_sample("relative")])

    def test_a_subclass_must_say_how_to_treat_an_item(self):
        class Nothing(ImageTransformer):
            n_jobs = None

        with pytest.raises(TypeError, match=r"^Nothing does not say how to treat"):
            Nothing().transform([np.zeros((2, 2))])


class TestSubjectTransformer:
    def test_spares_each_photograph_its_own_subject(self):
        samples = [a_sample(value=0.0), a_sample(value=1.0), a_sample(value=1.0)]
        mask = np.zeros((3, 4), bool)
        mask[:, :2] = True
        step = Darken()
        plain, second, masked = step.transform(samples, [None, None, mask])
        np.testing.assert_array_equal(plain, np.zeros((3, 4)))
        np.testing.assert_array_equal(second, np.full((3, 4), -0.5))
        np.testing.assert_array_equal(masked, np.where(mask, 0.0, -0.5))
        for found, expected in zip(
            step.fit_transform(samples, subject_masks=[None, None, mask]),
            (plain, second, masked),
            strict=True,
        ):
            np.testing.assert_array_equal(found, expected)

    def test_masks_reach_a_step_of_a_pipeline(self):
        steps = make_pipeline(Scale(2.0), Darken(0.25))
        mask = np.eye(3, 4, dtype=bool)
        (found,) = steps.fit_transform(
            [a_sample(value=1.0)], darken__subject_masks=[mask]
        )
        np.testing.assert_array_equal(found, np.where(mask, 0.0, -0.5))

    @pytest.mark.parametrize("unit", UNITS[1:])
    def test_needs_pixels(self, unit):
        with pytest.raises(ValueError, match=r"^X\[0\] has a (blur )?map of unit"):
            Darken().transform([a_sample(unit)])

    def test_checks_its_parameters(self):
        with pytest.raises(ValueError, match="'share' parameter of Darken"):
            Darken(-1.0).transform([a_sample()])


class TestItems:
    """What a mapper takes for a photograph."""

    @pytest.fixture
    def pixels(self):
        return np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)

    def test_whatever_a_photograph_comes_as(self, pixels, tmp_path):
        path = tmp_path / "bird.png"
        Image.fromarray(pixels).save(path)
        clear = np.dstack([pixels, pixels[..., 0]])
        items = [pixels, clear, path, str(path), Image.fromarray(pixels)]
        items += [Image.fromarray(clear), read_photograph(path), DefocusSample(pixels)]
        samples = map_images(same, items)
        for sample in samples:
            np.testing.assert_array_equal(sample.image, pixels)
        assert [sample.name for sample in samples[:4]] == [
            None,
            None,
            *["bird.png"] * 2,
        ]

    def test_a_batch_with_alpha(self, pixels):
        clear = np.dstack([pixels, pixels[..., 0]])
        samples = map_images(same, np.stack([clear, clear]))
        np.testing.assert_array_equal(samples[1].image, pixels)

    def test_files_that_are_none_are_named(self, tmp_path):
        (tmp_path / "x.jpg").touch()
        with pytest.raises(ValueError, match=r"X\[0\]: .*x\.jpg is empty"):
            map_images(same, [tmp_path / "x.jpg"])
        with pytest.raises(FileNotFoundError, match=r"none\.jpg"):
            map_images(same, [tmp_path / "none.jpg"])

    def test_later_steps_take_samples_alone(self, pixels):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            map_images(same, [pixels], needs="map")

from __future__ import annotations

import doctest
import importlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import DefocusSample, LaplacianVarianceMapper
from skdefocus.filters import matting_smoother
from skdefocus.refine import MattingRefiner, refine_matting
from tests.strategies import maps


@pytest.fixture(scope="module", autouse=True)
def _pymatting():
    pytest.importorskip("pymatting", reason="the extra 'compare' brings it")


def test_is_the_matting_smoother_within_the_range(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    confidence = rng.random(blur_map.shape)
    expected = matting_smoother(
        blur_map, small_photo, confidence, data_weight=0.02, eps=1e-3, radius=2
    )
    found = refine_matting(
        blur_map, small_photo, confidence, data_weight=0.02, eps=1e-3, radius=2
    )
    assert found.dtype == np.float32
    np.testing.assert_array_equal(
        found, np.clip(expected, blur_map.min(), blur_map.max())
    )


@given(maps(np.float32))
def test_constant_is_a_fixed_point_and_the_range_is_kept(pair):
    image, blur_map = pair
    constant = np.full(image.shape, 4.5, np.float32)
    np.testing.assert_allclose(refine_matting(constant, image), 4.5, rtol=1e-6)
    refined = refine_matting(blur_map, image)
    assert blur_map.min() <= refined.min() <= refined.max() <= blur_map.max()


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    image, blur_map = pair
    np.testing.assert_allclose(
        refine_matting(change(blur_map), change(image)),
        change(refine_matting(blur_map, image)),
        atol=1e-4,
    )


@given(maps(np.float32))
def test_a_large_data_weight_is_the_identity(pair):
    image, blur_map = pair
    found = refine_matting(blur_map, image, data_weight=1e9)
    np.testing.assert_allclose(found, blur_map, atol=1e-5)


def test_takes_the_map_to_the_photograph_s_edge():
    image = np.repeat([[0.2, 0.8]], 48, axis=1) * np.ones((96, 1))
    coarse = np.full(image.shape, 6.0)
    coarse[:, :60] = 1.0
    row = refine_matting(coarse, image, data_weight=0.001)[48]
    assert row[48] - row[47] > 2


def test_every_parameter_is_free(small_photo):
    blur_map = np.random.default_rng(0).random(small_photo.shape[:2])
    base = refine_matting(blur_map, small_photo)
    for changes in (
        {"confidence": np.linspace(0, 1, blur_map.size).reshape(blur_map.shape)},
        {"data_weight": 1.0},
        {"eps": 1e-2},
        {"radius": 2},
        {"guide_channels": "gray"},
    ):
        assert not np.allclose(refine_matting(blur_map, small_photo, **changes), base)


class TestEstimator:
    def test_takes_both_units_and_confidence_or_none(self, small_photo):
        relative = LaplacianVarianceMapper().transform([small_photo])[0]
        confidence = np.linspace(0, 1, relative.blur_map.size)
        confidence = confidence.reshape(relative.blur_map.shape)
        samples = [
            relative.replace(confidence=None),
            DefocusSample(small_photo, relative.blur_map * 9, confidence),
        ]
        for sample in samples:
            (refined,) = MattingRefiner().transform([sample])
            assert refined.unit == sample.unit
            assert refined.image is sample.image
            assert refined.confidence is sample.confidence
            np.testing.assert_array_equal(
                refined.blur_map,
                refine_matting(sample.blur_map, small_photo, sample.confidence),
            )

    def test_refuses_photographs_and_samples_without_a_map(self, small_photo):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            MattingRefiner().transform([small_photo])
        with pytest.raises(ValueError, match=r"X\[0\] has no blur map"):
            MattingRefiner().transform([DefocusSample(small_photo)])

    def test_names_the_extra_without_pymatting(self, small_photo, monkeypatch):
        monkeypatch.setitem(sys.modules, "pymatting", None)
        sample = DefocusSample(small_photo, np.zeros(small_photo.shape[:2]))
        with pytest.raises(ImportError, match=r"pip install 'skdefocus\[compare\]'"):
            MattingRefiner().transform([sample])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"data_weight": 0}, "'data_weight' parameter of MattingRefiner"),
            ({"eps": 0}, "'eps' parameter of MattingRefiner"),
            ({"radius": 0}, "'radius' parameter"),
            ({"guide_channels": "red"}, "'guide_channels' parameter"),
            ({"n_jobs": "two"}, "'n_jobs' parameter"),
        ],
    )
    def test_refuses_bad_parameters(self, small_photo, changes, message):
        sample = DefocusSample(small_photo, np.zeros(small_photo.shape[:2]))
        with pytest.raises(ValueError, match=message):
            MattingRefiner(**changes).transform([sample])


def test_function_refuses_bad_input(small_photo):
    with pytest.raises(ValueError, match="blur_map must have the photograph's shape"):
        refine_matting(np.zeros((5, 5)), small_photo)
    with pytest.raises(ValueError, match="confidence must have the photograph's shape"):
        refine_matting(np.zeros((96, 128)), small_photo, np.zeros((5, 5)))
    with pytest.raises(ValueError, match="'eps' parameter of refine_matting"):
        refine_matting(np.zeros((96, 128)), small_photo, eps=-1)


@pytest.mark.parametrize("name", ["filters.matting", "refine.matting"])
def test_examples_that_skip_without_pymatting_are_right(name):
    module = importlib.import_module(f"skdefocus.{name}")
    for example in doctest.DocTestFinder(exclude_empty=True).find(module):
        source = example.docstring.replace("  # doctest: +SKIP", "")
        parsed = doctest.DocTestParser().get_doctest(source, {}, example.name, None, 0)
        assert doctest.DocTestRunner(verbose=False).run(parsed).failed == 0


def test_takes_a_coarse_map_nearer_to_the_subject(coarse):
    image, subject, blur_map = coarse
    confidence = np.where(blur_map < 2, 0.5, 1.0).astype(np.float32)
    sample = DefocusSample(image, blur_map, confidence)
    refiner = MattingRefiner()
    (result,) = refiner.transform([sample])
    assert result.blur_map.dtype == np.float32
    expected = refine_matting(blur_map, image, confidence)
    np.testing.assert_array_equal(result.blur_map, expected)
    assert ((expected > 2) != ~subject).mean() < ((blur_map > 2) != ~subject).mean()
    assert blur_map.min() <= expected.min() <= expected.max() <= blur_map.max()

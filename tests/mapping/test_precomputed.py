from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSample, DefocusSegmenter, GlobalRefiner, PrecomputedMapper
from skdefocus.io import write_map, write_photograph
from skdefocus.mapping import precomputed_map

SHAPE = (24, 32)


@pytest.fixture
def photographs(tmp_path):
    """Two photographs, and the folder of their maps."""
    rng = np.random.default_rng(0)
    paths = []
    for number, name in enumerate(("bird.jpg", "out.of.focus.png")):
        paths.append(tmp_path / "photographs" / name)
        paths[-1].parent.mkdir(exist_ok=True)
        write_photograph(paths[-1], rng.random((*SHAPE, 3)))
        sigma = np.full(SHAPE, 1.5 + number)
        write_map(tmp_path / "maps" / f"{paths[-1].stem}.png", sigma)
    return paths


@pytest.fixture
def maps(photographs):
    return photographs[0].parents[1] / "maps"


def test_paths_find_their_maps_in_any_order(photographs, maps):
    mapper = PrecomputedMapper(maps, 1 / 256)
    for paths in (photographs, photographs[::-1], [str(p) for p in photographs]):
        for path, sample in zip(paths, mapper.transform(paths), strict=True):
            assert sample.unit == "px"
            assert sample.blur_map.dtype == np.float32
            assert sample.image.shape == (*SHAPE, 3)
            expected = 1.5 if "bird" in str(path) else 2.5
            np.testing.assert_array_equal(sample.blur_map, expected)
            assert sample.confidence is None


def test_samples_find_their_maps_by_name(maps):
    names = ["bird", "bird.jpg", "elsewhere/bird.JPG", "bird.pgm", "bird.pfm"]
    samples = [DefocusSample(np.zeros(SHAPE), name=name) for name in names]
    for sample in PrecomputedMapper(maps, 1 / 256, n_jobs=2).transform(samples):
        np.testing.assert_array_equal(sample.blur_map, 1.5)
        assert sample.name in names


def test_same_from_a_copy_and_after_fit(photographs, maps):
    mapper = PrecomputedMapper(maps, 1 / 256)
    (expected,) = mapper.transform(photographs[:1])
    copies = clone(mapper), pickle.loads(pickle.dumps(mapper)), mapper.fit(photographs)
    for copy in copies:
        (sample,) = copy.transform(photographs[:1])
        np.testing.assert_array_equal(sample.blur_map, expected.blur_map)
    assert [name for name in vars(mapper) if name.endswith("_")] == []


def test_is_a_step_of_a_pipeline(photographs, maps):
    steps = make_pipeline(
        PrecomputedMapper(maps, 1 / 256),
        GlobalRefiner(),
        DefocusSegmenter(2.0, reference="absolute"),
    )
    assert [mask.all() for mask in steps.predict(photographs)] == [False, True]


@pytest.mark.parametrize(
    ("stored", "score"),
    [
        (np.full(SHAPE, 51, np.uint8), 0.2),
        (np.full(SHAPE, 13107, np.uint16), 0.2),
        (np.full(SHAPE, 0.2), 0.2),
    ],
)
def test_without_a_unit_scores_are_relative(tmp_path, stored, score):
    np.save(tmp_path / "bird.npy", stored)
    sample = DefocusSample(np.zeros(SHAPE), name="bird")
    (mapped,) = PrecomputedMapper(tmp_path).transform([sample])
    assert mapped.unit == "relative"
    np.testing.assert_allclose(mapped.blur_map, score, rtol=1e-6)


def test_sigma_per_unit_takes_integers_as_they_are(tmp_path):
    write_photograph(tmp_path / "bird.png", np.full(SHAPE, 255, np.uint8))
    sigma = precomputed_map(tmp_path, "bird", SHAPE, sigma_per_unit=19 / 255)
    np.testing.assert_allclose(sigma, 19, rtol=1e-6)


def test_pattern_names_the_file(tmp_path):
    write_map(tmp_path / "bird_blur.npy", np.full(SHAPE, 3.0))
    write_map(tmp_path / "bird_blur.tif", np.full(SHAPE, 4.0))
    settings = {"pattern": "{stem}_blur.tif", "sigma_per_unit": 1.0}
    assert precomputed_map(tmp_path, "bird.jpg", SHAPE, **settings).max() == 4
    with pytest.raises(ValueError, match=r"it holds bird_blur\.npy, bird_blur\.tif"):
        precomputed_map(
            tmp_path, "bird.jpg", SHAPE, pattern="{stem}_blur", sigma_per_unit=1.0
        )


@pytest.mark.parametrize(
    ("values", "sigma_per_unit", "message"),
    [
        (-1.0, 1.0, r"bird\.npy must not be negative; its least value is -1"),
        (np.nan, 1.0, r"bird\.npy must be finite"),
        (
            1.5,
            None,
            r"must lie in \[0, 1\] without a 'sigma_per_unit'; .* \[1\.5, 1\.5",
        ),
    ],
)
def test_refuses_values(tmp_path, values, sigma_per_unit, message):
    np.save(tmp_path / "bird.npy", np.full(SHAPE, values))
    sample = DefocusSample(np.zeros(SHAPE), name="bird")
    with pytest.raises(ValueError, match=r"X\[0\]: .*" + message):
        PrecomputedMapper(tmp_path, sigma_per_unit).transform([sample])


def test_refuses_photographs_without_name_map_or_fit(photographs, maps, tmp_path):
    mapper = PrecomputedMapper(maps, 1.0)
    with pytest.raises(ValueError, match=r"X\[1\]: .* needs a name"):
        mapper.transform([photographs[0], np.zeros(SHAPE)])
    with pytest.raises(ValueError, match=r"X\[0\]: .* needs a name"):
        mapper.transform([DefocusSample(np.zeros(SHAPE))])
    with pytest.raises(ValueError, match=r"X\[0\]: .* must hold one map of .* 'cat'"):
        mapper.transform([DefocusSample(np.zeros(SHAPE), name="cat")])
    with pytest.raises(ValueError, match=r"X\[0\]: .*at most 100 are accepted"):
        mapper.transform([DefocusSample(np.zeros((10, 10)), name="bird")])
    (tmp_path / "x.jpg").touch()
    with pytest.raises(ValueError, match=r"X\[0\]: .*x\.jpg is empty"):
        mapper.transform([tmp_path / "x.jpg"])
    with pytest.raises(ValueError, match="X must be a batch of images"):
        mapper.transform(str(photographs[0]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sigma_per_unit": 0}, "'sigma_per_unit' parameter of PrecomputedMapper"),
        (
            {"pattern": "map.png"},
            "'pattern' parameter of PrecomputedMapper must contain",
        ),
        ({"variable": 3}, "'variable' parameter of PrecomputedMapper"),
        ({"folder": 3}, "'folder' parameter of PrecomputedMapper"),
        ({"folder": "nowhere"}, "must be a folder of maps. Got 'nowhere' instead"),
    ],
)
def test_refuses_parameters(photographs, maps, settings, message):
    with pytest.raises(ValueError, match=message):
        PrecomputedMapper(maps).set_params(**settings).transform(photographs)

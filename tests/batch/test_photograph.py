from __future__ import annotations

import numpy as np
import pytest

from skdefocus import AdaptiveUnsharpMask, SDoFRenderer, SlidingWindowMapper
from skdefocus.batch import PRODUCTS, process_photograph
from skdefocus.io import read_image, write_photograph

STEPS = {
    "mapper": SlidingWindowMapper(),
    "sharpener": AdaptiveUnsharpMask(),
    "renderer": SDoFRenderer(1.0, 7.0, smoothing="disc"),
}


@pytest.fixture
def photo_file(tmp_path, small_photo):
    path = tmp_path / "in" / "bee.png"
    write_photograph(path, small_photo)
    return path


def test_products_are_written_and_listed(photo_file, tmp_path, small_photo):
    outcome = process_photograph(photo_file, tmp_path / "out", STEPS)
    assert outcome.problem == ""
    assert sorted(outcome.written) == sorted((tmp_path / "out").iterdir())
    assert len(outcome.written) == 6
    expected = SlidingWindowMapper().transform([small_photo])[0].blur_map
    sigma = read_image(tmp_path / "out" / "bee_sigma.tif")
    np.testing.assert_array_equal(sigma, expected)


@pytest.mark.parametrize("product", PRODUCTS)
def test_only_what_is_wanted(photo_file, tmp_path, product):
    outcome = process_photograph(photo_file, tmp_path / "out", STEPS, [product])
    assert outcome.written
    for path in outcome.written:
        assert product in path.name or "map16" in path.name or "sigma" in path.name


def test_nothing_is_written_when_a_late_step_fails(photo_file, tmp_path):
    class Fails:
        def transform(self, X):
            raise ValueError("X[0]: cannot be rendered.")

    steps = {**STEPS, "renderer": Fails()}
    outcome = process_photograph(photo_file, tmp_path / "out", steps)
    assert outcome.problem == f"{photo_file}: cannot be rendered."
    assert outcome.written == []
    assert not (tmp_path / "out").exists()


def test_memory_that_runs_out_is_a_sentence(photo_file, tmp_path):
    class Hungry:
        def transform(self, X):
            raise MemoryError

    outcome = process_photograph(photo_file, tmp_path, {"mapper": Hungry()}, ["map"])
    assert outcome.problem == f"{photo_file}: there is not enough memory for it."


def test_warnings_are_noted_and_not_shown(photo_file, tmp_path, recwarn):
    steps = {**STEPS, "sharpener": AdaptiveUnsharpMask(beta1=0.9)}
    outcome = process_photograph(photo_file, tmp_path / "out", steps, ["sharpened"])
    assert len(outcome.notes) == 1
    assert outcome.notes[0].startswith(f"{photo_file}: beta1 (0.9) is above beta2")
    assert len(recwarn) == 0

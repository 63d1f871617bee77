from __future__ import annotations

import numpy as np
from sklearn.datasets import load_sample_image

from skdefocus.datasets import (
    FLOWER_CREDIT,
    load_sample_photograph,
    sample_photograph_path,
)
from skdefocus.filters import laplacian


def test_is_the_flower_of_scikit_learn():
    np.testing.assert_array_equal(
        load_sample_photograph(), load_sample_image("flower.jpg")
    )


def test_the_file_is_named_in_its_credit():
    path = sample_photograph_path()
    assert path.is_file()
    assert FLOWER_CREDIT.startswith(f"{path.name}: https://")
    # The license that scikit-learn tells in the folder of its pictures.
    told = (path.parent / "README.txt").read_text()
    photograph, license_name, _ = FLOWER_CREDIT.split(": ")[1].split(", ")
    assert photograph.split("//www.")[1] in told
    assert license_name == "CC BY 2.0"
    assert "licenses/by/2.0" in told


def test_the_flower_is_sharp_and_what_is_behind_it_is_not():
    detail = np.abs(laplacian(load_sample_photograph()))
    assert detail[150:250, 280:380].mean() > 5 * detail[20:80, 20:120].mean()

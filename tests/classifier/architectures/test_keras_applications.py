from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.networks import check_counts, check_published_counts


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_b0"])
def test_inputs_reach_the_first_convolution_in_its_range(built, name, noise):
    keras = import_keras()
    network = built(name)
    first = next(la for la in network.layers if isinstance(la, keras.layers.Conv2D))
    x = keras.Model(network.input, first.input)(noise[:, np.newaxis]).numpy()
    low = {"mobilenet_v2": -1, "efficientnet_b0": 0}[name]
    assert x.min() == pytest.approx(low, abs=1e-3)
    assert x.max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "total", "trained"),
    [
        ("mobilenet_v2", 2_283_028, 2_248_916),
        ("efficientnet_b0", 4_074_611, 4_032_592),
        pytest.param("densenet121", 7_051_732, 6_968_084, marks=pytest.mark.slow),
    ],
)
def test_numbers_of_parameters(built, name, total, trained):
    check_counts(built(name), name, total, trained)


@pytest.mark.parametrize(
    ("name", "total", "trained"),
    [
        ("mobilenet_v2", 3_538_984, 3_504_872),
        ("efficientnet_b0", 5_330_571, 5_288_548),
        pytest.param("densenet121", 8_062_504, 7_978_856, marks=pytest.mark.slow),
    ],
)
def test_published_numbers_of_parameters(name, total, trained):
    check_published_counts(name, total, trained)

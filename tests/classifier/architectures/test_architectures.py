"""What holds for every network that can be named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.networks import each


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_running_means_are_those_of_a_short_training(built, name):
    keras = import_keras()
    momenta = {
        layer.momentum
        for layer in built(name).layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    assert momenta == {0.9}


def test_naming_them_imports_no_keras():
    code = "import sys, skdefocus.classifier.architectures; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"keras", "torch", "tensorflow"} & set(found.stdout.split())

"""What holds for every network that can be named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.architectures._homogeneous import homogeneous_layers
from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.networks import each


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_running_means_are_those_of_a_short_training(built, name):
    keras = import_keras()
    kinds = keras.layers.BatchNormalization, homogeneous_layers()[0]
    momenta = {
        layer.momentum for layer in built(name).layers if isinstance(layer, kinds)
    }
    # Without any momentum they are measured when an epoch has ended.
    assert momenta == ({1.0} if ARCHITECTURES[name].takes_conditions else {0.9})


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_it_is_known_which_take_conditions(built, name):
    told = ARCHITECTURES[name].takes_conditions
    assert told == name.startswith("blurnet")
    assert len(built(name).inputs) == 1 + told


def test_naming_them_imports_no_keras():
    code = "import sys, skdefocus.classifier.architectures; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"keras", "torch", "tensorflow"} & set(found.stdout.split())

from __future__ import annotations

import os
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skdefocus.classifier.training.keras_backend import (
    import_keras,
    seeded,
    trains_on_cuda,
)


def test_generators_of_a_gpu_are_put_back(monkeypatch):
    import torch

    states = []
    # Before there seems to be a GPU, which Keras would use from then on.
    keras = import_keras()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: ["as it was"])
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", states.append)
    with seeded(keras, 0):
        assert states == []
    assert states == [["as it was"]]


def test_says_what_is_missing_without_the_extra(
    patch_set, make_classifier, monkeypatch
):

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'skdefocus\[train\]'"):
        make_classifier().fit(*patch_set)


def test_another_backend_is_named_even_if_it_is_not_installed(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "keras", None)
    message = "KERAS_BACKEND is 'jax': set KERAS_BACKEND=torch before keras is imported"
    with pytest.raises(ImportError, match=message):
        import_keras()


def test_refuses_another_backend(patch_set, make_classifier, monkeypatch):
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ImportError, match="training needs Keras on torch"):
        make_classifier().fit(*patch_set)


@pytest.fixture
def all_torch_threads():
    """As for everyone but these tests."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("all_torch_threads")
def test_training_is_repeatable_and_leaves_the_generators_alone(
    patch_set, make_classifier
):
    np.random.seed(123)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(123)  # noqa: NPY002
    networks = []
    X, y = patch_set
    for data in ((X, y), (X.reshape(-1, 1024), y[:, np.newaxis])):
        classifier = make_classifier(epochs=1).fit(*data)
        networks.append(classifier.network_.onnx)
    assert np.random.random() == expected  # noqa: NPY002
    assert networks[0] == networks[1]


@pytest.mark.parametrize("found", [True, False])
def test_trains_on_cuda_where_torch_finds_it(monkeypatch, found):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
    assert trains_on_cuda() is found


def test_every_generator_is_seeded_and_put_back_even_after_an_error():
    import torch

    keras = import_keras()

    def draw():
        return random.random(), np.random.random(), float(torch.rand(1))  # noqa: NPY002

    def draw_seeded(seed, *, fail=False):
        with seeded(keras, seed):
            drawn = draw()
            if fail:
                raise RuntimeError(drawn)
        return drawn

    states = random.getstate(), torch.get_rng_state()
    np.random.seed(5)  # noqa: NPY002
    expected = draw()
    random.setstate(states[0])
    torch.set_rng_state(states[1])
    np.random.seed(5)  # noqa: NPY002
    first = draw_seeded(1)
    assert draw_seeded(1) == first
    assert all(a != b for a, b in zip(draw_seeded(2), first, strict=True))
    with pytest.raises(RuntimeError, match=re.escape(str(first))):
        draw_seeded(1, fail=True)
    assert draw() == expected


def test_trainings_in_threads_wait_for_each_other():
    keras, inside = import_keras(), []

    def draw(seed):
        with seeded(keras, seed):
            inside.append(seed)
            draws = np.random.rand(1000)  # noqa: NPY002
            assert inside == [seed]
            inside.remove(seed)
        return draws

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(draw, range(8)))
    for seed, draws in enumerate(found):
        np.testing.assert_array_equal(draws, draw(seed))

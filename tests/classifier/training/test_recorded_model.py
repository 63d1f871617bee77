"""Without a GPU a recorded step runs its trace; only the CUDA graph is left out."""

from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras, seeded
from skdefocus.classifier.training.normalization import settle_normalization
from skdefocus.classifier.training.recorded_model import Recording, recorded_model
from tests.classifier.training.runs import first_gradients, make_batches, make_model


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_trains_as_keras_does(monkeypatch, schedule):
    values, batches = [], make_batches("blurnet_small")
    for kind in ("keras", "recorded"):
        model = make_model(monkeypatch, "blurnet_small", kind, schedule)
        assert len(model.inputs) == 2
        assert hasattr(model, "forward_training") == (kind == "recorded")
        for batch in batches:
            trained = float(model.train_step(batch)["loss"])
        settle_normalization(import_keras(), model, batches)
        model.reset_metrics()
        judged = [float(model.test_step(batch)["loss"]) for batch in batches]
        variables = np.concatenate(
            [v.value.detach().numpy().ravel() for v in model.trainable_variables]
        )
        settled = np.concatenate(
            [v.value.detach().numpy().ravel() for v in model.non_trainable_variables]
        )
        assert np.ptp(settled) > 0
        values.append((trained, judged, variables))
    (trained, judged, variables), (own_trained, own_judged, own_variables) = values
    assert own_trained == pytest.approx(trained, rel=1e-4)
    assert own_judged == pytest.approx(judged, rel=1e-3)
    np.testing.assert_allclose(own_variables, variables, rtol=1e-2, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shufflenet_v2", "blurnet_small"])
def test_first_gradients_are_those_of_keras(monkeypatch, name):
    keras, recorded = (
        first_gradients(monkeypatch, name, kind) for kind in ("keras", "recorded")
    )
    np.testing.assert_allclose(recorded, keras, atol=1e-3 * np.abs(keras).max())


def test_dropout_is_drawn_anew_in_every_step():
    import torch

    keras = import_keras()
    inputs = keras.Input((1000,))
    layer = keras.layers.Dropout(0.25)
    model = recorded_model(keras, inputs, layer(inputs))
    ones = np.ones((2, 1000), np.float32)
    with seeded(keras, 0):
        first, second = (model.forward_training(ones).clone() for _ in range(2))
    assert not torch.equal(first, second)
    for found in (first, second):
        np.testing.assert_allclose(found.unique(), [0, 4 / 3], rtol=1e-6)
        assert float(found.mean()) == pytest.approx(1, abs=0.05)
    # Layers are Keras's own again.
    assert type(layer) is keras.layers.Dropout


def test_conditions_are_part_of_a_recorded_step(monkeypatch):
    model = make_model(monkeypatch, "blurnet_small", "recorded")
    (patches, told), y = make_batches("blurnet_small")[0]
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if layer.name.startswith("conv2d") and layer.input.shape[1] == 4:
            layer.kernel.assign(rng.normal(0, 9, layer.kernel.shape))
    # Recorded with the first, run with both.
    losses = []
    for conditions in (told, 3 * told, told):
        model.reset_metrics()
        step = model.test_step(((patches, conditions), y))
        losses.append(float(step["loss"]))
    assert losses[0] == losses[2]
    assert abs(losses[1] - losses[0]) > 1e-4


def test_other_shapes_run_as_they_are():
    import torch

    shapes = []

    @Recording
    def double(x):
        shapes.append(tuple(x.shape))
        return {"doubled": 2 * x}

    for size in (3, 3, 2, 3):
        given = torch.arange(float(size))
        torch.testing.assert_close(double(given)["doubled"], 2 * given)
    # Traced once; replays do not run Python.
    assert shapes == [(3,), (2,)]


def test_what_a_recording_changes_in_place_changes_every_time():
    import torch

    total = torch.zeros(())

    @Recording
    def add(x):
        # Python's number becomes a constant of the trace.
        total.add_(x.sum() * torch.as_tensor(0.5))
        return total

    for count in range(1, 5):
        add(torch.ones(2))
        assert float(total) == count


def test_a_fit_is_recorded_where_there_is_a_gpu(
    monkeypatch, patch_set, make_classifier
):
    monkeypatch.setattr(loop, "trains_on_cuda", lambda: True)
    X, y = (part[:96] for part in patch_set)
    classifier = make_classifier(epochs=2, batch_size=20, validation_fraction=0.3)
    classifier.fit(X, y, np.arange(96) % 6)
    assert len(classifier.history_["val_loss"]) == 2
    assert np.isfinite(classifier.history_["val_loss"]).all()

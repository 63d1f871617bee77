from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.classifier.architectures import Architecture
from skdefocus.classifier.training.checkpoint import TrainingState, read_checkpoint
from skdefocus.classifier.training.loop import train_network
from skdefocus.classifier.training.run_state import TrainingRun
from tests.classifier.training.runs import (
    SMALL,
    Interrupted,
    a_training_set,
    make_settings,
)


def log_loss(classifier, X, y):
    probabilities = classifier.predict_proba(X)[np.arange(len(y)), y]
    return -np.log(probabilities).mean()


def test_early_stopping_keeps_the_best_epoch(small, make_classifier):
    X, y, _ = small
    # Levels that contradict those learned: validation gets worse.
    odd = X[:32], (y[:32] + 1) % 3
    classifier = make_classifier(
        epochs=30, early_stopping=True, n_iter_no_change=3, learning_rate=0.01
    ).fit(X, y, validation_data=odd)
    losses = classifier.history_["val_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3 < 30
    assert log_loss(classifier, *odd) == pytest.approx(losses[best], rel=1e-4)


def test_a_loss_that_is_none_ends_the_training(small, make_classifier, tmp_path):
    X, y, _ = small
    classifier = make_classifier(learning_rate=1e30, checkpoint=tmp_path / "c")
    message = r"the loss is \w+ after epoch \d: .* give a learning_rate below 1e\+30"
    with pytest.raises(ValueError, match=message):
        classifier.fit(X, y)
    assert not hasattr(classifier, "network_")


def test_without_early_stopping_the_last_epoch_stays(small, make_classifier):
    X, y, _ = small
    odd = X[:32], (y[:32] + 1) % 3
    classifier = make_classifier(epochs=4, learning_rate=0.01)
    classifier.fit(X, y, validation_data=odd)
    losses = classifier.history_["val_loss"]
    assert len(losses) == 4
    assert log_loss(classifier, *odd) == pytest.approx(losses[-1], rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "one_cycle"},
        {"schedule": "cosine", "random_flips": True},
        {"early_stopping": True, "epochs": 9, "learning_rate": 0.1},
    ],
)
def test_an_interrupted_training_is_as_good(small, tmp_path, interrupt, changes):
    data = a_training_set(small, small[2], validation_fraction=0.3)
    settings, path = make_settings(**changes), tmp_path / "new" / "run.ckpt"
    expected = train_network(SMALL, data, settings)
    for count in (1, 2):
        interrupt(count)
        with pytest.raises(Interrupted):
            train_network(SMALL, data, settings, checkpoint=path)
    assert read_checkpoint(path).epoch == 3
    interrupt(None)
    assert train_network(SMALL, data, settings, checkpoint=path) == expected
    assert [file.name for file in path.parent.iterdir()] == ["run.ckpt"]

    # Finished: nothing is trained again.
    interrupt(1)
    assert train_network(SMALL, data, settings, checkpoint=path) == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_training_that_was_killed_goes_on(small, make_classifier, tmp_path):
    import torch

    X, y, groups = small
    np.savez(tmp_path / "data.npz", X=X, y=y, groups=groups)
    script = f"""
        import os, signal
        import numpy as np, torch
        from skdefocus import PatchBlurClassifier
        from skdefocus.classifier.training import run_state

        # As here: the bits depend on how sums are shared out.
        torch.set_num_threads({torch.get_num_threads()})
        write = run_state.write_checkpoint

        def write_and_die(path, state):
            write(path, state)
            if state.epoch == 2:
                os.kill(os.getpid(), signal.SIGKILL)

        run_state.write_checkpoint = write_and_die
        data = np.load({str(tmp_path / "data.npz")!r})
        PatchBlurClassifier(
            ladder=(0.0, 1.0, 4.0),
            epochs=4,
            batch_size=32,
            random_state=0,
            validation_fraction=0.3,
            checkpoint={str(tmp_path / "run.ckpt")!r},
        ).fit(data["X"], data["y"], data["groups"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    settings = {"epochs": 4, "validation_fraction": 0.3}
    expected = make_classifier(**settings).fit(X, y, groups)
    resumed = make_classifier(**settings, checkpoint=str(tmp_path / "run.ckpt"))
    assert read_checkpoint(tmp_path / "run.ckpt").epoch == 2
    resumed.fit(X, y, groups)
    assert resumed.network_.onnx == expected.network_.onnx
    assert resumed.history_ == expected.history_
    assert resumed.card_ == expected.card_


def test_more_epochs_extend_a_constant_schedule(small, make_classifier, tmp_path):
    X, y, _ = small
    path = tmp_path / "c.npz"
    make_classifier(epochs=1, checkpoint=path).fit(X, y)
    longer = make_classifier(epochs=3, checkpoint=path).fit(X, y)
    expected = make_classifier(epochs=3).fit(X, y)
    assert longer.network_.onnx == expected.network_.onnx
    assert len(longer.history_["loss"]) == 3
    with pytest.raises(ValueError, match="has trained 3 epochs, more than epochs=2"):
        make_classifier(epochs=2, checkpoint=path).fit(X, y)


def test_more_epochs_extend_no_other_schedule(small, make_classifier, tmp_path):
    X, y, _ = small
    settings = {"schedule": "cosine", "checkpoint": tmp_path / "c"}
    make_classifier(epochs=1, **settings).fit(X, y)
    with pytest.raises(ValueError, match="which differs in epochs; give another"):
        make_classifier(epochs=2, **settings).fit(X, y)


def test_the_seed_of_a_checkpoint_is_gone_on_with(small, make_classifier, tmp_path):
    X, y, _ = small
    settings = {"random_state": None, "checkpoint": tmp_path / "c"}
    one = make_classifier(epochs=1, **settings).fit(X, y)
    two = make_classifier(epochs=1, **settings).fit(X, y)
    assert one.network_.onnx == two.network_.onnx
    seed = one.card_["training"]["seed"]
    assert read_checkpoint(tmp_path / "c").run["seed"] == seed


def test_refuses_a_checkpoint_of_another_version_of_the_network(small, tmp_path):
    data = a_training_set(small)
    settings = make_settings(epochs=1)
    train_network(SMALL, data, settings, checkpoint=tmp_path / "c")

    def build(n_levels):
        import keras

        conv = keras.layers.Conv2D(n_levels, 32, data_format="channels_first")
        inputs = keras.Input((1, 32, 32))
        return keras.Model(inputs, conv(inputs))

    other = Architecture(build, patch_size=32, stride=None)
    with pytest.raises(ValueError, match="does not fit the network that this vers"):
        train_network(other, data, settings, checkpoint=tmp_path / "c")


def stand_in():
    """A model of one variable, as Keras on torch has them, for `TrainingRun`."""
    import torch

    variable = SimpleNamespace(value=torch.zeros(1))
    variable.assign = lambda value: variable.value.copy_(torch.as_tensor(value))
    return SimpleNamespace(variables=[variable], stop_training=False)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(1, 4))
def test_stops_when_the_loss_has_not_fallen_for_long_enough(losses, patience):
    settings = make_settings(
        epochs=len(losses), early_stopping=True, n_iter_no_change=patience
    )
    model, state = stand_in(), TrainingState({})
    run = TrainingRun(None, model, settings, state)
    done = []
    for epoch, loss in enumerate(losses):
        model.variables[0].value.fill_(epoch)
        run.end_epoch(epoch, {"loss": 0.0, "val_loss": loss})
        done.append(loss)
        assert model.stop_training == run.is_over
        if run.is_over:
            break
    # As it is told: so many epochs in a row without a loss below all before.
    best = done.index(min(done))
    assert state.n_no_change == len(done) - 1 - best
    assert len(done) == min(len(losses), best + 1 + patience)
    assert state.best_loss == min(done)
    assert state.history["val_loss"] == done
    run.restore_best()
    assert float(model.variables[0].value) == best


def test_without_early_stopping_every_epoch_is_run():
    run = TrainingRun(None, stand_in(), make_settings(epochs=5), TrainingState({}))
    for epoch in range(5):
        assert not run.is_over
        run.end_epoch(epoch, {"loss": 1.0, "val_loss": 1.0 + epoch})
    assert run.is_over
    assert run.state.best_weights == []


def test_every_epoch_of_every_seed_draws_its_own():
    seeds = []
    keras = SimpleNamespace(utils=SimpleNamespace(set_random_seed=seeds.append))
    for seed in (0, 1, 0):
        run = TrainingRun(keras, None, make_settings(seed=seed), TrainingState({}))
        for epoch in range(3):
            run.begin_epoch(epoch)
    assert len({*seeds[:6]}) == 6
    assert seeds[6:] == seeds[:3]

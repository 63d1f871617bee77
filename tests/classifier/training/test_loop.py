"""Training: validation, schedules, early stopping, streaming and checkpoints."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.architectures import Architecture
from skdefocus.classifier.training import loop, run_state, train_on_photographs
from skdefocus.classifier.training.checkpoint import (
    read_checkpoint,
    write_checkpoint,
)
from skdefocus.classifier.training.keras_backend import import_keras, seeded
from skdefocus.classifier.training.loop import (
    TrainingSettings,
    _flip,
    _make_batches,
    train_network,
)
from skdefocus.classifier.training.training_set import make_training_set
from skdefocus.io import write_photograph
from skdefocus.patches import PatchSet, concatenate_patches


@pytest.fixture(scope="module")
def small(patch_set):
    """96 patches, their levels and photographs: 16 of each of 6."""
    X, y = (part[:96] for part in patch_set)
    return X, y, np.arange(96) % 6


class Lazy:
    """Patches that can only be read by ascending rows; notes how many at a time."""

    def __init__(self, X):
        self._X = X
        self.shape, self.dtype = X.shape, X.dtype
        self.sizes = []

    def __len__(self):
        return len(self._X)

    def __getitem__(self, rows):
        assert isinstance(rows, np.ndarray)
        assert (np.diff(rows) > 0).all()
        self.sizes.append(len(rows))
        return self._X[rows]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("all of X was read")


class TestValidation:
    def test_holds_out_whole_photographs(self, small, make_classifier):
        X, y, groups = small
        names = np.array([f"{group}.jpg" for group in groups])
        classifier = make_classifier(validation_fraction=0.3).fit(X, y, names)
        assert len(classifier.validation_groups_) == 2
        assert set(classifier.history_) == {
            *("loss", "accuracy", "val_loss", "val_accuracy")
        }
        assert all(len(values) == 2 for values in classifier.history_.values())
        assert classifier.card_["training"]["n_patches"] == 64
        assert classifier.card_["training"]["n_validation_patches"] == 32

        # The same patches given by hand: the same network, judged the same.
        held_out = np.isin(names, classifier.validation_groups_)
        again = make_classifier().fit(
            X[~held_out], y[~held_out], validation_data=(X[held_out], y[held_out])
        )
        assert again.network_.onnx == classifier.network_.onnx
        assert again.history_ == classifier.history_
        assert again.validation_groups_ is None

    def test_tells_the_accuracy_of_the_network(self, small, make_classifier):
        X, y, groups = small
        classifier = make_classifier(validation_fraction=0.3).fit(X, y, groups)
        held_out = np.isin(groups, classifier.validation_groups_)
        accuracy = classifier.score(X[held_out], y[held_out])
        assert accuracy == pytest.approx(classifier.history_["val_accuracy"][-1])

    def test_by_patch_without_groups(self, small, make_classifier):
        X, y, _ = small
        classifier = make_classifier(epochs=1, validation_fraction=0.25).fit(X, y)
        assert len(classifier.validation_groups_) == 24

    def test_at_least_one_photograph_of_each_kind(self, small):
        X, y, _ = small
        for fraction, count in ((0.01, 1), (0.99, 1), (0.5, 1)):
            data = make_training_set(
                *(X, y, np.arange(96) % 2, None),
                patch_size=32,
                n_levels=3,
                validation_fraction=fraction,
                seed=0,
            )
            assert len(data.validation_groups) == count
            assert len(data.training) == len(data.validation) == 48

    def test_another_seed_holds_out_others(self, small):
        X, y, _ = small
        chosen = {
            tuple(
                make_training_set(
                    *(X, y, None, None),
                    patch_size=32,
                    n_levels=3,
                    validation_fraction=0.1,
                    seed=seed,
                ).validation_groups
            )
            for seed in range(3)
        }
        assert len(chosen) == 3

    @pytest.mark.parametrize(
        ("changes", "arguments", "message"),
        [
            ({"validation_fraction": 1.0}, {}, "'validation_fraction' parameter"),
            ({"validation_fraction": -0.1}, {}, "'validation_fraction' parameter"),
            (
                {"validation_fraction": 0.5},
                {"groups": np.zeros(4)},
                r"validation_fraction=0\.5 needs at least 2 groups",
            ),
            ({}, {"groups": [1, 2]}, r"each of the 4 patches; got shape \(2,\)"),
            (
                {},
                {"groups": np.array([1, "a", 2, "b"], dtype=object)},
                "all numbers or all names; got a mixture",
            ),
            ({}, {"validation_data": 3}, r"must be a pair \(X, y\); got int"),
            (
                {},
                {"validation_data": (np.zeros((2, 9)), [0, 1])},
                r"X of validation_data must have shape \(n, 32, 32\)",
            ),
            (
                {},
                {"validation_data": (np.zeros((2, 1024)), [0, 0.5])},
                r"y of validation_data must hold integer levels, got 0\.5",
            ),
            (
                {},
                {"validation_data": (np.zeros((2, 1024)), None)},
                "level of each patch as y of validation_data",
            ),
            (
                {},
                {"validation_data": (np.zeros((2, 1024)), [0, 2])},
                "must hold levels that y holds too; got level 2",
            ),
            (
                {"validation_fraction": 0.5},
                {"validation_data": (np.zeros((2, 1024)), [0, 1])},
                r"takes the place of validation_fraction; got both, the latter 0\.5",
            ),
            ({"early_stopping": True}, {}, "early_stopping=True needs patches to val"),
            ({"early_stopping": 1}, {}, "'early_stopping' parameter"),
            ({"n_iter_no_change": 0}, {}, "'n_iter_no_change' parameter"),
        ],
    )
    def test_refusals(self, changes, arguments, message):
        X, y = np.zeros((4, 1024)), [0, 1, 0, 1]
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier(**changes).fit(X, y, **arguments)


def log_loss(classifier, X, y):
    probabilities = classifier.predict_proba(X)[np.arange(len(y)), y]
    return -np.log(probabilities).mean()


class TestEarlyStopping:
    def test_stops_and_keeps_the_best_epoch(self, small, make_classifier):
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

    def test_without_it_the_last_epoch_stays(self, small, make_classifier):
        X, y, _ = small
        odd = X[:32], (y[:32] + 1) % 3
        classifier = make_classifier(epochs=4, learning_rate=0.01)
        classifier.fit(X, y, validation_data=odd)
        losses = classifier.history_["val_loss"]
        assert len(losses) == 4
        assert log_loss(classifier, *odd) == pytest.approx(losses[-1], rel=1e-4)


class TestSchedules:
    def rates(self, schedule):
        settings = make_settings(schedule=schedule, epochs=4)
        rate = loop._learning_rate(import_keras(), settings, n_batches=10)
        return [float(rate(step)) for step in range(41)]

    def test_cosine(self):
        rates = self.rates("cosine")
        assert rates[0] == pytest.approx(0.01)
        assert rates[20] == pytest.approx(0.005)
        assert rates[40] == pytest.approx(0, abs=1e-9)
        assert (np.diff(rates) < 0).all()

    def test_one_cycle(self):
        rates = self.rates("one_cycle")
        assert rates[0] == pytest.approx(0.01 / 25)
        assert np.argmax(rates) == 10
        assert max(rates) == pytest.approx(0.01)
        assert rates[40] < 1e-5

    def test_grid_search(self, small, make_classifier):
        X, y, _ = small
        search = GridSearchCV(
            make_classifier(epochs=1), {"schedule": ["constant", "cosine"]}, cv=2
        ).fit(X, y)
        assert search.predict(X[:2]).shape == (2,)


class TestStreaming:
    @pytest.mark.parametrize("dtype", [np.uint8, np.float64])
    def test_reads_a_batch_at_a_time(
        self, small, make_classifier, tmp_path, monkeypatch, dtype
    ):
        X, y, groups = small
        if dtype == np.float64:
            X = X / 255
        # Checks and hashes read a thousand at a time: here as few as the batches have.
        monkeypatch.setattr("skdefocus.classifier.patch_input._CHUNK", 32)
        lazy = Lazy(X.reshape(-1, 1024))
        classifier = make_classifier(
            epochs=1, validation_fraction=0.2, checkpoint=tmp_path / "c"
        )
        classifier.fit(lazy, y, groups)
        assert max(lazy.sizes) == 32
        expected = make_classifier(epochs=1, validation_fraction=0.2)
        expected.fit(X, y, groups)
        assert classifier.network_.onnx == expected.network_.onnx
        lazy.sizes.clear()
        np.testing.assert_array_equal(
            classifier.predict_proba(lazy), classifier.predict_proba(X)
        )
        assert max(lazy.sizes) == 32

    def test_does_not_scan_uint8(self, small, make_classifier):
        X, y, _ = small
        lazy = Lazy(X)
        make_classifier(epochs=1).fit(lazy, y)
        # Twice through, once for its normalization, and what Keras looks at first.
        assert sum(lazy.sizes) <= 2 * len(X) + 32

    def test_patch_sets_on_disk(self, small, make_classifier, tmp_path):
        X, y, groups = small
        sets = []
        for part in (slice(0, 40), slice(40, 96)):
            folder = tmp_path / str(part.start)
            PatchSet(X[part], y[part], groups[part], (0.0, 1.0, 4.0)).save(folder)
            sets.append(PatchSet.load(folder))
        both = concatenate_patches(sets, same_photographs=True)
        classifier = make_classifier(validation_fraction=0.3, epochs=1)
        streamed = classifier.fit(both.X, both.y, both.groups).network_.onnx
        assert classifier.fit(X, y, groups).network_.onnx == streamed

    @pytest.mark.parametrize("bad", [np.nan, 1.5, -0.5])
    def test_checks_every_chunk(self, bad, make_classifier):
        X = np.zeros((1030, 1024), np.float32)
        X[1027, 5] = bad
        with pytest.raises(ValueError, match=r"NaN|float in \[0, 1\]; its values span"):
            make_classifier().fit(Lazy(X), np.arange(1030) % 3)


class TestFlips:
    def test_each_patch_is_one_of_its_eight(self, small):
        patches = small[0][:, np.newaxis]
        turned = [np.rot90(patches, k, axes=(2, 3)) for k in range(4)]
        ways = np.stack([*turned, *(each[..., ::-1] for each in turned)])
        flipped = _flip(patches, np.random.default_rng(0))
        same = (ways == flipped).all(axis=(2, 3, 4))
        assert (same.sum(axis=0) == 1).all()
        assert np.bincount(same.argmax(axis=0), minlength=8).min() > 0

    def test_other_flips_in_every_epoch(self, small):
        keras = import_keras()
        data = make_training_set(
            *small[:2],
            *(None, None),
            patch_size=32,
            n_levels=3,
            validation_fraction=0.0,
            seed=0,
        )
        batches = _make_batches(keras, data.training, 32, 3, random_flips=True)

        def first(epoch):
            batches.begin_epoch(epoch)
            # The same patches, whatever the order of the epoch.
            batches.order = np.arange(32)
            X, y = batches[0]
            assert y.tolist() == small[1][:32].tolist()
            return X

        assert (first(0) == first(0)).all()
        assert (first(0) != first(1)).any()

    def test_are_told_by_the_card(self, small, make_classifier):
        plain = make_classifier(epochs=1).fit(*small[:2])
        flipped = make_classifier(epochs=1, random_flips=True).fit(*small[:2])
        assert flipped.card_["training"]["random_flips"] is True
        assert flipped.network_.sha256 != plain.network_.sha256


def make_settings(**changes):
    return TrainingSettings(
        **{
            "epochs": 4,
            "batch_size": 32,
            "learning_rate": 0.01,
            "schedule": "constant",
            "weight_decay": 0.01,
            "random_flips": False,
            "early_stopping": False,
            "n_iter_no_change": 2,
            "seed": 3,
            **changes,
        }
    )


def build_small(n_levels):
    """Batch normalization, and dropout with and without a seed of its own."""
    import keras

    layers, first = keras.layers, {"data_format": "channels_first"}
    inputs = keras.Input((1, 32, 32))
    x = layers.Conv2D(8, 8, 8, **first)(inputs)
    x = layers.Dropout(0.3)(layers.BatchNormalization(axis=1)(x))
    x = layers.Dropout(0.3, seed=1)(layers.ReLU()(x))
    return keras.Model(inputs, layers.Conv2D(n_levels, 4, **first)(x))


SMALL = Architecture(build_small, patch_size=32, stride=None)


class Interrupted(Exception):
    pass


@pytest.fixture
def interrupt(monkeypatch):
    """Have training stop after some checkpoints."""

    def after(count):
        written = []

        def write(path, state):
            write_checkpoint(path, state)
            written.append(path)
            if len(written) == count:
                raise Interrupted

        monkeypatch.setattr(run_state, "write_checkpoint", write)

    yield after
    monkeypatch.undo()


class TestCheckpoints:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"schedule": "one_cycle"},
            {"schedule": "cosine", "random_flips": True},
            {"early_stopping": True, "epochs": 9, "learning_rate": 0.1},
        ],
    )
    def test_interrupted_is_as_good_as_not(self, small, tmp_path, interrupt, changes):
        data = make_training_set(
            *small[:2],
            *(small[2], None),
            patch_size=32,
            n_levels=3,
            validation_fraction=0.3,
            seed=0,
        )
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

    @pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
    def test_killed(self, small, make_classifier, tmp_path):
        X, y, groups = small
        np.savez(tmp_path / "data.npz", X=X, y=y, groups=groups)
        script = f"""
            import os, signal
            import numpy as np
            from skdefocus import PatchBlurClassifier
            from skdefocus.classifier.training import run_state

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

    def test_more_epochs_extend_a_constant_schedule(
        self, small, make_classifier, tmp_path
    ):
        X, y, _ = small
        path = tmp_path / "c.npz"
        make_classifier(epochs=1, checkpoint=path).fit(X, y)
        longer = make_classifier(epochs=3, checkpoint=path).fit(X, y)
        expected = make_classifier(epochs=3).fit(X, y)
        assert longer.network_.onnx == expected.network_.onnx
        assert len(longer.history_["loss"]) == 3
        with pytest.raises(
            ValueError, match="has trained 3 epochs, more than epochs=2"
        ):
            make_classifier(epochs=2, checkpoint=path).fit(X, y)

    def test_but_no_other(self, small, make_classifier, tmp_path):
        X, y, _ = small
        settings = {"schedule": "cosine", "checkpoint": tmp_path / "c"}
        make_classifier(epochs=1, **settings).fit(X, y)
        with pytest.raises(ValueError, match="which differs in epochs; give another"):
            make_classifier(epochs=2, **settings).fit(X, y)

    def test_its_seed_is_gone_on_with(self, small, make_classifier, tmp_path):
        X, y, _ = small
        settings = {"random_state": None, "checkpoint": tmp_path / "c"}
        one = make_classifier(epochs=1, **settings).fit(X, y)
        two = make_classifier(epochs=1, **settings).fit(X, y)
        assert one.network_.onnx == two.network_.onnx
        seed = one.card_["training"]["seed"]
        assert read_checkpoint(tmp_path / "c").run["seed"] == seed

    def test_of_another_run(self, small, make_classifier, tmp_path):
        X, y, groups = small
        path = tmp_path / "c.npz"
        settings = {"epochs": 1, "checkpoint": path}
        make_classifier(**settings).fit(X, y)
        kept = path.read_bytes()
        other = X.copy()
        other[95, 31, 31] ^= 1
        for changes, data, difference in (
            ({"learning_rate": 0.1, "batch_size": 8}, (X, y), "batch_size, learning_r"),
            ({"random_state": 1}, (X, y), "seed"),
            ({}, (other, y), "training data"),
            ({}, (X, np.roll(y, 1)), "training data"),
            ({}, (X / 255, y), "training data"),
            ({}, (X, y, groups, (X[:9], y[:9])), "validation data"),
            ({"architecture": "shufflenet_v2"}, (X, y), "architecture"),
        ):
            message = r"c\.npz is the checkpoint of another training, which differs in "
            with pytest.raises(ValueError, match=message + difference):
                make_classifier(**{**settings, **changes}).fit(*data)
        with pytest.raises(ValueError, match="differs in ladder"):
            make_classifier(**settings).set_params(ladder=(0.0, 1.0, 5.0)).fit(X, y)
        assert path.read_bytes() == kept

    def test_damaged_or_something_else(self, small, make_classifier, tmp_path):
        X, y, _ = small
        path = tmp_path / "c.npz"
        classifier = make_classifier(epochs=1, checkpoint=path).fit(X, y)
        good = path.read_bytes()
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 1
        classifier.save(tmp_path / "model.zip")
        np.savez(tmp_path / "other.npz", card=np.array('{"format": "x"}'))
        np.savez(tmp_path / "pickle.npz", card=np.array([{}], dtype=object))
        np.save(tmp_path / "array.npy", X)
        files = ("model.zip", "other.npz", "pickle.npz", "array.npy")
        for content in (
            *(good[: len(good) // 2], bytes(flipped), b"", b"no checkpoint"),
            *((tmp_path / name).read_bytes() for name in files),
        ):
            path.write_bytes(content)
            message = r"c\.npz is damaged or no checkpoint; delete it"
            with pytest.raises(ValueError, match=message):
                classifier.fit(X, y)
            assert path.read_bytes() == content
        with pytest.raises(ValueError, match="is a folder, not a checkpoint file"):
            make_classifier(checkpoint=tmp_path).fit(X, y)
        with pytest.raises(ValueError, match="'checkpoint' parameter"):
            make_classifier(checkpoint=3).fit(X, y)

    def test_of_another_version_of_the_network(self, small, tmp_path):
        data = make_training_set(
            *(*small[:2], None, None),
            patch_size=32,
            n_levels=3,
            validation_fraction=0,
            seed=0,
        )
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

    def test_holds_no_pickle(self, small, make_classifier, tmp_path):
        X, y, _ = small
        make_classifier(epochs=1, checkpoint=tmp_path / "c").fit(X, y)
        with np.load(tmp_path / "c", allow_pickle=False) as archive:
            assert all(archive[name].dtype != object for name in archive.files)


class TestProgress:
    def test_one_bar_on_standard_error(self, small, make_classifier, capfd):
        X, y, groups = small
        classifier = make_classifier(validation_fraction=0.3, verbose=1)
        classifier.fit(X, y, groups)
        out, error = capfd.readouterr()
        assert out == ""
        last = re.split("[\r\n]", error.strip())[-1]
        assert re.match(r"epoch 2/2 \|.*\| 00:00 left, loss \d+\.\d{3} \(val ", last)
        assert re.search(r"accuracy \d+% \(val \d+%\)$", last)

    def test_silence(self, small, make_classifier, capfd):
        make_classifier(epochs=1).fit(*small[:2])
        assert capfd.readouterr() == ("", "")

    # Keras converts losses in a way that NumPy 2 warns of, and swallows the error.
    @pytest.mark.filterwarnings("ignore:__array__ implementation")
    def test_lines(self, small, make_classifier, capfd):
        make_classifier(verbose=2).fit(*small[:2])
        out, error = capfd.readouterr()
        assert out.splitlines()[0] == "Epoch 1/2"
        assert len(out.splitlines()) == 4
        assert error == ""


def test_generators_of_a_gpu_are_put_back(monkeypatch):
    import torch

    states = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: ["as it was"])
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", states.append)
    with seeded(import_keras(), 0):
        assert states == []
    assert states == [["as it was"]]


class TestPhotographs:
    settings = {"ladder": (0.0, 3.0), "n_patches": 80}  # noqa: RUF012

    def test_goes_on_from_a_checkpoint(self, texture, tmp_path, interrupt):
        paths = [tmp_path / "a.png", tmp_path / "b.png"]
        for path, image in zip(paths, (texture, texture[::-1]), strict=True):
            write_photograph(path, image)
        settings = {**self.settings, "epochs": 2, "holdout": 0.5}
        expected = train_on_photographs(paths, **settings)
        assert len(expected.history_["val_loss"]) == 2
        interrupt(1)
        with pytest.raises(Interrupted):
            train_on_photographs(paths, **settings, checkpoint=tmp_path / "c")
        interrupt(None)
        resumed = train_on_photographs(paths, **settings, checkpoint=tmp_path / "c")
        assert resumed.network_.onnx == expected.network_.onnx
        assert resumed.card_ == expected.card_

    def test_a_single_photograph_is_not_held_out(self, texture, tmp_path):
        write_photograph(tmp_path / "a.png", texture)
        classifier = train_on_photographs(
            [tmp_path / "a.png"], **self.settings, epochs=1
        )
        assert classifier.validation_groups_ is None
        assert "holdout" not in classifier.card_

    def test_holdout_out_of_range(self):
        with pytest.raises(ValueError, match="'validation_fraction' parameter"):
            train_on_photographs([], holdout=1.5)

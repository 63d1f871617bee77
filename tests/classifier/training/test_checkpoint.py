from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.classifier.training.checkpoint import (
    TrainingState,
    check_same_run,
    read_checkpoint,
    write_checkpoint,
)


@pytest.fixture(scope="module")
def once(small, make_classifier, tmp_path_factory):
    """A classifier after one epoch, and the checkpoint that it has left."""
    path = tmp_path_factory.mktemp("checkpoint") / "c.npz"
    X, y, _ = small
    return make_classifier(epochs=1, checkpoint=path).fit(X, y), path.read_bytes()


def test_refuses_the_checkpoint_of_another_run(small, once, make_classifier, tmp_path):
    X, y, groups = small
    path = tmp_path / "c.npz"
    settings = {"epochs": 1, "checkpoint": path}
    _, kept = once
    path.write_bytes(kept)
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


def test_refuses_what_is_damaged_or_no_checkpoint(
    small, once, make_classifier, tmp_path
):
    X, y, _ = small
    path = tmp_path / "c.npz"
    trained, good = once
    classifier = make_classifier(epochs=1, checkpoint=path)
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    trained.save(tmp_path / "model.zip")
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


def test_a_checkpoint_holds_no_pickle(once):
    with np.load(io.BytesIO(once[1]), allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)


lists_of_arrays = st.lists(
    hnp.arrays(
        st.sampled_from([np.float32, np.int64, np.uint8]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    ),
    max_size=3,
)
names = st.text(max_size=5)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | names


@given(
    st.builds(
        TrainingState,
        run=st.dictionaries(names, values, max_size=3),
        epoch=st.integers(0, 99),
        history=st.dictionaries(names, st.lists(st.floats(0, 9)), max_size=2),
        best_loss=st.none() | st.floats(0, 9),
        n_no_change=st.integers(0, 9),
        weights=lists_of_arrays,
        optimizer=lists_of_arrays,
        best_weights=lists_of_arrays,
    )
)
def test_what_is_written_is_read_back_bit_for_bit(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("state") / "run"
    write_checkpoint(path, state)
    # The file is the one named: NumPy likes to add an ending.
    assert [file.name for file in path.parent.iterdir()] == ["run"]
    found = vars(read_checkpoint(path))
    for name, value in vars(state).items():
        if name in ("weights", "optimizer", "best_weights"):
            pairs = zip(found[name], value, strict=True)
            assert all(
                (one.dtype, one.shape, one.tobytes())
                == (two.dtype, two.shape, two.tobytes())
                for one, two in pairs
            )
        else:
            assert found[name] == value


def test_where_no_file_is_there_is_no_state(tmp_path):
    assert read_checkpoint(tmp_path / "none") is None


def test_runs_are_compared_as_json_gives_them_back():
    state = TrainingState({"ladder": [0.0, 1.0], "seed": 3})
    check_same_run("c", state, {"ladder": (0.0, 1.0), "seed": 3})
    with pytest.raises(
        ValueError, match=r"^c is the .* differs in flips, ladder, seed; give another"
    ):
        check_same_run("c", state, {"ladder": (0.0, 2.0), "flips": None})

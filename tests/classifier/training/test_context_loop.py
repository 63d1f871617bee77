from __future__ import annotations

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier
from skdefocus._shared.sigma_scale import to_log_sigma
from skdefocus.classifier.training import context_loop
from skdefocus.classifier.training.checkpoint import read_checkpoint
from skdefocus.classifier.training.context_loop import (
    soft_levels,
    train_context_network,
)
from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.training.runs import Interrupted


def test_soft_levels_have_the_sigma_as_their_mean():
    levels = to_log_sigma(PatchBlurClassifier.pretrained().sigmas_)
    values = np.random.default_rng(0).uniform(levels[0], levels[-1], (5, 6))
    soft = soft_levels(values, levels)
    np.testing.assert_allclose(soft.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(soft @ levels, values, rtol=1e-5, atol=1e-6)
    assert ((soft > 0).sum(axis=-1) <= 2).all()


def test_soft_levels_end_with_the_ladder():
    levels = np.array([0.0, 1.0, 2.0])
    soft = soft_levels(np.array([-1.0, 0.0, 2.0, 5.0]), levels)
    assert soft.argmax(axis=-1).tolist() == [0, 0, 2, 2]
    assert soft.max(axis=-1).tolist() == [1, 1, 1, 1]


def as_array(variable):
    return variable.value.detach().numpy()


def test_an_interrupted_training_goes_on(tmp_path, interrupt):
    rng = np.random.default_rng(0)
    levels = np.linspace(0, 1, 3)
    features = rng.normal(size=(9, 4, 80, 112)).astype(np.float16)
    targets = rng.uniform(0, 1, (9, 80, 112)).astype(np.float16)
    settings = {"epochs": 3, "seed": 5}
    train = train_context_network
    whole, history = train(features, targets, levels, **settings)

    path = tmp_path / "run.ckpt"
    for done in (1, 2):
        interrupt(1)
        with pytest.raises(Interrupted):
            train(features, targets, levels, **settings, checkpoint=path)
        assert read_checkpoint(path).epoch == done
    interrupt(None)
    resumed, told = train(features, targets, levels, **settings, checkpoint=path)
    assert told == history
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(as_array(one), as_array(other))
    # A finished training is not run again.
    finished, told = train(features, targets, levels, **settings, checkpoint=path)
    assert told == history
    np.testing.assert_array_equal(
        as_array(finished.weights[0]), as_array(resumed.weights[0])
    )
    with pytest.raises(ValueError, match="another training, which differs in scenes"):
        train(features[:8], targets[:8], levels, **settings, checkpoint=path)


def test_pieces_are_windows_of_the_scenes_and_half_of_them_mirrored():
    height, width = context_loop._PIECE
    levels = np.array([0.0, 1.0, 3.0])
    rng = np.random.default_rng(0)
    targets = rng.uniform(0, 3, (9, height + 3, width + 2)).astype(np.float16)
    # The second feature tells the scene; the first is what is to be learned.
    scene = np.broadcast_to(np.arange(9.0)[:, None, None], targets.shape)
    features = np.stack([targets, scene], axis=1).astype(np.float16)
    batches = context_loop._make_batches(
        import_keras(), features, targets, levels, batch_size=4, seed=0
    )
    assert len(batches) == 3
    mirrored, seen = [], []
    for epoch in range(4):
        batches.begin_epoch(epoch)
        for batch in range(3):
            x, y = batches[batch]
            assert x.dtype == y.dtype == np.float32
            assert y.shape == (len(x), 3, height, width)
            for piece, soft in zip(x, y, strict=True):
                # What is learned is turned with what it is learned from.
                expected = np.tensordot(levels, soft, axes=1)
                np.testing.assert_allclose(expected, piece[0], atol=1e-3)
                (index,) = np.unique(piece[1])
                seen.append(int(index))
                ways = [
                    (windows == piece[0]).all(axis=(2, 3)).any()
                    for windows in (
                        np.lib.stride_tricks.sliding_window_view(
                            turned[int(index)], (height, width)
                        )
                        for turned in (targets, targets[..., ::-1])
                    )
                ]
                assert sum(ways) == 1
                mirrored.append(ways[1])
    # Every scene once in every epoch, in another order.
    epochs = np.reshape(seen, (4, 9))
    np.testing.assert_array_equal(np.sort(epochs), np.tile(np.arange(9), (4, 1)))
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 4
    assert 8 < sum(mirrored) < 28

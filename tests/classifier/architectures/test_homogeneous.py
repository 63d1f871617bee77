from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.architectures._homogeneous import (
    homogeneous_layers,
    zero_mean,
)
from skdefocus.classifier.training.keras_backend import import_keras


@pytest.fixture(scope="module")
def layers():
    import_keras()
    return homogeneous_layers()


def features(n=6, channels=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0.3, 1.0, (n, channels, 4, 3)).astype(np.float32)


def as_array(tensor):
    return tensor.detach().numpy()


def test_the_classes_are_made_once(layers):
    assert homogeneous_layers() is layers


def test_kernels_sum_to_0_over_their_pixels():
    to_tensor = import_keras().ops.convert_to_tensor
    kernel = np.random.default_rng(0).normal(1, 1, (4, 3, 2, 5)).astype(np.float32)
    found = as_array(zero_mean(to_tensor(kernel)))
    np.testing.assert_allclose(found.sum(axis=(0, 1)), 0, atol=1e-5)
    # Only a mean is taken away: done twice it is done once.
    np.testing.assert_allclose(
        found - kernel, np.broadcast_to((found - kernel)[:1, :1], kernel.shape), 1e-4
    )
    np.testing.assert_allclose(as_array(zero_mean(to_tensor(found))), found, atol=1e-6)


class TestRootMeanSquare:
    def test_divides_by_that_of_the_batch_while_it_learns(self, layers):
        layer = layers[0]()
        x = features()
        found = as_array(layer(x, training=True))
        strength = np.sqrt((x**2).mean(axis=(0, 2, 3), keepdims=True))
        np.testing.assert_allclose(found, x / strength, rtol=1e-5)
        # Nothing is kept of it.
        np.testing.assert_array_equal(as_array(layer.mean_square.value), 1)
        layer.gamma.assign([1, 2, 3, 4, 5])
        scaled = as_array(layer(x, training=True))
        np.testing.assert_allclose(
            scaled, found * np.arange(1, 6).reshape(1, 5, 1, 1), rtol=1e-5
        )

    @pytest.mark.parametrize("momentum", [0.0, 0.75])
    def test_measures_what_lasts(self, layers, momentum):
        layer = layers[0]()
        x = features()
        layer(x, training=False)
        layer.momentum = momentum
        layer(x, training=True)
        expected = momentum + (1 - momentum) * (x**2).mean(axis=(0, 2, 3))
        kept = as_array(layer.mean_square.value)
        np.testing.assert_allclose(kept, expected, rtol=1e-5)
        found = as_array(layer(x, training=False))
        factor = as_array(layer.factor()).reshape(1, 5, 1, 1)
        np.testing.assert_allclose(found, x * factor, rtol=1e-6)
        np.testing.assert_allclose(factor.ravel(), expected**-0.5, rtol=1e-5)

    @pytest.mark.parametrize("factor", [1 / 8, 0.3, 4])
    def test_is_homogeneous_once_trained(self, layers, factor):
        layer = layers[0]()
        x = features()
        layer(x, training=True)
        layer.mean_square.assign(np.arange(1, 6) / 3)
        expected = as_array(layer(x))
        found = as_array(layer(np.float32(factor) * x))
        np.testing.assert_allclose(found, factor * expected, rtol=1e-5)

    def test_a_dead_channel_stays_finite(self, layers):
        layer = layers[0]()
        x = np.zeros((2, 5, 4, 3), np.float32)
        layer.momentum = 0.0
        for training in (True, False):
            np.testing.assert_array_equal(as_array(layer(x, training=training)), 0)

    def test_learns_its_factor_alone(self, layers):
        layer = layers[0]()
        layer.build((None, 5, None, None))
        assert [tuple(v.shape) for v in layer.trainable_variables] == [(5,)]
        assert len(layer.non_trainable_variables) == 1
        assert layer.compute_output_shape((None, 5, 7, 8)) == (None, 5, 7, 8)


class TestRelativeToStrength:
    def by_hand(self, x, conditions):
        x, conditions = x.astype(float), conditions.astype(float)
        strength = np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-12)
        shares = np.log(conditions / strength + 1e-3)
        return np.concatenate([x / strength, shares], axis=1)

    def conditions(self, n=6):
        told = np.random.default_rng(1).uniform(0, 0.2, (n, 4, 1, 1))
        told[0, 2] = 0
        return told.astype(np.float32)

    def test_divides_by_the_strength_of_all_channels(self, layers):
        x, told = features(), self.conditions()
        found = as_array(layers[1]()([x, told]))
        assert found.shape == (6, 9, 4, 3)
        np.testing.assert_allclose(found, self.by_hand(x, told), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose((found[:, :5] ** 2).mean(axis=1), 1, rtol=1e-5)

    @pytest.mark.parametrize("factor", [1 / 64, 0.3, 4])
    def test_says_the_same_of_less_of_everything(self, layers, factor):
        x, told = features(), self.conditions()
        expected = as_array(layers[1]()([x, told]))
        factor = np.float32(factor)
        found = as_array(layers[1]()([factor * x, factor * told]))
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_nothing_at_all_is_finite(self, layers):
        x = np.zeros((2, 5, 4, 3), np.float32)
        told = np.zeros((2, 4, 1, 1), np.float32)
        found = as_array(layers[1]()([x, told]))
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[:, 5:], np.log(1e-3), rtol=1e-4)

    def test_the_shape_that_it_promises(self, layers):
        keras = import_keras()
        inputs = keras.Input((5, None, None)), keras.Input((4, 1, 1))
        assert layers[1]()([*inputs]).shape == (None, 9, None, None)

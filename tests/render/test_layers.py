from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.filters import blur
from skdefocus.render.layers import cut_into_layers, lay_over
from skdefocus.render.unmix import unmix

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
DEFOCUS = hnp.arrays(np.float32, SHAPES, elements=st.floats(-8, 8, width=32))


@given(DEFOCUS, st.integers(3, 12))
def test_layers_are_numbered_from_the_front(signed, n_layers):
    layers, sigmas = cut_into_layers(signed, n_layers)
    assert layers.shape == signed.shape
    assert sorted(np.unique(layers)) == list(range(len(sigmas)))
    order = np.argsort(signed, axis=None, kind="stable")
    assert (np.diff(layers.ravel()[order]) >= 0).all()
    assert len(sigmas) <= n_layers
    for number, sigma in enumerate(sigmas):
        sizes = abs(signed[layers == number])
        if sizes.min() == 0:
            assert sigma == 0
            continue
        assert sizes.min() - 1e-5 <= sigma <= sizes.max() + 1e-5


def test_few_sigmas_are_kept_exactly():
    signed = np.array([[-2.0, 0.0], [0.5, 3.0]], dtype=np.float32)
    layers, sigmas = cut_into_layers(signed, 4)
    np.testing.assert_array_equal(layers, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(sigmas, [2.0, 0.0, 0.5, 3.0])


def test_many_sigmas_become_few_layers_and_focus_stays():
    signed = np.linspace(0, 8, 400, dtype=np.float32).reshape(20, 20)
    layers, sigmas = cut_into_layers(signed, 8)
    assert len(sigmas) == 8
    # Even on a logarithmic scale: the sharp layers are the narrow ones.
    widths = np.bincount(layers.ravel())
    assert (np.diff(widths[1:-1]) >= 0).all()
    assert sigmas[0] < 0.25


def test_one_layer_is_its_disc():
    light = np.random.default_rng(0).random((20, 24, 3), dtype=np.float32)
    signed = np.full((20, 24), 2.0, dtype=np.float32)
    layers, sigmas = cut_into_layers(signed, 4)
    found = lay_over(layers, sigmas, unmix(light, signed, 0))
    np.testing.assert_allclose(found, blur(light, 2.0, "disc"), atol=1e-4)


def test_the_front_stays_in_front():
    light = np.zeros((20, 24, 1), dtype=np.float32)
    light[:, 12:] = 1.0
    signed = np.where(np.arange(24) < 12, 0.0, 3.0) * np.ones((20, 1))
    signed = signed.astype(np.float32)
    layers, sigmas = cut_into_layers(signed, 4)
    found = lay_over(layers, sigmas, unmix(light, signed, 0))
    np.testing.assert_allclose(found, light, atol=1e-5)

from __future__ import annotations

import warnings

import numpy as np
import pytest

from skdefocus import JustNoticeableMapper
from skdefocus._shared.threads import limited_threads
from skdefocus.filters import blur
from skdefocus.mapping.peers import just_noticeable_map, shi
from skdefocus.mapping.peers.blur_dictionary import centered
from skdefocus.mapping.peers.shi import _n_atoms, _shipped_dictionary

EYE = np.eye(64, dtype=np.float32)


def pursue(patch, atoms, tolerance):
    """Orthogonal matching pursuit by least squares from the beginning each time."""
    patch = patch - patch.mean()
    chosen, residual = [], patch
    while (residual**2).sum() > tolerance**2 * 64 and len(chosen) < len(atoms):
        chosen.append(int(np.abs(atoms @ residual).argmax()))
        part, *_ = np.linalg.lstsq(atoms[chosen].T, patch, rcond=None)
        residual = patch - atoms[chosen].T @ part
    return len(chosen)


@pytest.fixture(params=["kernels", "scikit-learn"])
def either(request, monkeypatch):
    """Count atoms by the kernels, and without them."""
    if request.param == "scikit-learn":
        monkeypatch.setattr(shi, "compiled", lambda: None)


def counts_of_patches(patches, atoms):
    """Count the atoms of patches that lie side by side."""
    gray = np.concatenate(patches.reshape(-1, 8, 8), axis=1).astype(np.float32)
    return _n_atoms(gray, 8, atoms, 0.01).ravel()


def test_counts_are_those_of_matching_pursuit(either):
    rng = np.random.default_rng(0)
    atoms = centered(rng.standard_normal((20, 64)))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    patches = 0.5 + rng.standard_normal((12, 3)) @ atoms[:3] / 5
    patches[0] = 0.5
    found = counts_of_patches(patches, atoms)
    expected = [pursue(patch, atoms, 0.01) for patch in patches]
    np.testing.assert_array_equal(found, expected)
    assert found[0] == 0
    assert found.max() >= 3


def test_counts_are_exact_where_shipped_atoms_hardly_differ(texture):
    # Many of them are nearly sums of others: rounding must not choose.
    atoms = _shipped_dictionary().astype(np.float64)
    patches = np.stack(
        [texture[y : y + 8, x : x + 8].ravel() for y, x in np.ndindex(120, 160)][::997]
    )
    found = counts_of_patches(patches, atoms)
    expected = [pursue(p.astype(np.float64), atoms, 0.01) for p in patches]
    np.testing.assert_array_equal(found, expected)
    assert found.max() > 50


def test_an_atom_twice_is_no_news(either):
    atoms = np.stack([EYE[0], EYE[0], EYE[1]])
    patch = np.zeros((8, 8), np.float32)
    patch.flat[[0, 1, 2]] = 0.9, 0.5, -0.7
    patch.flat[3:] = -0.7 / 61
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert _n_atoms(patch, 8, atoms, 0.01)[0, 0] <= 3


@pytest.mark.parametrize("step", [1, 3, 8, 11])
def test_patches_lie_around_every_step(step, either):
    gray = np.random.default_rng(0).random((20, 27)).astype(np.float32) / 10
    found = _n_atoms(gray, step, EYE, 0.01)
    assert found.shape == (-(-20 // step), -(-27 // step))
    padded = np.pad(gray, 4 + step, mode="symmetric")
    for i, j in np.ndindex(*found.shape):
        y, x = (k * step + step // 2 + step for k in (i, j))
        patch = padded[y : y + 8, x : x + 8].ravel().astype(np.float64)
        assert found[i, j] == pursue(patch, EYE.astype(np.float64), 0.01)
    assert _n_atoms(gray[:1, :1], step, EYE, 0.01).shape == (1, 1)


@pytest.mark.parametrize("step", [1, 8])
def test_threads_change_no_bit(texture, step):
    with limited_threads(1):
        alone = just_noticeable_map(texture[:50, :70], step=step)
    with limited_threads(3):
        result = just_noticeable_map(texture[:50, :70], step=step)
    np.testing.assert_array_equal(result, alone)


def test_the_shipped_atoms():
    atoms = _shipped_dictionary()
    assert atoms.shape == (64, 64)
    assert atoms.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(atoms.mean(axis=1), 0, atol=1e-6)
    # Of what is blurred by 2 px: neighbors hardly differ.
    steps = np.abs(np.diff(atoms.reshape(-1, 8, 8), axis=2)).mean()
    assert steps < np.abs(atoms).mean()
    with pytest.raises(ValueError, match="read-only"):
        atoms[0, 0] = 1


def test_blur_raises_the_score(texture):
    scores = [
        just_noticeable_map(blur(texture, sigma)).mean() for sigma in (0, 0.5, 1, 2, 4)
    ]
    assert np.all(np.diff(scores) > 0.01)


def test_the_score_follows_the_photograph(texture):
    image = texture.copy()
    image[:, 96:] = blur(texture, 2.0)[:, 96:]
    score = just_noticeable_map(image)
    assert score.dtype == np.float32
    assert score.shape == image.shape
    assert score[:, :76].mean() < score[:, 116:].mean() - 0.2


def test_flat_and_tiny_photographs():
    assert just_noticeable_map(np.full((30, 30, 3), 0.3)).min() == 1
    for shape in ((1, 1), (2, 9), (5, 3, 3)):
        result = just_noticeable_map(np.random.default_rng(1).random(shape))
        assert result.shape == shape[:2]
        assert 0 <= result.min() <= result.max() <= 1


def test_a_dictionary_of_single_pixels_counts_pixels():
    image = np.full((8, 8), 0.5)
    image[2, 3], image[5, 5] = 0.9, 0.1
    score = just_noticeable_map(image, dictionary=EYE, tolerance=0.02)
    np.testing.assert_allclose(score, 1 - 2 / 64, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tolerance": 0.0}, "'tolerance' parameter of"),
        ({"step": 0}, "'step' parameter of"),
        ({"spatial_sigma": 0}, "'spatial_sigma' parameter of"),
        ({"color_sigma": -1}, "'color_sigma' parameter of"),
        ({"n_iter": 0}, "'n_iter' parameter of"),
        ({"dictionary": [[1.0]]}, "'dictionary' parameter of"),
        ({"dictionary": np.eye(63)}, r"Got an array of shape \(63, 63\)"),
        ({"dictionary": 2 * np.eye(64)}, "atoms of 64 finite values and norm 1"),
        ({"dictionary": np.full((2, 64), np.nan)}, "atoms of 64 finite values"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        just_noticeable_map(np.zeros((20, 20)), **changes)
    with pytest.raises(ValueError, match="JustNoticeableMapper"):
        JustNoticeableMapper(**changes).transform([np.zeros((20, 20))])


def test_gray_counts_as_three_channels_of_it(small_photo):
    gray = small_photo[..., 1]
    expected = just_noticeable_map(np.dstack([gray] * 3))
    np.testing.assert_allclose(just_noticeable_map(gray), expected, atol=1e-4)

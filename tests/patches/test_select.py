from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.filters import blur, laplacian
from skdefocus.patches import select_sharp_patches, sharpness


def test_sharpness_is_the_variance_of_the_laplacian(texture):
    patch = texture[:32, :32]
    values = laplacian(patch, smooth=True).astype(np.float64)
    expected = ((values - values.mean()) ** 2).mean()
    assert sharpness(patch) == pytest.approx(expected)
    assert sharpness(np.full((32, 32), 77, np.uint8)) == 0


def test_sharpness_tells_the_paper_s_gate(texture):
    assert sharpness(np.indices((32, 32))[0] // 2 % 2 * 1.0) > 1000
    assert sharpness(blur(texture, 4.0)[:32, :32]) < 60


def brute_force_sharpness(patch):
    """Eq. 5 as it is written, pixel by pixel, edges repeated."""
    height, width = patch.shape

    def at(values, y, x):
        return values[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]

    weights = {
        (dy, dx): np.exp(-(dy**2 + dx**2) / (2 * 0.8**2))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    }
    total = sum(weights.values())
    pixels = patch.astype(float).tolist()
    smooth, values = np.empty(patch.shape), []
    for y, x in np.ndindex(patch.shape):
        smooth[y, x] = (
            sum(w * at(pixels, y + dy, x + dx) for (dy, dx), w in weights.items())
            / total
        )
    for y, x in np.ndindex(patch.shape):
        neighbors = ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
        values.append(sum(at(smooth, *n) for n in neighbors) - 4 * smooth[y, x])
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / len(values)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_sharpness_is_equation_5(patch):
    expected = brute_force_sharpness(patch)
    assert sharpness(patch) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert sharpness(patch / 255) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_sharpness_of_a_patch_of_the_paper_s_size(texture):
    patch = np.rint(texture[:32, :32] * 255).astype(np.uint8)
    assert sharpness(patch) == pytest.approx(brute_force_sharpness(patch), rel=1e-5)


def test_takes_the_grid_and_judges_each_patch_alone(photo):
    patches, corners = select_sharp_patches(photo, min_sharpness=100)
    gray = np.rint(photo @ np.array([0.299, 0.587, 0.114]))
    everything = [(y, x) for y in range(0, 396, 32) for x in range(0, 609, 32)]
    kept = iter(zip(patches, map(tuple, corners), strict=True))
    n_kept = 0
    for y, x in everything:
        patch = gray[y : y + 32, x : x + 32].astype(np.uint8)
        if sharpness(patch) >= 100:
            found, corner = next(kept)
            assert corner == (y, x)
            np.testing.assert_array_equal(found, patch)
            n_kept += 1
    assert 0 < n_kept == len(patches) < len(everything)
    assert patches.dtype == np.uint8
    assert corners.dtype == np.int64


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    st.integers(1, 7),
    st.integers(1, 9),
)
def test_the_gate_is_sharpness_to_the_last_bit(image, size, step):
    patches, corners = select_sharp_patches(
        image, patch_size=size, step=step, min_sharpness=0
    )
    height, width = image.shape
    assert corners.tolist() == [
        [y, x]
        for y in range(0, height - size + 1, step)
        for x in range(0, width - size + 1, step)
    ]
    for patch in patches[:10]:
        gate = sharpness(patch)
        assert len(select_sharp_patches(patch, patch_size=size, min_sharpness=gate)[0])
        above = np.nextafter(gate, np.inf)
        sharper, _ = select_sharp_patches(patch, patch_size=size, min_sharpness=above)
        assert len(sharper) == 0


@pytest.mark.parametrize("shape", [(31, 100), (100, 31), (5, 5)])
def test_a_photograph_smaller_than_a_patch_holds_none(shape):
    patches, corners = select_sharp_patches(np.zeros(shape), min_sharpness=0)
    assert patches.shape == (0, 32, 32)
    assert corners.shape == (0, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_size": 0}, "'patch_size' parameter of select_sharp_patches"),
        ({"step": 0}, "'step' parameter of select_sharp_patches"),
        ({"min_sharpness": -1}, "'min_sharpness' parameter of select_sharp_patches"),
        ({"image": np.zeros(5)}, r"image must have shape \(H, W\) or \(H, W, 3\)"),
    ],
)
def test_refuses_bad_input(changes, message):
    with pytest.raises(ValueError, match=message):
        select_sharp_patches(**{"image": np.zeros((40, 40)), **changes})

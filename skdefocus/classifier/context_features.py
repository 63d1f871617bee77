"""What the context network sees of a photograph: cells of 4 x 4 pixels."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from .._shared.block_sums import block_sums
from .._shared.sigma_scale import to_log_sigma
from .._shared.validation import to_colors, to_gray
from ..filters import measure_conditions, resize

__all__ = [
    "CELL",
    "ContextConditions",
    "cell_means",
    "cell_probabilities",
    "context_conditions",
    "context_features",
    "count_features",
    "pad_to_cells",
]

# Side of a cell, in pixels: the stride of the dense network.
CELL = 4
# Halvings of the photograph whose patches are classified, too.
_HALVINGS = (0, 1)
# Least range of a photograph that is stretched: one level of 12 bits.
_LEAST_RANGE = 1 / 4095
# Natural logarithm of the least probability that is told apart from none.
_LEAST_LOG = -7.0


class ContextConditions(NamedTuple):
    """What is told of a photograph beside its pixels.

    Attributes
    ----------
    of_sizes : ndarray of shape (2, 4), float32
        Noise, compression and span of the photograph and of half of it.
    darkest, brightest : float
        Least and largest mean of gray over a cell.
    """

    of_sizes: np.ndarray
    darkest: float
    brightest: float


def count_features(n_levels: int) -> int:
    """Count the features of a cell, for a classifier of so many levels."""
    return len(_HALVINGS) * (n_levels + 1) + 5


def cell_means(image: np.ndarray, side: int = CELL) -> np.ndarray:
    """Mean of every cell; those at the lower and right border go on by their edge.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C)
        Floats.
    side : int, default=4
        Side of a cell, in pixels.

    Returns
    -------
    ndarray of shape (ceil(H / side), ceil(W / side)) or the same and C
        In the dtype of the image.
    """
    widths = [(0, -length % side) for length in image.shape[:2]]
    padded = np.pad(image, widths + [(0, 0)] * (image.ndim - 2), mode="edge")
    means: np.ndarray = block_sums(padded, side, axes=(0, 1)) / side**2
    return means


def context_conditions(
    photograph: np.ndarray, rounding: float = 0.0
) -> ContextConditions:
    """Measure noise, compression and span of a photograph and of half of it.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    rounding : float, default=0.0
        As in `skdefocus.filters.measure_conditions`.

    Returns
    -------
    ContextConditions
        Of both, and the range of the photograph.
    """
    gray = to_gray(photograph)
    of_sizes = [
        measure_conditions(_reduced(gray, 2**halving), rounding / 2**halving)
        for halving in _HALVINGS
    ]
    means = cell_means(gray)
    return ContextConditions(np.stack(of_sizes), float(means.min()), float(means.max()))


def _reduced(gray: np.ndarray, factor: int) -> np.ndarray:
    return gray if factor == 1 else cell_means(gray, factor)


def context_features(
    photograph: np.ndarray,
    classifier: Any,
    n_threads: int | None = None,
    conditions: ContextConditions | None = None,
    probabilities: np.ndarray | None = None,
) -> np.ndarray:
    """Describe every cell of a photograph by what the classifier says, and by itself.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1], of any size from 1 x 1.
    classifier : PatchBlurClassifier
        Fitted, dense, of stride 4.
    n_threads : int, optional
        Threads of the network.
    conditions : ContextConditions, optional
        From `context_conditions` of the whole photograph, of which this may be a part;
        by default measured here.
    probabilities : ndarray of shape (h, w, n_levels), float32, optional
        From `cell_probabilities` of the photograph's gray, if they are known.

    Returns
    -------
    ndarray of shape (n_features, ceil(H / 4), ceil(W / 4)), float32
        For the photograph and for half of it, logarithms of the probabilities of the
        patch around each cell and its expected ``log(sigma + 0.8)``; then the mean
        color, the contrast within the cell, and its mean gradient, of the photograph
        stretched to a range of 0 to 1: exposure and contrast change nothing. All lie at
        about -1 to 1.
    """
    gray = to_gray(photograph)
    levels = to_log_sigma(classifier.sigmas_)
    shape = tuple(-(-length // CELL) for length in gray.shape)
    if conditions is None:
        conditions = context_conditions(photograph)
    parts = []
    for halving, told in zip(_HALVINGS, conditions.of_sizes, strict=True):
        factor = 2**halving
        found = None if halving else probabilities
        if found is None:
            reduced = _reduced(gray, factor)
            found = cell_probabilities(reduced, classifier, n_threads, told)
        expected = found @ levels / 2
        logarithms = np.log(np.maximum(found, np.exp(_LEAST_LOG))) / 4 + 1
        stack = np.concatenate([logarithms, expected[..., np.newaxis]], axis=2)
        parts += [_enlarge(plane, factor, shape) for plane in np.moveaxis(stack, 2, 0)]
    parts += _own_features(photograph, gray, conditions)
    return np.stack(parts).astype(np.float32)


def _own_features(
    photograph: np.ndarray, gray: np.ndarray, conditions: ContextConditions
) -> list[np.ndarray]:
    """Describe cells by the colors, the contrast and the gradient of their pixels."""
    # The span of the conditions may leave out a small subject, or a lamp at night.
    darkest = np.float32(conditions.darkest)
    extent = np.float32(max(conditions.brightest - conditions.darkest, _LEAST_RANGE))
    colors = (cell_means(to_colors(photograph)) - darkest) / extent
    # Before it is squared, or little of a low contrast would be left of its variance.
    gray = (gray - darkest) / extent
    mean = cell_means(gray)
    variance = np.maximum(cell_means(gray**2) - mean**2, 0)
    slopes = [
        np.gradient(gray, axis=axis) if gray.shape[axis] > 1 else np.zeros_like(gray)
        for axis in (0, 1)
    ]
    return [
        *np.moveaxis(colors * 2 - 1, 2, 0),
        np.log(variance * 255**2 + 0.1) / 4,
        np.log(cell_means(np.hypot(*slopes)) * 255 + 0.1) / 3,
    ]


def pad_to_cells(gray: np.ndarray, patch_size: int) -> np.ndarray:
    """Go on beyond the borders of a photograph, so that every cell has a patch.

    Parameters
    ----------
    gray : ndarray of shape (H, W)
        The photograph, or a part of it.
    patch_size : int
        Side of a patch, in pixels. A cell lies in the middle of its patch.

    Returns
    -------
    ndarray
        Mirrored at the borders, or, where that takes more pixels than there are, with
        the edge repeated.
    """
    before = (patch_size - CELL) // 2
    widths = [(before, -length % CELL + before) for length in gray.shape]
    # Reflection needs as many pixels as it adds.
    mode: Literal["reflect", "edge"] = (
        "reflect" if min(gray.shape) > before + CELL else "edge"
    )
    return np.pad(gray, widths, mode=mode)


def cell_probabilities(
    gray: np.ndarray,
    classifier: Any,
    n_threads: int | None = None,
    conditions: np.ndarray | None = None,
) -> np.ndarray:
    """Ask a classifier about the patch around each cell.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        In [0, 1].
    classifier : PatchBlurClassifier
        Fitted, dense, of stride 4.
    n_threads : int, optional
        Threads of the network.
    conditions : ndarray of shape (4,), optional
        Those of the photograph, for a classifier that takes them.

    Returns
    -------
    ndarray of shape (ceil(H / 4), ceil(W / 4), n_levels), float32
        Probabilities of the levels.
    """
    padded = pad_to_cells(gray, classifier.patch_size_)
    probabilities: np.ndarray = classifier.predict_proba_image(
        padded, n_threads, conditions
    )
    return probabilities


def _enlarge(plane: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    if factor == 1:
        return plane
    size = plane.shape[0] * factor, plane.shape[1] * factor
    return resize(plane.astype(np.float32), size)[: shape[0], : shape[1]]

"""The atoms of which blurred patches are made up, for JustNoticeableMapper."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from ..._shared.parameters import POSITIVE_INTEGER, POSITIVE_REAL, checked, unchecked
from ..._shared.validation import image_batch, to_float_image, to_gray
from ...filters import blur

__all__ = ["PATCH_SIZE", "centered", "learn_blur_dictionary"]

PATCH_SIZE = 8


@checked(
    sigma=[POSITIVE_REAL], n_atoms=[POSITIVE_INTEGER], n_patches=[POSITIVE_INTEGER]
)
def learn_blur_dictionary(
    images: Iterable[np.ndarray],
    *,
    sigma: float = 2.0,
    n_atoms: int = 64,
    n_patches: int = 100_000,
    random_state: int | None = None,
) -> np.ndarray:
    """Learn the atoms of which blurred patches are made up.

    Parameters
    ----------
    images : list of array-like
        Sharp photographs, each of at least 8 x 8 pixels.
    sigma : float, default=2.0
        How far they are blurred, in pixels, above 0.
    n_atoms : int, default=64
        Atoms to learn.
    n_patches : int, default=100000
        Patches to learn from, as many of each photograph.
    random_state : int, optional
        Seed.

    Returns
    -------
    ndarray of shape (n_atoms, 64), float32
        Atoms, of mean 0 and norm 1.

    Raises
    ------
    ValueError
        For parameters outside their range, or an item that is no photograph of at least
        8 x 8 pixels.

    Examples
    --------
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.mapping.peers import learn_blur_dictionary
    >>> photos = [load_sample_photograph()]
    >>> learn_blur_dictionary(photos, n_atoms=4, n_patches=500, random_state=0).shape
    (4, 64)
    """
    from sklearn.decomposition import MiniBatchDictionaryLearning
    from sklearn.exceptions import ConvergenceWarning

    rng = np.random.default_rng(random_state)
    items = image_batch(images, "images")
    parts = []
    for index, item in enumerate(items):
        gray = to_gray(to_float_image(item, f"images[{index}]"))
        if min(gray.shape) < PATCH_SIZE:
            raise ValueError(
                f"images[{index}] must be at least {PATCH_SIZE} x {PATCH_SIZE} "
                f"pixels; got shape {gray.shape}."
            )
        blurred = unchecked(blur)(gray, sigma)
        corners = [
            rng.integers(0, n - PATCH_SIZE + 1, -(-n_patches // len(items)))
            for n in gray.shape
        ]
        view = np.lib.stride_tricks.sliding_window_view(blurred, (PATCH_SIZE,) * 2)
        parts.append(centered(view[tuple(corners)].reshape(-1, PATCH_SIZE**2)))
    patches = np.concatenate(parts)
    # Each counts by its shape and not by its contrast; flat ones have none.
    norms = np.linalg.norm(patches, axis=1, keepdims=True)
    textured = norms[:, 0] > np.median(norms) / 4
    learner = MiniBatchDictionaryLearning(
        n_atoms,
        alpha=0.1,
        batch_size=256,
        max_iter=20,
        fit_algorithm="cd",
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        # Codes on the way to the atoms need not be exact.
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.fit(patches[textured] / norms[textured])
    atoms = centered(learner.components_)
    dictionary: np.ndarray = (
        atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
    ).astype(np.float32)
    return dictionary


def centered(patches: np.ndarray) -> np.ndarray:
    """Take the mean off each patch of shape (n, 64)."""
    shapes: np.ndarray = patches - patches.mean(axis=1, keepdims=True)
    return shapes

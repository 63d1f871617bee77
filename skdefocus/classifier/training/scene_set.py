"""Scenes for the context network: features and sigma of their cells."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from ..._shared.sigma_scale import to_log_sigma
from ..._shared.validation import to_float_image
from ...io import read_image
from ...synthesis import compose_scene
from ..context_features import (
    CELL,
    cell_means,
    context_conditions,
    context_features,
    count_features,
)
from .progress import progress_bar

__all__ = ["make_scene_set"]


def _scene(
    path: Any, classifier: Any, shape: tuple[int, int], seed: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray]:
    """Features and log(sigma + 0.8) of the cells of one scene."""
    photograph, blur_map = compose_scene(
        read_image(path), shape, np.random.default_rng(seed)
    )
    image = to_float_image(photograph)
    # Not stretched to its range: of many tones a network learns to trust what patches
    # say more than contrasts, which serves photographs better.
    conditions = context_conditions(image)._replace(darkest=0.0, brightest=1.0)
    features = context_features(image, classifier, 1, conditions)
    target = cell_means(to_log_sigma(blur_map))
    return features.astype(np.float16), target.astype(np.float16)


def make_scene_set(
    paths: Sequence[str | os.PathLike[str]],
    classifier: Any,
    n_scenes: int,
    *,
    shape: tuple[int, int] = (320, 480),
    random_state: int = 0,
    n_jobs: int | None = None,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Compose scenes of photographs, taking them in turn, and describe their cells.

    Parameters
    ----------
    paths : sequence of path-like
        Sharp photographs.
    classifier : PatchBlurClassifier
        Fitted, dense, of stride 4.
    n_scenes : int
        How many.
    shape : tuple of int, default=(320, 480)
        Height and width of a scene.
    random_state : int, default=0
        Seed; the same scenes for every ``n_jobs``.
    n_jobs : int, optional
        Number of scenes processed in parallel (joblib).
    progress : bool, default=False
        Whether to show a bar on standard error.

    Returns
    -------
    features : ndarray of shape (n_scenes, n_features, h, w), float16
        Of cells of 4 x 4 pixels.
    targets : ndarray of shape (n_scenes, h, w), float16
        Mean of ``log(sigma + 0.8)`` over each cell.
    """
    seeds = np.random.SeedSequence(random_state).spawn(n_scenes)
    scenes = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_scene)(paths[index % len(paths)], classifier, shape, seed)
        for index, seed in enumerate(seeds)
    )
    cells = tuple(-(-side // CELL) for side in shape)
    n_features = count_features(len(classifier.classes_))
    # Half precision, and filled one by one: thousands of scenes have to fit in memory.
    features = np.empty((n_scenes, n_features, *cells), np.float16)
    targets = np.empty((n_scenes, *cells), np.float16)
    bar = progress_bar(n_scenes, description="composing scenes", disable=not progress)
    with bar, closing(scenes):
        for index, scene in enumerate(scenes):
            features[index], targets[index] = scene
            bar.update()
    return features, targets

"""From a folder of sharp photographs to a classifier: the ``train`` command."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from ...io import read_image
from ...patches import REAL_LADDER, PatchSet, make_blur_patches
from ..patch_blur_classifier import PatchBlurClassifier
from ..reliability import learn_reliability, patch_texture

__all__ = ["train_on_photographs"]

# Patches cut anywhere, so that the network learns what it cannot tell.
_SMOOTH_SHARE = 0.25


def train_on_photographs(
    paths: Sequence[str | os.PathLike[str]],
    *,
    architecture: str = "blurnet",
    ladder: Sequence[float] = REAL_LADDER,
    n_patches: int = 512_000,
    epochs: int = 6,
    holdout: float = 0.1,
    data: str = "",
    checkpoint: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> PatchBlurClassifier:
    """Train a classifier on sharp photographs blurred by known sigmas.

    Parameters
    ----------
    paths : sequence of path-like
        Sharp photographs.
    architecture : str, default="blurnet"
        As in `PatchBlurClassifier`.
    ladder : sequence of float, default=REAL_LADDER
        Sigma of each level, in pixels.
    n_patches : int, default=512000
        Patches made, including those held out.
    epochs : int, default=6
        Passes over them.
    holdout : float, default=0.1
        Share of the photographs kept out of training, at least one of two or more if
        above 0. Their patches judge every epoch, and accuracy on them goes into the
        card. Patches are split by photograph, never within one.
    data : str, default=""
        Names the photographs and their license in the card.
    checkpoint : path-like, optional
        As in `PatchBlurClassifier`: an interrupted training goes on from there. The
        patches are made anew, the same ones.
    random_state : int, default=0
        Seed of patches, split and training.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib) while patches are made.
    verbose : int, default=0
        As in `PatchBlurClassifier`.

    Returns
    -------
    PatchBlurClassifier
        Fitted; ``card_["holdout"]`` tells the accuracy on held-out photographs, and
        ``history_`` that of every epoch.

    Raises
    ------
    ValueError
        If a photograph cannot be read or too few hold sharp patches.
    ImportError
        If the extra ``train`` is not installed.

    Examples
    --------
    >>> from skdefocus.classifier.training import train_on_photographs
    >>> train_on_photographs([])
    Traceback (most recent call last):
        ...
    ValueError: none of the 0 photographs holds a patch of 32 px ...
    """
    classifier = PatchBlurClassifier(
        architecture,
        tuple(ladder),
        epochs=epochs,
        batch_size=512,
        learning_rate=3e-3,
        schedule="one_cycle",
        weight_decay=0.01,
        validation_fraction=holdout,
        checkpoint=checkpoint,
        random_state=random_state,
        verbose=verbose,
    )
    classifier.check_settings()
    patches = make_blur_patches(
        paths,
        ladder,
        n_patches=n_patches,
        smooth_share=_SMOOTH_SHARE,
        read=read_image,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    photographs = np.unique(patches.groups)
    if len(photographs) == 1:
        classifier.set_params(validation_fraction=0.0)
    classifier.fit(patches)
    held_out = classifier.validation_groups_
    n_held_out = 0 if held_out is None else len(held_out)
    card = classifier.card_
    card["training"]["photographs"] = len(photographs) - n_held_out
    card["training"]["random_state"] = random_state
    card["training"]["blur_domain"] = "image"
    card["training"]["smooth_share"] = _SMOOTH_SHARE
    if data:
        card["data"] = data
    if held_out is not None and n_held_out:
        judged = patches.take(np.isin(patches.groups, held_out))
        probabilities = classifier.predict_proba(judged.X, judged.conditions)
        columns = np.searchsorted(classifier.classes_, judged.y)
        best = probabilities.argmax(axis=1)
        card["holdout"] = {
            "photographs": n_held_out,
            "n_patches": len(judged),
            "accuracy": round(float((best == columns).mean()), 4),
            "within_one_level": round(float((abs(best - columns) <= 1).mean()), 4),
        }
        classifier.reliability_ = _reliability(classifier, judged, probabilities)
        card["reliability"] = classifier.reliability_.round(4).tolist()
    return classifier


def _reliability(
    classifier: PatchBlurClassifier, judged: PatchSet, probabilities: np.ndarray
) -> np.ndarray:
    """Compare what the network says of patches with what is true of them."""
    pixels = np.asarray(judged.X).reshape(len(judged), -1) / np.float32(255)
    return learn_reliability(
        probabilities,
        classifier.sigmas_,
        np.array(classifier.ladder_)[judged.y],
        patch_texture(pixels)[1],
        judged.conditions,
    )

"""From a folder of sharp photographs to a classifier: the ``train`` command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._shared.parameters import NON_NEGATIVE_INTEGER, checked
from ...io import read_image
from ...patches import PAPER_LADDER, REAL_LADDER, PatchSet, make_blur_patches
from ..patch_blur_classifier import PatchBlurClassifier
from ..reliability import learn_reliability, patch_texture

__all__ = ["train_on_photographs"]


@dataclass(frozen=True)
class _Protocol:
    """What patches a network is trained on, and how."""

    architecture: str
    ladder: tuple[float, ...]
    n_patches: int | None
    epochs: int
    patches: dict[str, Any]
    training: dict[str, Any]


_PROTOCOLS = {
    "photographs": _Protocol(
        "blurnet",
        REAL_LADDER,
        512_000,
        6,
        # A quarter is cut anywhere, so that the network learns what it cannot tell.
        {"blur_domain": "image", "smooth_share": 0.25},
        {
            "batch_size": 512,
            "learning_rate": 3e-3,
            "schedule": "one_cycle",
            "weight_decay": 0.01,
        },
    ),
    # Sec. 3.1, with borders and in 8 bits as MATLAB's imgaussfilt gives them. The
    # paper's rate stays for 100 epochs; here it falls, for fewer. Flips stand for more
    # photographs.
    "paper": _Protocol(
        "mobilenet_v2",
        PAPER_LADDER,
        None,
        10,
        {"blur_domain": "patch", "padding": "nearest", "dtype": "uint8"},
        {
            "batch_size": 128,
            "learning_rate": 1e-3,
            "schedule": "cosine",
            "random_flips": True,
        },
    ),
}


@checked(random_state=[NON_NEGATIVE_INTEGER])
def train_on_photographs(
    paths: Sequence[str | os.PathLike[str]],
    *,
    protocol: str = "photographs",
    architecture: str | None = None,
    ladder: Sequence[float] | None = None,
    n_patches: int | None = None,
    epochs: int | None = None,
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
    protocol : {"photographs", "paper"}, default="photographs"
        What the network is trained on: patches of photographs that were blurred whole,
        with noise and compression, for use; or sharp patches that are each blurred
        alone, as in the paper (sec. 3.1). Its default settings follow from it.
    architecture : str, optional
        As in `PatchBlurClassifier`; by default "blurnet", for the paper "mobilenet_v2".
    ladder : sequence of float, optional
        Sigma of each level, in pixels; by default REAL_LADDER or PAPER_LADDER.
    n_patches : int, optional
        Patches made, including those held out; by default 512,000, for the paper all
        that reach its sharpness.
    epochs : int, optional
        Passes over them; by default 6, for the paper 10.
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
    if protocol not in _PROTOCOLS:
        raise ValueError(
            f"protocol must be {' or '.join(map(repr, _PROTOCOLS))}; got {protocol!r}."
        )
    chosen = _PROTOCOLS[protocol]
    ladder = chosen.ladder if ladder is None else ladder
    # NumPy's integers would not go into the card.
    random_state = int(random_state)
    classifier = PatchBlurClassifier(
        chosen.architecture if architecture is None else architecture,
        ladder,
        epochs=chosen.epochs if epochs is None else epochs,
        validation_fraction=holdout,
        checkpoint=checkpoint,
        random_state=random_state,
        verbose=verbose,
        **chosen.training,
    )
    classifier.check_settings()
    ladder = tuple(ladder)
    patches = make_blur_patches(
        paths,
        ladder,
        n_patches=chosen.n_patches if n_patches is None else n_patches,
        **chosen.patches,
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
    card["training"] |= chosen.patches
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
        if protocol == "photographs":
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

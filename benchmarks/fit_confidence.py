"""Fit the confidence of a network, on photographs that it did not learn from.

python benchmarks/fit_confidence.py --data DIR --model FILE [-o FILE]

FILE is a network of `skdefocus train`, made with the photographs that
benchmarks/training_photographs.py lists. Those of them that the training held out are
reduced to half their size, since none is quite sharp, and blurred by Gaussians and
discs of known sigma, with noise or without; scenes are composed of them, too. They are
measured at the size they have, in windows 4 px apart. Each pixel counts as far as a
scale of "auto" takes it from the size it is measured at: wholly up to 1.5 px, not from
3 px on. The four numbers of the logistic regression are printed, with the expected
calibration error of the pixels they were fitted on, and written with the network to the
file of -o.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from .common import parse_with_data
    from .confidence import noisy_levels, reliability
    from .training_photographs import photographs
else:
    from common import parse_with_data
    from confidence import noisy_levels, reliability
    from training_photographs import photographs

from skdefocus import PatchBlurClassifier
from skdefocus._shared.gray_rows import GrayRows
from skdefocus._shared.sigma_scale import from_log_sigma
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.classifier.reliability import (
    fit_reliability,
    reliable_confidence,
    tolerance,
)
from skdefocus.classifier.training.training_set import draw_held_out
from skdefocus.filters import blur, measure_conditions, resize
from skdefocus.io import read_image
from skdefocus.mapping.classify_patches import classify_bands
from skdefocus.mapping.map_means import MapMeans
from skdefocus.mapping.scales import DOUBTED, TRUSTED
from skdefocus.synthesis import compose_scene

STEP = 4
SIGMAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
NOISES = (0, 0, 5, 10, 15)
_LARGEST = (480, 640)
_SCENES, _SCENE_SHAPE = 2, (320, 480)
_SAMPLED = 8
_SHARE = 0.1


def held_out_of_training(folder: Path, card: dict[str, Any]) -> list[Path]:
    """Photographs that judged every epoch of a network's training."""
    listed = photographs(folder)
    chosen = draw_held_out(len(listed), _SHARE, card["training"]["seed"])
    return [listed[i] for i in sorted(chosen)]


def measure(image: np.ndarray, classifier: PatchBlurClassifier) -> dict[str, Any]:
    """Sigma of every pixel, and what its confidence hangs on."""
    gray = GrayRows(image)
    conditions = measure_conditions(gray, gray.rounding)
    size = classifier.patch_size_
    means = MapMeans(gray.shape, size, STEP, "mean")
    for windows in classify_bands(
        gray,
        classifier,
        patch_size=size,
        sigmas=classifier.sigmas_,
        step=STEP,
        estimate="mean",
        n_threads=None,
        conditions=conditions,
    ):
        means.add(*windows)
    sigma, trust, detail = means.evidence()
    return {
        "sigma": from_log_sigma(sigma),
        "trust": trust,
        "detail": np.exp(detail),
        "conditions": conditions,
    }


def judge(
    image: np.ndarray, truth: np.ndarray, classifier: PatchBlurClassifier
) -> tuple[np.ndarray, ...]:
    """Word, detail, conditions, whether it is right and weight, of some pixels."""
    found = measure(image, classifier)
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    sigma, trust, detail, truth = (
        plane[part].ravel()
        for plane in (found["sigma"], found["trust"], found["detail"], truth)
    )
    weight = np.clip((DOUBTED - sigma) / (DOUBTED - TRUSTED), 0, 1)
    counts = weight > 0
    right = np.abs(sigma - truth) <= tolerance(truth)
    conditions = np.tile(found["conditions"], (len(sigma), 1))
    columns = trust, detail, conditions, right, weight
    return tuple(column[counts] for column in columns)


def gather(
    paths: list[Path], classifier: PatchBlurClassifier, seed: int
) -> list[np.ndarray]:
    """Judge photographs blurred as a whole, and scenes that are composed of them."""
    parts = []
    for number, path in enumerate(paths):
        rng = np.random.default_rng([seed, number])
        photograph = read_image(path)
        gray = to_gray(to_float_image(photograph))
        gray = resize(gray, (gray.shape[0] // 2, gray.shape[1] // 2))
        gray = gray[: _LARGEST[0], : _LARGEST[1]]
        for sigma in SIGMAS:
            psf = ("gaussian", "disc")[rng.integers(2)]
            noise = NOISES[rng.integers(len(NOISES))]
            image = noisy_levels(blur(gray, sigma, psf), noise, rng)
            truth = np.full(gray.shape, sigma, np.float32)
            parts.append(judge(image, truth, classifier))
        for _ in range(_SCENES):
            scene = compose_scene(photograph, _SCENE_SHAPE, rng)
            parts.append(judge(*scene, classifier))
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def main(arguments: list[str] | None = None) -> int:
    """Print the numbers, and write the network with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="model file")
    parser.add_argument("-o", "--output", type=Path, help="model file to write")
    parser.add_argument("--seed", type=int, default=0)
    options = parse_with_data(parser, arguments)
    classifier = PatchBlurClassifier.load(options.model)
    paths = held_out_of_training(Path(options.data), classifier.card_)
    word, detail, conditions, right, weight = gather(paths, classifier, options.seed)
    numbers = fit_reliability(word, detail, conditions, right, weight).round(4)
    print(f"{len(paths)} photographs, {len(right)} pixels")
    for name, tried in (("before", classifier.reliability_), ("fitted", numbers)):
        if tried is not None:
            confidence = reliable_confidence(word, detail, conditions, tried)
            error = reliability(np.stack([confidence, right]), weight)[1]
            rounded = ", ".join(f"{number:g}" for number in np.round(tried, 4))
            print(f"{name} {rounded}: expected calibration error {error:.3f}")
    if options.output:
        classifier.reliability_ = numbers
        classifier.card_["reliability"] = numbers.tolist()
        classifier.save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())

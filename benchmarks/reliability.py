"""Learn how far a network is right where it says so: the numbers in its card.

python benchmarks/reliability.py PHOTO_OR_FOLDER... --model FILE [-o FILE]

Give sharp photographs that the network has not seen. As in confidence.py they are
reduced to half their size, blurred by known sigmas, clean and with noise, and scenes
are composed of them; windows are averaged as the mapper does it, and sigma is right
within 25 % or 0.25 px of the truth. A logistic regression gives the four numbers.
With -o the model is written again with them in its card.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

if __package__:
    from .confidence import NOISES, SIGMAS, to_levels
else:
    from confidence import NOISES, SIGMAS, to_levels

from skdefocus import PatchBlurClassifier
from skdefocus._shared.sigma_scale import from_log_sigma, to_log_sigma
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.classifier.reliability import fit_reliability, tolerance
from skdefocus.filters import blur, measure_conditions, resize
from skdefocus.io import list_photographs, read_image
from skdefocus.mapping.classify_patches import classify_bands
from skdefocus.mapping.windows import WindowMean
from skdefocus.synthesis import compose_scene

# As the recommended mapper, and every so many rows and columns.
SIZE, STEP = 32, 4
_SAMPLED = 8
_SCENES = 4


def features(
    levels: np.ndarray, truth: np.ndarray, classifier: PatchBlurClassifier
) -> np.ndarray:
    """Trust, detail, conditions, and whether sigma is right, of some pixels."""
    gray = to_gray(to_float_image(levels))
    conditions = measure_conditions(gray, 1 / 255)
    means = [WindowMean(gray.shape, SIZE, STEP) for _ in range(3)]
    for sigma, trust, detail in classify_bands(
        gray,
        classifier,
        patch_size=SIZE,
        step=STEP,
        estimate="mean",
        n_threads=1,
        conditions=conditions,
    ):
        means[0].add(to_log_sigma(sigma))
        means[1].add(trust)
        means[2].add(np.log(np.maximum(detail, 1e-9)))
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    log_sigma, trust, log_detail = (mean.means[part].ravel() for mean in means)
    truth = truth[part].ravel()
    right = np.abs(from_log_sigma(log_sigma) - truth) <= tolerance(truth)
    told = np.tile(conditions, (len(truth), 1))
    return np.column_stack([trust, np.exp(log_detail), told, right])


def judge_photograph(
    path: Path, classifier: PatchBlurClassifier, seed: int
) -> np.ndarray:
    """Features of a photograph blurred as a whole, and of scenes composed of it."""
    rng = np.random.default_rng([seed, 1])
    photograph = read_image(path)
    gray = to_gray(to_float_image(photograph))
    gray = resize(gray, (gray.shape[0] // 2, gray.shape[1] // 2))
    found = []
    for noise in NOISES:
        for sigma in SIGMAS:
            psf = ("gaussian", "disc")[rng.integers(2)]
            levels = to_levels(blur(gray, sigma, psf), noise, rng)
            truth = np.full(gray.shape, sigma, np.float32)
            found.append(features(levels, truth, classifier))
    for _ in range(_SCENES):
        found.append(features(*compose_scene(photograph, (320, 480), rng), classifier))
    return np.concatenate(found)


def main(arguments: list[str] | None = None) -> int:
    """Print the numbers, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--model", required=True, help="model file")
    parser.add_argument("-o", "--output", help="model file that is written")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    classifier = PatchBlurClassifier.load(options.model)
    # The word of the network as it is.
    classifier.reliability_ = np.array([0.0, 1.0, 0.0, 0.0])
    paths = list_photographs(options.photos)
    tasks = (
        delayed(judge_photograph)(path, classifier, seed)
        for seed, path in enumerate(paths)
    )
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    found = np.concatenate(list(tqdm(results, total=len(paths), file=sys.stderr)))
    trust, detail, conditions, right = np.split(found, [1, 2, 6], axis=1)
    numbers = fit_reliability(
        trust.ravel(), detail.ravel(), conditions, right.ravel() > 0
    )
    print(f"{len(paths)} photographs, {len(found)} pixels")
    print("reliability", *np.round(numbers, 4))
    if options.output:
        classifier.reliability_ = np.round(numbers, 4)
        classifier.card_["reliability"] = classifier.reliability_.tolist()
        classifier.save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Score maps and masks of photographs that went through more than a lens.

python benchmarks/robustness.py --data DIR --split test

DIR holds CUHK as `skdefocus.datasets.load_cuhk` reads it; by default it is
$SKDEFOCUS_DATA. Every photograph is mapped as it is and under every condition, by the
recommended steps. "best" is the accuracy of its own best threshold, "default" and
"automatic" that of `DefocusSegmenter` with its default and with "auto". "ratio" is the
mean sigma over that of the clean photograph (half of it is due at half size), "rank"
the rank correlation of sigma with that of the clean photograph; of both the median over
photographs. The split "test" (0001-0200) is for reporting only.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import spearmanr
from sklearn.pipeline import make_pipeline
from tqdm import tqdm

if __package__:
    from .common import parse_with_data
    from .cuhk import cells
    from .photograph_conditions import CONDITIONS, Condition
else:
    from common import parse_with_data
    from cuhk import cells
    from photograph_conditions import CONDITIONS, Condition

from skdefocus import DefocusSample, DefocusSegmenter, PatchBlurClassifier
from skdefocus.datasets import load_cuhk
from skdefocus.metrics import best_threshold, pixel_accuracy
from skdefocus.recipes import recommended_steps

COLUMNS = ("best", "default", "automatic")
# Pixels of a photograph by which ranks are compared: every so many rows and columns.
_SAMPLED = 5


def make_steps(model: str | None) -> object:
    """Make the recommended steps, or those of the patches of another network alone."""
    classifier = PatchBlurClassifier.load(model) if model else None
    return make_pipeline(*[step for _, step in recommended_steps(classifier)])


def answer(steps: object, image: np.ndarray) -> DefocusSample:
    """Map one photograph."""
    (sample,) = steps.fit_transform([image])
    return sample


def rank(one: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation of two maps; 0 where one of them is the same everywhere."""
    values = [values[::_SAMPLED, ::_SAMPLED].ravel() for values in (one, other)]
    if min(map(np.ptp, values)) == 0:
        return 0.0
    return float(spearmanr(*values).statistic)


def score(
    sample: DefocusSample, clean: DefocusSample, mask: np.ndarray, condition: Condition
) -> dict[str, float]:
    """Score the map of a changed photograph where it shows the photograph."""
    cut, place = condition.cut, condition.place
    truth, before = place(mask), place(clean.blur_map)
    blur_map = cut(sample.blur_map)
    scores = {
        "best": best_threshold(truth, np.ascontiguousarray(blur_map))[0],
        "ratio": float(blur_map.mean() / max(before.mean(), 1e-6)),
        "rank": rank(blur_map, before),
    }
    segmenters = DefocusSegmenter(), DefocusSegmenter("auto")
    for name, segmenter in zip(("default", "automatic"), segmenters, strict=True):
        (predicted,) = segmenter.predict([sample])
        scores[name] = pixel_accuracy([truth], [cut(predicted)])
    return scores


def run_one(
    steps: object, image: np.ndarray, mask: np.ndarray, names: list[str], seed: int
) -> dict[str, dict[str, float]]:
    """Score one photograph under all conditions; its noise depends on it alone."""
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=2)
    clean = answer(steps, image)
    scores = {}
    for name in names:
        condition = CONDITIONS[name]
        rng = np.random.default_rng([seed, [*CONDITIONS].index(name)])
        sample = (
            clean if name == "clean" else answer(steps, condition.change(image, rng))
        )
        scores[name] = score(sample, clean, mask, condition)
    return scores


def row(scores: list[dict[str, float]]) -> str:
    """Write means of accuracies with half the width of their interval, and medians."""
    medians = [
        f"{np.median([one[column] for one in scores]):6.3f}"
        for column in ("ratio", "rank")
    ]
    return "  ".join([cells(scores, COLUMNS), *medians])


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("test", "validation"), default="validation")
    parser.add_argument(
        "--conditions", nargs="+", choices=CONDITIONS, default=[*CONDITIONS]
    )
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--every", type=int, default=1, help="only every n-th photograph"
    )
    return parse_with_data(parser, arguments)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    options = parse(arguments)
    steps = make_steps(options.model)
    bunch = load_cuhk(options.data, options.split)
    pairs = list(zip(bunch.images, bunch.masks, strict=True))[:: options.every]
    tasks = (
        delayed(run_one)(steps, image, mask, options.conditions, seed)
        for seed, (image, mask) in enumerate(pairs)
    )
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    scores = list(tqdm(results, total=len(pairs), file=sys.stderr))
    network = options.model or PatchBlurClassifier.pretrained().network_.sha256
    print(f"network {network}\nCUHK {options.split}, {len(pairs)} photographs")
    header = "  ".join(f"{column:14}" for column in COLUMNS)
    print(f"{'condition':24}  {header}   ratio    rank")
    for name in options.conditions:
        print(f"{name:24}  {row([one[name] for one in scores])}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

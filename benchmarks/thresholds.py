"""How photographs are divided: thresholds, the automatic mask, clicks and boxes.

python benchmarks/thresholds.py --data DIR --split test

DIR holds CUHK as `skdefocus.datasets.load_cuhk` reads it, and the folder "sharp" with
the photographs that training held out; by default it is $SKDEFOCUS_DATA. All masks come
from one map per photograph, by the recommended steps. "before" is the rule of "auto"
until version 1: the level at which the map's edges lie, at most halfway between Otsu's
threshold and half a pixel above the sharpest. A subject is what the mask of people
leaves in focus; it is clicked at its most interior point, at a random one, and 5 px
inside its border; its box is the bounding box. "worse" is the share of photographs that
lose more than 0.02 against "auto". "certain" lists the accuracy of "auto" by quarters
of its certainty. Choices are made on "validation", and "test" only reports.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from PIL import Image
from scipy import ndimage

if __package__:
    from .common import parse_with_data
    from .cuhk import interval
    from .training_photographs import held_out
else:
    from common import parse_with_data
    from cuhk import interval
    from training_photographs import held_out

from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSample, DefocusSegmenter
from skdefocus.datasets import load_cuhk
from skdefocus.filters import blur, edge_threshold, otsu_threshold
from skdefocus.io import read_photograph
from skdefocus.metrics import best_threshold, f_score, mean_absolute_error
from skdefocus.recipes import recommended_steps

CLICKS = ("interior", "random", "border")
# Pixels inside the border of the subject.
_INSIDE = 5.0
# Photographs in folders whose sharpness our own map chose say nothing of it.
_CHOSEN_BY_MAP = "everyday"
_BLUR = 3.0


def rule_before(blur_map: np.ndarray) -> float:
    """Threshold of "auto" before photographs were divided by more than a level."""
    sharpest = min(float(np.quantile(blur_map, 0.05)), 1.25)
    levels = np.log(blur_map + 0.8)
    limit = (otsu_threshold(levels) + np.log(sharpest + 0.5 + 0.8)) / 2
    return float(np.exp(min(edge_threshold(levels), limit)) - 0.8)


def find_hints(
    mask: np.ndarray, rng: np.random.Generator
) -> dict[str, tuple[float, ...]]:
    """Clicks on what a mask leaves in focus, (x, y), and its box."""
    subject = ~mask
    depth = ndimage.distance_transform_edt(np.pad(subject, 1))[1:-1, 1:-1]
    middle = np.unravel_index(depth.argmax(), depth.shape)
    inside = np.argwhere(subject)
    border = np.argwhere((depth > _INSIDE - 0.5) & (depth <= _INSIDE + 0.5))
    chosen = {
        "interior": middle,
        "random": inside[rng.integers(len(inside))],
        "border": border[rng.integers(len(border))] if len(border) else middle,
    }
    hints: dict[str, tuple[float, ...]] = {
        name: (float(x), float(y)) for name, (y, x) in chosen.items()
    }
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0)
    hints["box"] = (
        *(float(left), float(top)),
        *(float(right - left + 1), float(bottom - top + 1)),
    )
    return hints


def make_map(image: np.ndarray, name: str = "") -> DefocusSample:
    """Map one photograph by the recommended steps."""
    steps = make_pipeline(*[step for _, step in recommended_steps()])
    (sample,) = steps.fit_transform([DefocusSample(image, name=name)])
    return sample


def judge(
    sample: DefocusSample, mask: np.ndarray, hints: dict[str, tuple[float, ...]]
) -> dict[str, float]:
    """Score every way to divide one photograph."""
    row = {"best": best_threshold(mask, sample.require_map())[0]}

    def agreement(found: np.ndarray) -> float:
        return float((found == mask).mean())

    row["default"] = agreement(DefocusSegmenter().predict([sample])[0])
    row["before"] = agreement(sample.require_map() >= rule_before(sample.require_map()))
    automatic = DefocusSegmenter("auto")
    (found,) = automatic.predict([sample])
    row["auto"] = agreement(found)
    row["F"], row["MAE"] = (
        f_score([mask], [found]),
        mean_absolute_error([mask], [found]),
    )
    row["certainty"] = automatic.describe([sample])[0].certainty
    for name in CLICKS:
        (found,) = automatic.predict([sample], subject_points=[hints[name]])
        row[name] = agreement(found)
    (found,) = automatic.predict([sample], subject_boxes=[hints["box"]])
    row["box"] = agreement(found)
    return row


def resized(image: np.ndarray, times: float, resample: Image.Resampling) -> np.ndarray:
    """Resize a photograph or a mask."""
    size = [max(1, round(n * times)) for n in image.shape[1::-1]]
    return np.asarray(Image.fromarray(image).resize(size, resample))


def at_size(image: np.ndarray, mask: np.ndarray, times: float) -> tuple[float, float]:
    """Score the default threshold and "auto" at another size."""
    sample = make_map(resized(image, times, Image.Resampling.LANCZOS))
    wanted = resized(mask, times, Image.Resampling.NEAREST)
    masks = [DefocusSegmenter(t).predict([sample])[0] for t in (None, "auto")]
    default, automatic = (float((found == wanted).mean()) for found in masks)
    return default, automatic


def answer(image: np.ndarray) -> tuple[str, float]:
    """Find the answer to one photograph, and the share called out of focus."""
    sample = make_map(image)
    automatic = DefocusSegmenter("auto")
    share = float(automatic.predict([sample])[0].mean())
    return automatic.describe([sample])[0].answer, share


def print_row(name: str, values: list[float], more: str = "") -> None:
    """Print a mean with half the width of its interval."""
    low, high = interval(np.array(values))
    print(
        f"{name:22} {np.mean(values):.4f} ±{(high - low) / 2:.4f}  {more}", flush=True
    )


def print_masks(names: list[str], rows: list[dict[str, float]], n_worst: int) -> None:
    """Print the table of CUHK, and the photographs that err most."""
    automatic = np.array([row["auto"] for row in rows])
    for column in ("best", "default", "before", "auto", "F", "MAE"):
        print_row(column, [row[column] for row in rows])
    for column in (*CLICKS, "box"):
        values = np.array([row[column] for row in rows])
        worse = (values < automatic - 0.02).mean()
        more = (
            f"{values.mean() - automatic.mean():+.4f} against auto, worse {worse:.3f}"
        )
        print_row(column, values.tolist(), more)
    order = np.argsort([row["certainty"] for row in rows])
    quarters = [
        automatic[part].mean() for part in np.array_split(order, min(4, len(order)))
    ]
    print("certain              ", "  ".join(f"{q:.3f}" for q in quarters))
    print("largest errors of auto:")
    for index in np.argsort(automatic)[:n_worst]:
        row = rows[index]
        shown = [f"{row[column]:.3f}" for column in ("auto", "best", "interior", "box")]
        print(f"  {names[index]}  auto, best, click, box: {', '.join(shown)}")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    splits = ("test", "validation")
    parser.add_argument("--split", choices=splits, default="validation")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--every", type=int, default=1, help="every so many photographs"
    )
    parser.add_argument("--sizes", type=float, nargs="*", default=[0.5, 2.0])
    parser.add_argument("--worst", type=int, default=20, help="how many are listed")
    parser.add_argument("--seed", type=int, default=0, help="of the clicks")
    options = parse_with_data(parser, arguments)
    bunch = load_cuhk(options.data, options.split)
    pairs = list(zip(bunch.images, bunch.masks, strict=True))[:: options.every]
    names = [str(name) for name in bunch.names][:: options.every]
    rng = np.random.default_rng(options.seed)
    parallel = Parallel(n_jobs=options.jobs)
    start = time.perf_counter()
    maps = parallel(delayed(make_map)(image) for image, _ in pairs)
    hints = [find_hints(mask, rng) for _, mask in pairs]
    rows = parallel(
        delayed(judge)(sample, mask, hint)
        for sample, (_, mask), hint in zip(maps, pairs, hints, strict=True)
    )
    print(f"CUHK {options.split}, {len(pairs)} photographs, seed {options.seed}")
    print_masks(names, rows, options.worst)
    for times in options.sizes:
        found = parallel(delayed(at_size)(*pair, times) for pair in pairs)
        columns = zip(*found, strict=True)
        for name, values in zip(("default", "auto"), columns, strict=True):
            print_row(f"{name}, {times:g} times the size", list(values))
    sharp = [
        read_photograph(path).image
        for path in held_out(Path(options.data))
        if path.exists() and _CHOSEN_BY_MAP not in path.parts
    ]
    if sharp:
        found = parallel(delayed(answer)(image) for image in sharp)
        n_all = sum(name == "all sharp" for name, _ in found)
        print_row(
            "sharp, called out", [share for _, share in found], f"{n_all} all sharp"
        )
        blurred = (blur(image / np.float32(255), _BLUR) for image in sharp)
        found = parallel(delayed(answer)(image) for image in blurred)
        called = [float(name == "all sharp") for name, _ in found]
        n_none = sum(name == "nothing sharp" for name, _ in found)
        print_row("blurred, called sharp", called, f"{n_none} nothing sharp")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

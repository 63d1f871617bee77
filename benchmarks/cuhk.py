"""Score blur maps on the CUHK blur detection dataset (Table 5).

python benchmarks/cuhk.py --data DIR --split test

DIR holds ``cuhk/images`` and ``cuhk/masks``; by default it is $SKDEFOCUS_DATA. The
split "test" (0001-0200, the paper's) is for reporting only; choices are made on
"validation" (0201-0400).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from skdefocus import (
    DefocusSample,
    LaplacianVarianceMapper,
    PatchBlurClassifier,
    SlidingWindowMapper,
    WGIFRefiner,
)
from skdefocus.io import read_image
from skdefocus.metrics import best_threshold, constant_accuracy

SPLITS = {"test": range(1, 201), "validation": range(201, 401)}
PUBLISHED = {
    "Zhuo and Sim": 0.7296,
    "Karaali and Jung": 0.7654,
    "Shi et al.": 0.7781,
    "Park et al.": 0.8408,
    "DMENet": 0.8735,
    "Galetto and Deng": 0.8771,
}
_NUMBER = re.compile(r"out_of_focus(\d{4})$")


def find_pairs(folder: Path, numbers: range) -> list[tuple[Path, Path]]:
    """Find photographs and masks of a split; match them by stem."""
    masks = {path.stem: path for path in (folder / "cuhk" / "masks").glob("*.png")}
    pairs = []
    for photo in sorted((folder / "cuhk" / "images").iterdir()):
        number = _NUMBER.search(photo.stem)
        if number and int(number[1]) in numbers and photo.stem in masks:
            pairs.append((photo, masks[photo.stem]))
    return pairs


def read_mask(path: Path) -> np.ndarray:
    """Read a mask, 255 where out of focus, as bool."""
    mask = read_image(path)
    mask = mask if mask.ndim == 2 else mask[..., 0]
    if not np.isin(mask, (0, 255)).all():
        raise ValueError(f"{path} holds values other than 0 and 255.")
    return mask == 255


def score(pair: tuple[Path, Path], mappers: dict, refiner: WGIFRefiner) -> list[float]:
    """Score one photograph: the constant answer, then raw and refined maps."""
    image, mask = read_image(pair[0]), read_mask(pair[1])
    row = [constant_accuracy([mask])]
    for mapper in mappers.values():
        samples: list[DefocusSample] = mapper.transform([image])
        for sample in (samples[0], refiner.transform(samples)[0]):
            row.append(best_threshold(sample.blur_map, mask)[0])
    return row


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over photographs."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(values), size=(10_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("SKDEFOCUS_DATA"))
    parser.add_argument("--split", choices=SPLITS, default="validation")
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--estimate", choices=("mean", "mode"), default="mean")
    parser.add_argument("--auto", action="store_true", help='with scale="auto"')
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, help="only the first so many photographs")
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error("give --data DIR, or set SKDEFOCUS_DATA")
    pairs = find_pairs(Path(options.data), SPLITS[options.split])[: options.limit]
    if not pairs:
        parser.error(f"{options.data} holds no photograph of the split {options.split}")
    if options.model:
        classifier = PatchBlurClassifier.load(options.model)
    else:
        classifier = PatchBlurClassifier.pretrained()
    mappers = {
        "variance of Laplacian, 16 x 16": LaplacianVarianceMapper(),
        f"network, step {options.step}, {options.estimate}": SlidingWindowMapper(
            classifier,
            step=options.step,
            estimate=options.estimate,
            scale="auto" if options.auto else 1.0,
        ),
    }
    jobs = Parallel(n_jobs=options.jobs, return_as="generator")
    results = jobs(delayed(score)(pair, mappers, WGIFRefiner()) for pair in pairs)
    table = np.array(list(tqdm(results, total=len(pairs), file=sys.stderr)))
    names = ["best constant per photograph"]
    for mapper in mappers:
        names += [mapper, f"{mapper} + WGIFRefiner"]
    print(f"network {classifier.network_.sha256}")
    print(f"CUHK {options.split}, {len(pairs)} photographs, best threshold per image")
    print(f"{'method':58} accuracy  95 % interval")
    if options.split == "test":
        for name, value in PUBLISHED.items():
            print(f"{name + ' (published)':58} {value:.4f}")
    for name, column in zip(names, table.T, strict=True):
        low, high = interval(column)
        print(f"{name:58} {column.mean():.4f}    {low:.4f} to {high:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Score blur maps on the CUHK blur detection dataset (Table 5 and Fig. 11).

python benchmarks/cuhk.py --data DIR --split test

DIR holds the dataset as `skdefocus.datasets.load_cuhk` reads it; by default it is
$SKDEFOCUS_DATA. The split "test" (0001-0200, the paper's) is for reporting only;
choices are made on "validation" (0201-0400), as are the fixed thresholds of every row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

if __package__:
    from . import cuhk_pictures, tune
    from .common import parse_with_data, pass_through
else:
    import cuhk_pictures
    import tune
    from common import parse_with_data, pass_through

from skdefocus import (
    CombinedMapper,
    ContextMapper,
    DefocusSample,
    DefocusSegmenter,
    EdgeRatioMapper,
    GlobalRefiner,
    GuidedRefiner,
    MattingRefiner,
    MutualGuidedRefiner,
    PatchBlurClassifier,
    PrecomputedMapper,
    SlidingWindowMapper,
    WGIFRefiner,
)
from skdefocus.datasets import load_cuhk
from skdefocus.metrics import (
    average_precision,
    best_threshold,
    constant_accuracy,
    f_score,
    mean_absolute_error,
    pixel_accuracy,
    precision_recall_curve,
)

PUBLISHED = {
    "Zhuo and Sim": 0.7296,
    "Karaali and Jung": 0.7654,
    "Shi et al.": 0.7781,
    "Park et al.": 0.8408,
    "DMENet": 0.8735,
    "Galetto and Deng": 0.8771,
}
COLUMNS = ("best", "fixed", "absolute", "auto", "F", "MAE", "AP")
REFINERS = {
    "none": None,
    "guided": GuidedRefiner(),
    "wgif": WGIFRefiner(),
    "global": GlobalRefiner(),
    "mutual": MutualGuidedRefiner(),
    "matting": MattingRefiner(),
}


def make_mappers(
    model: str | None,
    step: int,
    estimate: str,
    maps: str | None = None,
    maps_scale: float | None = None,
) -> dict:
    """Make the mappers that are compared."""
    if model:
        network = PatchBlurClassifier.load(model)
    else:
        network = PatchBlurClassifier.pretrained()
    settings = {"step": step, "estimate": estimate}
    mappers = {
        **{name: kind() for name, (kind, _) in tune.GRIDS.items()},
        "edge-ratio-matting": EdgeRatioMapper(propagation="matting"),
        "network": SlidingWindowMapper(network, **settings),
        "network-auto": SlidingWindowMapper(network, scale="auto", **settings),
        "network-scales": SlidingWindowMapper(network, scale=(2, 1, 0.5), **settings),
        "context": ContextMapper(),
        "combined": CombinedMapper(),
        # The pipeline of sec. 4.3, with the refiner "wgif".
        "paper": SlidingWindowMapper("paper", step=8),
    }
    for name, tuned in tune.TUNED.items():
        kind, _ = tune.GRIDS[name]
        mappers[f"{name}-tuned"] = kind(**tuned)
    if maps:
        mappers["precomputed"] = PrecomputedMapper(maps, maps_scale)
    return mappers


def run(function: Callable, *columns: list, jobs: int, name: str) -> list:
    """Apply a function to every photograph."""
    tasks = (delayed(function)(*row) for row in zip(*columns, strict=True))
    results = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    progress = tqdm(results, total=len(columns[0]), desc=name, file=sys.stderr)
    return list(progress)


def refined_maps(
    mapper: object, refiners: dict, images: list, jobs: int, name: str
) -> Iterator[tuple[str, list[DefocusSample], float]]:
    """Map photographs once and refine the maps by every refiner."""
    mapped = run(lambda x: pass_through(mapper, x), images, jobs=jobs, name=name)
    samples = [sample for sample, _ in mapped]
    seconds = float(np.mean([spent for _, spent in mapped]))
    for refiner_name, refiner in refiners.items():
        if refiner is None:
            yield refiner_name, samples, seconds
            continue
        title = f"{name} + {refiner_name}"
        refined = run(
            lambda x, r=refiner: pass_through(r, x), samples, jobs=jobs, name=title
        )
        spent = float(np.mean([seconds_ for _, seconds_ in refined]))
        yield refiner_name, [sample for sample, _ in refined], seconds + spent


def range_accuracy(blur_map: np.ndarray, mask: np.ndarray, share: float) -> float:
    """Accuracy of a threshold at a share of the map's range, as Park et al. set it."""
    least, largest = blur_map.min(), blur_map.max()
    return pixel_accuracy([mask], [blur_map >= least + share * (largest - least)])


def learn(samples: list[DefocusSample], masks: list, reference: str) -> float:
    """Find the one threshold that agrees best with the masks of a split."""
    return DefocusSegmenter("learn", reference=reference).fit(samples, masks).threshold_


def score(
    sample: DefocusSample,
    mask: np.ndarray,
    thresholds: tuple[float, float],
    share: float | None = None,
) -> dict[str, object]:
    """Score the map of one photograph."""
    fixed = DefocusSegmenter(thresholds[0])
    absolute = DefocusSegmenter(thresholds[1], reference="absolute")
    predicted = fixed.predict([sample])
    blur_map = sample.blur_map
    scores = {
        "best": best_threshold(mask, blur_map)[0],
        "fixed": pixel_accuracy([mask], predicted),
        "absolute": absolute.score([sample], [mask]),
        "auto": DefocusSegmenter("auto").score([sample], [mask]),
        "F": f_score([mask], predicted),
        "MAE": mean_absolute_error([mask], predicted),
        "AP": average_precision([mask], [blur_map]),
        "curve": np.stack(precision_recall_curve([mask], [blur_map])),
    }
    if share is not None:
        scores["range"] = range_accuracy(blur_map, mask, share)
    return scores


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over photographs."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(values), size=(10_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def cells(scores: list[dict], columns: tuple[str, ...]) -> str:
    """Write the mean of every column, and half the width of its interval."""
    text = []
    for column in columns:
        values = np.array([row[column] for row in scores])
        low, high = interval(values)
        text.append(f"{values.mean():.4f} ±{(high - low) / 2:.4f}")
    return "  ".join(text)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("test", "validation"), default="validation")
    parser.add_argument(
        "--mappers", nargs="+", default=["all"], help="names as in the table, or all"
    )
    parser.add_argument("--refiners", nargs="+", choices=REFINERS, default=[*REFINERS])
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--estimate", choices=("mean", "mode"), default="mean")
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--maps", help="folder of maps made elsewhere, 'precomputed'")
    parser.add_argument("--maps-scale", type=float, help="sigma of a stored 1 in them")
    parser.add_argument(
        "--range",
        type=float,
        metavar="SHARE",
        help="also threshold at this share of what lies between a map's extremes",
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, help="only the first so many photographs")
    parser.add_argument("--figure", type=Path, help="draw Fig. 11 into this file")
    parser.add_argument(
        "--sheets", type=Path, help="folder for contact sheets of best and worst"
    )
    options = parse_with_data(parser, arguments)
    mappers = make_mappers(
        options.model,
        options.step,
        options.estimate,
        options.maps,
        options.maps_scale,
    )
    chosen = [*mappers] if options.mappers == ["all"] else options.mappers
    unknown = sorted(set(chosen) - set(mappers))
    if unknown:
        parser.error(f"unknown mappers {unknown}; known: {', '.join(mappers)}")
    options.mappers = {name: mappers[name] for name in chosen}
    return options


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    options = parse(arguments)
    refiners = {name: REFINERS[name] for name in options.refiners}
    splits = ["validation"] if options.split == "validation" else ["validation", "test"]
    data = {}
    for split in splits:
        bunch = load_cuhk(options.data, split)
        samples = [
            DefocusSample(image, name=name)
            for image, name in zip(bunch.images, bunch.names, strict=True)
        ]
        pairs = list(zip(samples, bunch.masks, strict=True))[: options.limit]
        data[split] = [list(column) for column in zip(*pairs, strict=True)]
    images, masks = data[options.split]
    network = PatchBlurClassifier.pretrained() if not options.model else None
    print(f"network {network.network_.sha256 if network else options.model}")
    print(
        f"CUHK {options.split}, {len(images)} photographs, step {options.step}, "
        f"estimate {options.estimate}; thresholds px from validation"
    )
    columns = COLUMNS if options.range is None else (*COLUMNS, "range")
    header = "  ".join(f"{column:14}" for column in columns)
    print(f"{'map + refiner':28}  {header}  threshold  absolute  seconds")
    if options.split == "test":
        for name, value in PUBLISHED.items():
            print(f"{name + ' (published)':28}  {value:.4f}")
    constant = np.array([constant_accuracy([mask]) for mask in masks])
    print(f"{'best constant':28}  {constant.mean():.4f}")
    curves = {}
    for mapper_name, mapper in options.mappers.items():
        rows = {
            split: refined_maps(mapper, refiners, X, options.jobs, mapper_name)
            for split, (X, _) in data.items()
        }
        for chosen in zip(*rows.values(), strict=True):
            name, samples, seconds = chosen[-1]
            truth = data["validation"][1]
            thresholds = (
                learn(chosen[0][1], truth, "photograph"),
                learn(chosen[0][1], truth, "absolute"),
            )
            title = f"{mapper_name} + {name}"
            scores = run(
                lambda s, m, t=thresholds: score(s, m, t, options.range),
                samples,
                masks,
                jobs=options.jobs,
                name=f"{title}, scores",
            )
            curves[title] = np.mean([row["curve"] for row in scores], axis=0)
            print(
                f"{title:28}  {cells(scores, columns)}  {thresholds[0]:9.3f}  "
                f"{thresholds[1]:8.3f}  {seconds:7.2f}",
                flush=True,
            )
            if options.sheets:
                options.sheets.mkdir(parents=True, exist_ok=True)
                accuracy = np.array([row["fixed"] for row in scores])
                cuhk_pictures.contact_sheet(
                    options.sheets / f"{mapper_name}_{name}.png",
                    samples,
                    masks,
                    DefocusSegmenter(thresholds[0]).predict(samples),
                    accuracy,
                )
    if options.figure:
        cuhk_pictures.precision_recall_figure(options.figure, curves)
    return 0


if __name__ == "__main__":
    sys.exit(main())

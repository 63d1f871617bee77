"""Choose the settings of the mappers that are compared, on CUHK 0201 to 0400.

python benchmarks/tune.py --data DIR [--mappers NAME...]

One parameter after the other takes each of its values while the rest stay, and keeps
the best: by the share of pixels that raw maps get right with the best threshold for
every photograph, the mean over every fifth photograph of validation. What it finds
stands in `TUNED`, which `benchmarks/cuhk.py` shows beside the published settings.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
from joblib import Parallel, delayed

if __package__:
    from .common import parse_with_data
else:
    from common import parse_with_data

from skdefocus import (
    AdaptiveScaleEdgeMapper,
    EdgeRatioMapper,
    EntropyMapper,
    FastDefocusMapper,
    HiFSTMapper,
    JustNoticeableMapper,
    LaplacianVarianceMapper,
    LBPMapper,
    StandardDeviationMapper,
)
from skdefocus.datasets import load_cuhk
from skdefocus.metrics import best_threshold

# Classes, and the values that each parameter is tried with beside its default.
GRIDS: dict[str, tuple[type, dict[str, tuple]]] = {
    "entropy": (EntropyMapper, {"patch_size": (4, 6, 8, 24, 32)}),
    "deviation": (StandardDeviationMapper, {"patch_size": (4, 6, 8, 24, 32)}),
    "laplacian": (LaplacianVarianceMapper, {"patch_size": (8, 24, 32, 48)}),
    "edge-ratio": (
        EdgeRatioMapper,
        {
            "edge_threshold": (0.003, 0.03, 0.1),
            "reblur_sigma": (0.7, 1.5, 2.0),
            "max_sigma": (3.0, 5.0),
        },
    ),
    "adaptive-scale": (
        AdaptiveScaleEdgeMapper,
        {
            "scale_share": (0.5, 0.75),
            "max_sigma": (3.0, 8.0),
            "radius": (16, 32, 64, 128),
            "eps": (0.001, 0.1),
        },
    ),
    "fast-defocus": (
        FastDefocusMapper,
        {
            "n_superpixels": (100, 400, 800, 1600),
            "color_sigma": (0.4, 1.5),
            "smoothness": (1.0, 100.0),
            "edge_threshold": (0.003, 0.03),
            "max_sigma": (3.0, 5.0),
        },
    ),
    "hifst": (
        HiFSTMapper,
        {"contrast": (0.001, 0.01, 0.03), "sizes": ((7, 15), (7, 15, 31))},
    ),
    "just-noticeable": (
        JustNoticeableMapper,
        {
            "step": (4,),
            "tolerance": (0.003, 0.005, 0.02),
            "spatial_sigma": (30.0, 100.0),
            "color_sigma": (0.02, 0.05),
        },
    ),
    "lbp": (
        LBPMapper,
        {
            "threshold": (0.01, 0.015, 0.04),
            "sizes": ((11, 15, 21), (15, 21, 31)),
            "neighbor_weight": (0.05, 0.1, 0.5),
        },
    ),
}
# What was found; a parameter that is not named keeps its default.
TUNED: dict[str, dict[str, Any]] = {
    "entropy": {"patch_size": 6},
    "deviation": {"patch_size": 4},
    "laplacian": {"patch_size": 32},
    "edge-ratio": {"edge_threshold": 0.03},
    "adaptive-scale": {"scale_share": 0.5, "radius": 64},
    "fast-defocus": {
        "n_superpixels": 1600,
        "color_sigma": 0.4,
        "smoothness": 100.0,
        "edge_threshold": 0.03,
        "max_sigma": 3.0,
    },
    "hifst": {"contrast": 0.001, "sizes": (7, 15)},
    "just-noticeable": {
        "step": 4,
        "tolerance": 0.005,
        "spatial_sigma": 30.0,
        "color_sigma": 0.05,
    },
    "lbp": {"threshold": 0.015, "neighbor_weight": 0.1},
}


def accuracy(mapper: object, image: np.ndarray, mask: np.ndarray) -> float:
    """Share of pixels right with the best threshold."""
    (sample,) = mapper.transform([image])
    return best_threshold(mask, sample.blur_map)[0]


def main(arguments: list[str] | None = None) -> int:
    """Print every figure, and what was chosen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mappers", nargs="+", choices=GRIDS, default=[*GRIDS])
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    options = parse_with_data(parser, arguments)
    bunch = load_cuhk(options.data, "validation")
    pairs = list(zip(bunch.images, bunch.masks, strict=True))[:: options.every]
    workers = Parallel(n_jobs=options.jobs)

    def score(kind: type, settings: dict[str, Any]) -> float:
        found = workers(delayed(accuracy)(kind(**settings), *pair) for pair in pairs)
        return float(np.mean(found))

    for name in options.mappers:
        kind, grid = GRIDS[name]
        chosen: dict[str, Any] = {}
        best = score(kind, chosen)
        print(f"{name:16} {best:.4f}  default", flush=True)
        for parameter, values in grid.items():
            trials = [{**chosen, parameter: value} for value in values]
            for trial in trials:
                found = score(kind, trial)
                print(
                    f"{name:16} {found:.4f}  {parameter}={trial[parameter]}", flush=True
                )
                if found > best:
                    best, chosen = found, trial
        print(f"{name:16} {best:.4f}  chosen {chosen}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""One photograph at several times its size: sigma as a share of the diagonal.

python benchmarks/scale.py [PHOTO...] [--factors 1 2 4 8 9.5]

With scale="auto" the share must not depend on the size. Without PHOTO scikit-learn's
flower.jpg is used, of 0.27 megapixels, and of 24.7 at 9.5 times its size.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from skdefocus import SlidingWindowMapper
from skdefocus.datasets import sample_photograph_path
from skdefocus.io import read_image

FACTORS = (1, 2, 4, 8, 9.5)
QUANTILES = (0.25, 0.5, 0.75)


def shares(image: np.ndarray, factors: tuple[float, ...] = FACTORS) -> np.ndarray:
    """Quartiles and mean of sigma over the diagonal, in thousandths, per size."""
    rows = []
    for factor in factors:
        size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
        # Enlarged photographs, not other photographs: the truth stays known.
        large = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
        mapper = SlidingWindowMapper(step=16, estimate="mean", scale="auto")
        blur_map = mapper.transform([np.asarray(large)])[0].blur_map
        statistics = [*np.quantile(blur_map, QUANTILES), blur_map.mean()]
        rows.append(1000 * np.array(statistics) / np.hypot(*size))
    return np.array(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the table of every photograph, and of several a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="*", default=[str(sample_photograph_path())])
    parser.add_argument("--factors", type=float, nargs="+", default=FACTORS)
    options = parser.parse_args(arguments)
    ratios = []
    for path in options.photos:
        table = shares(read_image(path), tuple(options.factors))
        print(f"{Path(path).name}: sigma, thousandths of the diagonal")
        print("size   25 %    50 %    75 %    mean")
        for factor, row in zip(options.factors, table, strict=True):
            print(f"{factor:3g}x " + " ".join(f"{value:7.3f}" for value in row))
        ratio = table.max(axis=0) / table.min(axis=0)
        print("max/min" + " ".join(f"{value:7.3f}" for value in ratio))
        ratios.append(ratio[-1])
    if len(ratios) > 1:
        median, most, largest = np.quantile(ratios, (0.5, 0.9, 1.0))
        print(
            f"max/min of the mean over {len(ratios)} photographs: median {median:.3f}, "
            f"90 % {most:.3f}, largest {largest:.3f}, below 1.25: "
            f"{np.mean(np.array(ratios) < 1.25):.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

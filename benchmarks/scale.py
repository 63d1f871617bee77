"""One photograph at 1, 2, 4 and 8 times its size: sigma as a share of the diagonal.

python benchmarks/scale.py [PHOTO...]

With scale="auto" the share must not depend on the size. Without PHOTO scikit-learn's
flower.jpg is used.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from PIL import Image

from skdefocus import SlidingWindowMapper
from skdefocus.datasets import sample_photograph_path
from skdefocus.io import read_image

FACTORS = (1, 2, 4, 8)
QUANTILES = (0.25, 0.5, 0.75)


def shares(image: np.ndarray) -> np.ndarray:
    """Quartiles and mean of sigma over the diagonal, in thousandths, per size."""
    rows = []
    for factor in FACTORS:
        size = (image.shape[1] * factor, image.shape[0] * factor)
        # Enlarged photographs, not other photographs: the truth stays known.
        large = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
        mapper = SlidingWindowMapper(step=16, estimate="mean", scale="auto")
        blur_map = mapper.transform([np.asarray(large)])[0].blur_map
        statistics = [*np.quantile(blur_map, QUANTILES), blur_map.mean()]
        rows.append(1000 * np.array(statistics) / np.hypot(*size))
    return np.array(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the table of every photograph."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="*", default=[str(sample_photograph_path())])
    for path in parser.parse_args(arguments).photos:
        table = shares(read_image(path))
        print(f"{path}: sigma, thousandths of the diagonal")
        print("size   25 %    50 %    75 %    mean")
        for factor, row in zip(FACTORS, table, strict=True):
            print(f"{factor:3}x " + " ".join(f"{value:7.3f}" for value in row))
        ratio = table.max(axis=0) / table.min(axis=0)
        print("max/min" + " ".join(f"{value:7.3f}" for value in ratio))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Phone photographs with measured defocus: rank correlation of our maps with it.

python benchmarks/pixel4.py FOLDER

FOLDER holds NNN.webp and NNN_map.png, the measured defocus: 0 where it is not known,
larger where more blurred. Printed is 1 - rank correlation over the known pixels, of the
map as measured and after the recommended refinement.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr

if __package__:
    from .robustness import make_steps
else:
    from robustness import make_steps

from skdefocus.io import read_image

# Every so many rows and columns are compared.
_SAMPLED = 4


def disagreement(blur_map: np.ndarray, truth: np.ndarray) -> float:
    """1 - rank correlation where the truth is known."""
    blur_map, truth = blur_map[::_SAMPLED, ::_SAMPLED], truth[::_SAMPLED, ::_SAMPLED]
    known = truth > 0
    if np.ptp(blur_map[known]) == 0:
        return 1.0
    return 1 - float(spearmanr(blur_map[known], truth[known]).statistic)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", help="model file; by default the shipped network")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*_map.png"))
    if not paths:
        parser.error(f"{options.folder} holds no NNN_map.png")
    mapper, refiner = (step for _, step in make_steps(options.model).steps)
    rows = []
    print("scene        raw  refined")
    for path in paths:
        truth = np.asarray(Image.open(path)).astype(np.float64)
        image = read_image(path.with_name(path.name.replace("_map.png", ".webp")))
        raw = mapper.transform([image])
        (refined,) = refiner.transform(raw)
        rows.append([disagreement(s.blur_map, truth) for s in (raw[0], refined)])
        print(f"{path.name[:-8]:8} {rows[-1][0]:7.3f}  {rows[-1][1]:7.3f}", flush=True)
    print(f"mean     {np.mean(rows, axis=0)[0]:7.3f}  {np.mean(rows, axis=0)[1]:7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

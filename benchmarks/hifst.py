"""Compare HiFSTMapper with the package blur-detector, photograph by photograph.

pip install --no-deps blur-detector
python benchmarks/hifst.py --data DIR --split test

Both map every photograph of CUHK in turn, a block every 4 px, on all cores. Printed are
the rank correlation of the two maps, the share of pixels that each gets right with the
best threshold for every photograph, and seconds. (Its dependencies would bring a second
OpenCV; it needs what the extra `compare` installs.)
"""

from __future__ import annotations

import argparse
import sys
import warnings

import numpy as np
from scipy import stats
from tqdm import tqdm

if __package__:
    from .common import parse_with_data, timed
else:
    from common import parse_with_data, timed

from skdefocus import HiFSTMapper
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.datasets import load_cuhk
from skdefocus.metrics import best_threshold


def peer_map(photograph: np.ndarray) -> np.ndarray:
    """Map a photograph by blur-detector; larger is more blurred, as in ours."""
    import blur_detector

    gray = np.rint(to_gray(to_float_image(photograph)) * 255).astype(np.uint8)
    with warnings.catch_warnings():
        # It hands floats to a filter for bytes.
        warnings.simplefilter("ignore")
        sharpness = blur_detector.detectBlur(
            gray, downsampling_factor=4, show_progress=False
        )
    return (1 - sharpness).astype(np.float32)


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("test", "validation"), default="validation")
    parser.add_argument("--limit", type=int, help="only the first so many photographs")
    options = parse_with_data(parser, arguments)
    bunch = load_cuhk(options.data, options.split)
    mapper = HiFSTMapper(step=4)

    def our_map(photograph: np.ndarray) -> np.ndarray:
        return mapper.transform([photograph])[0].blur_map

    our_map(bunch.images[0])  # loads the kernels
    rows = []
    pairs = list(zip(bunch.images, bunch.masks, strict=True))[: options.limit]
    for photograph, mask in tqdm(pairs, file=sys.stderr):
        ours, our_seconds = timed(our_map, photograph)
        theirs, their_seconds = timed(peer_map, photograph)
        correlation = stats.spearmanr(ours.ravel(), theirs.ravel()).statistic
        best = [best_threshold(mask, blur_map)[0] for blur_map in (ours, theirs)]
        rows.append([correlation, *best, our_seconds, their_seconds])
    table = np.array(rows)
    print(f"CUHK {options.split}, {len(table)} photographs, a block every 4 px")
    low, middle = np.quantile(table[:, 0], (0.1, 0.5))
    print(
        f"rank correlation: mean {table[:, 0].mean():.3f}, median {middle:.3f}, "
        f"10 % below {low:.3f}"
    )
    for name, column in (("HiFSTMapper", 1), ("blur-detector", 2)):
        accuracy, seconds = table[:, column].mean(), np.median(table[:, column + 2])
        print(f"{name:14} best threshold {accuracy:.4f}, {seconds:.2f} s (median)")
    ratio = np.median(table[:, 4] / table[:, 3])
    print(f"blur-detector takes {ratio:.1f} times as long (median)")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure how well motion is told from defocus.

python benchmarks/motion.py PHOTO_OR_FOLDER... [--data DIR]

Give sharp photographs; half their size is used, since none is quite sharp. Each moves
along straight and slightly curved paths of 9 to 41 px, in linear light, and is
defocused by a Gaussian or a disc of the same second moment; both get noise of up to 5
levels and JPEG of quality 60 to 95. Printed is the average precision of the score over
pixels, motion against defocus, with the shares that are called motion; the errors of
direction and length of photographs that are called moved; and the share of motion in
the photographs as they are, and in those of CUHK's validation split (DIR, by default
$SKDEFOCUS_DATA), which are out of focus in part.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score
from tqdm import tqdm

if __package__:
    from .common import parse_with_data
else:
    from common import parse_with_data

from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.datasets import load_cuhk
from skdefocus.filters import resize
from skdefocus.io import list_photographs, read_image
from skdefocus.mapping import find_motion
from skdefocus.mapping.cepstrum import WINDOW
from skdefocus.synthesis import defocus, through_jpeg
from skdefocus.synthesis.camera import to_uint8
from skdefocus.synthesis.motion import LENGTH_OF_SIGMA, draw_path

LENGTHS = (9, 15, 25, 41)
# Every so many rows and columns are judged.
_SAMPLED = 9


def _file(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, rng.uniform(0, 5) / 255, image.shape)
    return through_jpeg(to_uint8(image + noise), int(rng.integers(60, 96)))


def _direction(path: np.ndarray) -> float:
    """Direction of the long axis of a path, in degrees, counterclockwise."""
    rows, columns = np.indices(path.shape)
    places = np.stack([rows.ravel(), columns.ravel()])
    _, axes = np.linalg.eigh(np.cov(places, aweights=path.ravel(), ddof=0))
    return float(np.degrees(np.arctan2(-axes[0, 1], axes[1, 1])) % 180)


def judge(path: Path, seed: int) -> dict[str, list]:
    """Scores of one photograph, moved and defocused, and as it is."""
    rng = np.random.default_rng(seed)
    gray = to_gray(to_float_image(read_image(path)))
    gray = resize(gray, [n // 2 for n in gray.shape])[:480, :640]
    if min(gray.shape) < WINDOW:
        return {}
    found: dict[str, list] = {"sharp": [find_motion(gray).score.ravel()[::_SAMPLED]]}
    for length in LENGTHS:
        sigma = np.full(gray.shape, length / LENGTH_OF_SIGMA, np.float32)
        moved = draw_path(rng)
        other = ("gaussian", "disc")[rng.integers(2)]
        for name, psf in (("motion", moved), ("defocus", other)):
            image = defocus(gray, sigma, psf=psf, light="linear")
            motion = find_motion(_file(image, rng))
            found[f"{name} {length}"] = [motion.score[::_SAMPLED, ::_SAMPLED].ravel()]
            if name == "motion" and np.median(motion.score) > 0.5:
                off = abs(motion.direction - _direction(moved)) % 180
                off = min(off, 180 - off)
                found[f"errors {length}"] = [(off, motion.length / length)]
    return found


def judge_real(image: np.ndarray) -> np.ndarray:
    """Scores of a photograph that has not moved."""
    return find_motion(image).score[::_SAMPLED, ::_SAMPLED].ravel()


def print_rows(found: dict[str, list]) -> None:
    """Print a row for each length, and one for all."""
    print("length  precision  motion  defocus  direction  length")
    for name in (*LENGTHS, "all"):
        lengths = LENGTHS if name == "all" else (name,)
        moved, still = (
            np.concatenate([s for length in lengths for s in found[f"{kind} {length}"]])
            for kind in ("motion", "defocus")
        )
        truth = np.repeat([1, 0], [len(moved), len(still)])
        precision = average_precision_score(truth, np.concatenate([moved, still]))
        errors = [e for length in lengths for e in found.get(f"errors {length}", [])]
        off, ratio = np.median(errors, axis=0) if errors else (np.nan, np.nan)
        print(
            f"{name!s:>6s} {precision:10.3f} {np.mean(moved > 0.5):7.3f} "
            f"{np.mean(still > 0.5):8.3f} {off:8.1f} ° {ratio:7.2f}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--jobs", type=int, default=2)
    options = parse_with_data(parser, arguments)
    paths = list_photographs(options.photos)
    tasks = (delayed(judge)(path, seed) for seed, path in enumerate(paths))
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    parts = [p for p in tqdm(results, total=len(paths), file=sys.stderr) if p]
    found: dict[str, list] = {}
    for part in parts:
        for name, values in part.items():
            found.setdefault(name, []).extend(values)
    print(f"{len(parts)} photographs")
    print_rows(found)
    print(f"sharp: {np.mean(np.concatenate(found['sharp']) > 0.5):.3f} called motion")
    images = load_cuhk(options.data, "validation").images
    real = Parallel(n_jobs=options.jobs)(delayed(judge_real)(x) for x in images)
    shares = np.array([np.mean(scores > 0.5) for scores in real])
    print(
        f"CUHK validation: {shares.mean():.3f} called motion; more than a tenth of "
        f"{np.count_nonzero(shares > 0.1)} of {len(shares)} photographs"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

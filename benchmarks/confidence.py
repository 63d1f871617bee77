"""Confidence against how often sigma is right, on photographs of known blur.

python benchmarks/confidence.py PHOTO_OR_FOLDER... [--model FILE] [--context]
    [--refined]

Give sharp photographs that the network has not seen. They are reduced to half their
size, since none is quite sharp, and blurred by Gaussians and discs of known sigma,
clean and with noise; scenes are composed of them, too, in which sigma varies. Sigma is
right within 25 % or 0.25 px of the truth. Printed are the reliability curve with the
expected calibration error (mean distance of confidence from the share that is right,
over 20 bins by their pixels), and the median confidence in textured windows of 32 px,
whose variance of the Laplacian before the blur is at least 60, and in smooth ones.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.pipeline import make_pipeline
from tqdm import tqdm

if __package__:
    from .known_sigma import SIZE, TEXTURE, textured_windows
    from .robustness import make_steps
else:
    from known_sigma import SIZE, TEXTURE, textured_windows
    from robustness import make_steps

from skdefocus import ContextMapper
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.classifier.reliability import tolerance
from skdefocus.filters import blur, resize, variance_of_laplacian
from skdefocus.io import list_photographs, read_image
from skdefocus.synthesis import compose_scene

SIGMAS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
NOISES = (0, 5, 10)
# Photographs whose variance of the Laplacian is below this are smooth there.
_SMOOTH = 1.0
_BINS = 20
# Every so many rows and columns are judged.
_SAMPLED = 8
_SCENES = 4


def judged(
    blur_map: np.ndarray, confidence: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Confidence, and whether sigma is right, of a sample of pixels."""
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    blur_map, confidence, truth = (a[part] for a in (blur_map, confidence, truth))
    right = np.abs(blur_map - truth) <= tolerance(truth)
    return np.stack([confidence.ravel(), right.ravel()])


def noisy_levels(
    image: np.ndarray, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """Make a photograph of 8 bits, with white noise of so many gray levels."""
    noisy = image + rng.normal(0, noise / 255, image.shape) if noise else image
    return np.clip(np.rint(noisy * 255), 0, 255).astype(np.uint8)


def judge_photograph(path: Path, mapper: object, seed: int) -> dict[object, np.ndarray]:
    """Judge a photograph blurred as a whole, and scenes that are composed of it."""
    rng = np.random.default_rng(seed)
    photograph = read_image(path)
    gray = to_gray(to_float_image(photograph))
    gray = resize(gray, (gray.shape[0] // 2, gray.shape[1] // 2))
    windows = textured_windows(gray, TEXTURE)
    variance = variance_of_laplacian(gray, SIZE, smooth=True)
    smooth = np.argwhere(variance[::SIZE, ::SIZE] < _SMOOTH) * SIZE
    found: dict[object, list] = {noise: [] for noise in NOISES}
    for noise in NOISES:
        for sigma in SIGMAS:
            psf = ("gaussian", "disc")[rng.integers(2)]
            image = noisy_levels(blur(gray, sigma, psf), noise, rng)
            (sample,) = mapper.transform([image])
            truth = np.full(gray.shape, sigma, np.float32)
            found[noise].append(judged(sample.blur_map, sample.confidence, truth))
            middles = tuple((windows + SIZE // 2).T)
            found[noise, sigma] = [sample.confidence[middles][np.newaxis]]
            found.setdefault((noise, "smooth"), []).append(
                sample.confidence[tuple(smooth.T)][np.newaxis]
            )
    for _ in range(_SCENES):
        # Noisy or not, and compressed, as cameras do it.
        image, truth = compose_scene(photograph, (320, 480), rng)
        (sample,) = mapper.transform([image])
        found.setdefault("scenes", []).append(
            judged(sample.blur_map, sample.confidence, truth)
        )
    return {name: np.concatenate(parts, axis=1) for name, parts in found.items()}


def reliability(
    pairs: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Mean confidence, share that is right and count per bin; calibration error."""
    weight = np.ones(pairs.shape[1]) if weight is None else weight
    bins = np.minimum((pairs[0] * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, weight, _BINS)
    with np.errstate(invalid="ignore"):
        rows = [np.bincount(bins, weight * v, _BINS) / count for v in pairs]
    error = np.nansum(count * np.abs(rows[0] - rows[1])) / count.sum()
    return np.stack([*rows, count]), float(error)


def print_curve(title: str, pairs: np.ndarray) -> None:
    """Print the reliability curve."""
    curve, error = reliability(pairs)
    print(f"\n{title}: expected calibration error {error:.3f}")
    print("confidence  right  share of pixels")
    for confidence, right, count in curve.T:
        if count:
            print(f"{confidence:10.3f} {right:6.3f} {count / pairs.shape[1]:8.3f}")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--context", action="store_true", help="ContextMapper instead")
    parser.add_argument("--refined", action="store_true", help="refined maps instead")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    (_, mapper), (_, refiner) = make_steps(options.model).steps
    if options.context:
        mapper = ContextMapper(scale="auto")
    if options.refined:
        mapper = make_pipeline(mapper, refiner)
    paths = list_photographs(options.photos)
    tasks = (
        delayed(judge_photograph)(path, mapper, seed) for seed, path in enumerate(paths)
    )
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    parts = list(tqdm(results, total=len(paths), file=sys.stderr))
    found = {
        name: np.concatenate([part[name] for part in parts], axis=1)
        for name in parts[0]
    }
    print(f"{len(paths)} photographs")
    everything = [found[noise] for noise in NOISES]
    print_curve("clean", found[0])
    print_curve("noisy", np.concatenate(everything[1:], axis=1))
    print_curve("scenes", found["scenes"])
    print_curve("together", np.concatenate([*everything, found["scenes"]], axis=1))
    print("\nmedian confidence in textured windows, and in smooth ones")
    print("noise " + "".join(f"{sigma:7g}" for sigma in SIGMAS) + "   smooth")
    for noise in NOISES:
        row = [float(np.median(found[noise, sigma])) for sigma in SIGMAS]
        smooth = found[noise, "smooth"]
        row.append(float(np.median(smooth)) if smooth.size else np.nan)
        print(f"{noise:5d} " + "".join(f"{value:7.3f}" for value in row))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure lights out of focus, and round white things in focus.

python benchmarks/lights.py PHOTO_OR_FOLDER... [--model FILE]

Give sharp photographs that the network has not seen; half their size is used, since
none is quite sharp. Points of light become discs, polygons and cat's eyes of a sigma of
4 to 16 px, 2 to 20 times as bright as white, clipped: several of one photograph, or one
alone, on the same photograph blurred as much ("textured"), or on one so dark that
nothing of it is seen ("dark"). White discs of any size are put in focus on the sharp
photograph, on a dark one, and in rows of one size. All get noise of two levels and JPEG
of quality 90. Printed is the median over lights of the median sigma within the disc,
over what is true, with the share of lights within 25 %; and of the things in focus, the
share of their area that reads above 1 px with a confidence above `UNKNOWN`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

if __package__:
    from .robustness import answer, make_steps
else:
    from robustness import answer, make_steps

from skdefocus import UNKNOWN, DefocusSample
from skdefocus._shared.validation import to_float_image
from skdefocus.filters import blur, linear_to_srgb, resize, srgb_to_linear
from skdefocus.io import list_photographs, read_image
from skdefocus.synthesis import through_jpeg
from skdefocus.synthesis.camera import log_uniform, to_uint8
from skdefocus.synthesis.lenses import draw_aperture

SIGMAS = (4.0, 6.0, 8.0, 12.0, 16.0)
_NOISE = 2 / 255
_DARK = 0.004
_TRIES = 200


def _place(
    shape: tuple[int, ...], radii: list[float], rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Places of round things that neither touch each other nor the border."""
    placed: list[tuple[float, float, float]] = []
    for radius in radii:
        for _ in range(_TRIES):
            row, column = (
                rng.uniform(radius + 6, max(n - radius - 6, radius + 7))
                for n in shape[:2]
            )
            if all(
                np.hypot(row - r, column - c) > radius + other + 8
                for r, c, other in placed
            ):
                placed.append((row, column, radius))
                break
    return placed


def _disc(
    shape: tuple[int, ...], row: float, column: float, radius: float
) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot(rows - row, columns - column)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def _file(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clip, encode, add noise and compress."""
    image = linear_to_srgb(np.clip(light, 0, 1))
    image = image + rng.normal(0, _NOISE, image.shape)
    return through_jpeg(to_uint8(image), 90)


def out_of_focus(
    photograph: np.ndarray, sigma: float, n: int, ground: str, seed: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Make a photograph with n lights out of focus, and the mask of each."""
    rng = np.random.default_rng([seed, int(sigma), n, ground == "dark"])
    light = srgb_to_linear(photograph)
    light = light * (_DARK if ground == "dark" else 0.5)
    lens = draw_aperture(rng) if rng.random() < 0.5 else "disc"
    placed = _place(light.shape, [2.3 * sigma] * n, rng)
    level = [log_uniform(rng, 2, 20) for _ in placed]
    masks = []
    scene = blur(light, sigma, lens)
    for (row, column, _), bright in zip(placed, level, strict=True):
        point = _disc(light.shape, row, column, 1.0)
        point = blur(point / point.sum(), sigma, lens)
        # As bright as it is said to be in the mean over the disc.
        disc = point / point[point > 0.2 * point.max()].mean() * bright
        masks.append(disc >= 1)
        scene = scene + (disc if scene.ndim == 2 else disc[..., np.newaxis])
    return _file(scene, rng), masks


def in_focus(
    photograph: np.ndarray, kind: str, seed: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Make a photograph with white things in focus, and the mask of each."""
    rng = np.random.default_rng([seed, len(kind)])
    light = srgb_to_linear(photograph)
    light = light * (_DARK if "dark" in kind else 0.5)
    if "row" in kind:
        radius = log_uniform(rng, 6, 24)
        n = int(rng.integers(3, 6))
        row = rng.uniform(radius + 6, light.shape[0] - radius - 6)
        gap = (light.shape[1] - 2 * radius - 20) / n
        placed = [
            (row + i * rng.uniform(0, 0.3), radius + 10 + gap * i, radius)
            for i in range(n)
        ]
    else:
        radii = [log_uniform(rng, 6, 60) for _ in range(int(rng.integers(1, 4)))]
        placed = _place(light.shape, radii, rng)
    masks = []
    for row, column, radius in placed:
        disc = _disc(light.shape, row, column, radius)
        masks.append(disc > 0.5)
        cover = disc if light.ndim == 2 else disc[..., np.newaxis]
        light = light + cover * (np.float32(log_uniform(rng, 1, 5)) - light)
    return _file(blur(np.clip(light, 0, 1), 0.4), rng), masks


def judge(path: Path, steps: object, seed: int) -> dict[str, list]:
    """Map what is made of one photograph."""
    photograph = to_float_image(read_image(path))
    photograph = resize(photograph, [n // 2 for n in photograph.shape[:2]])[:480, :640]
    found: dict[str, list] = {}
    for ground in ("dark", "textured"):
        for n in (1, 5):
            for sigma in SIGMAS:
                image, masks = out_of_focus(photograph, sigma, n, ground, seed)
                sample: DefocusSample = answer(steps, image)
                for mask in masks:
                    if mask.any():
                        ratio = np.median(sample.blur_map[mask]) / sigma
                        sure = np.median(sample.confidence[mask])
                        found.setdefault(f"{ground}, {n}", []).append((ratio, sure))
    for kind in ("plates", "plates, dark", "row", "row, dark"):
        image, masks = in_focus(photograph, kind, seed)
        sample = answer(steps, image)
        blurred = (sample.blur_map > 1) & (sample.confidence > UNKNOWN)
        mask = np.any(masks, axis=0)
        found.setdefault(kind, []).append((blurred[mask].sum(), mask.sum()))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    steps = make_steps(options.model)
    paths = list_photographs(options.photos)
    tasks = (delayed(judge)(path, steps, seed) for seed, path in enumerate(paths))
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    parts = list(tqdm(results, total=len(paths), file=sys.stderr))
    print(f"{len(paths)} photographs")
    print("lights                 number  ratio  within 25 %  known")
    for name in ("dark, 1", "dark, 5", "textured, 1", "textured, 5"):
        ratio, sure = np.array([pair for part in parts for pair in part[name]]).T
        right, known = np.abs(ratio - 1) <= 0.25, sure > UNKNOWN
        print(
            f"{name:22s} {len(ratio):6d} {np.median(ratio):6.2f} {right.mean():12.2f}"
            f" {known.mean():6.2f}"
        )
    print("in focus               area above 1 px")
    for name in ("plates", "plates, dark", "row", "row, dark"):
        blurred, area = np.sum([pair for part in parts for pair in part[name]], axis=0)
        print(f"{name:22s} {blurred / area:6.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

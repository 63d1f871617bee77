"""Photographs blurred by known maps: error of the map as measured and of every refiner.

python benchmarks/known_maps.py PHOTO_OR_FOLDER... [--model FILE] [--light linear]

Give sharp photographs that the network has not seen. They are reduced to half their
size, since none is quite sharp, and blurred by six kinds of maps: receding planes,
curved surfaces, several layers along their own segments, a small subject in an empty
surround, a subject whose outline is out of focus, and a uniform frame. Printed are the
mean error in pixels, the rank correlation, the mean error where confidence is above
0.5, the share of pixels that is right within 25 % or 0.25 px, and the share whose
confidence is above 0.5. Of a small subject itself and of a soft outline with what it
surrounds these are taken, of a uniform frame only the last.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import ndimage
from skimage.segmentation import felzenszwalb
from tqdm import tqdm

if __package__:
    from .robustness import make_steps, rank
else:
    from robustness import make_steps, rank

from skdefocus import DefocusSample, GlobalRefiner, GuidedRefiner, WGIFRefiner
from skdefocus._shared.validation import to_float_image
from skdefocus.classifier.reliability import tolerance
from skdefocus.filters import resize, variance_of_laplacian
from skdefocus.io import list_photographs, read_image
from skdefocus.synthesis import defocus

REFINERS = {
    "raw": None,
    "guided": GuidedRefiner(),
    "wgif": WGIFRefiner(),
    "global": GlobalRefiner(),
}
# Sigmas that a map is applied in, at equal distances on a log-like scale.
_LAYERS = 64
_NOISE = 1.0
# Where the photograph was this sharp (eq. 5), and this far around, blur can be seen.
_TEXTURE, _WINDOW = 60.0, 32
# Radii of small subjects; sigma of a soft outline, and radius of what it surrounds.
_SMALL, _SOFT, _INNER = (8, 32), (4.0, 10.0), 80


@dataclass(frozen=True)
class Scene:
    """A photograph of known blur, and where it is judged."""

    image: np.ndarray
    truth: np.ndarray
    judged: np.ndarray


def _finish(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noisy = image * 255 + rng.normal(0, _NOISE, image.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _textured(sharp: np.ndarray) -> np.ndarray:
    """Pixels within reach of texture: others say nothing, whatever their blur."""
    return variance_of_laplacian(sharp, _WINDOW, smooth=True) >= _TEXTURE


def _blurred(
    sharp: np.ndarray, truth: np.ndarray, rng: np.random.Generator, light: str
) -> Scene:
    psf = ("gaussian", "disc")[rng.integers(2)]
    image = defocus(sharp, truth, psf=psf, n_layers=_LAYERS, light=light)
    everywhere = np.ones(truth.shape, bool)
    return Scene(_finish(image, rng), truth.astype(np.float32), everywhere)


def _places(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return rows / shape[0] - 0.5, columns / shape[1] - 0.5


def plane(sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded") -> Scene:
    """Blur by a plane that recedes, sharp along a line."""
    down, across = _places(sharp.shape)
    angle = rng.normal(np.pi / 2, 0.5)
    distance = np.sin(angle) * down + np.cos(angle) * across
    focus = rng.uniform(-0.5, 0.5)
    return _blurred(sharp, rng.uniform(3, 8) * np.abs(distance - focus), rng, light)


def curved(
    sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded"
) -> Scene:
    """Blur by a surface that bends away from its nearest point."""
    down, across = _places(sharp.shape)
    down, across = down - rng.uniform(-0.4, 0.4), across - rng.uniform(-0.4, 0.4)
    squares = (down / rng.uniform(0.5, 1.2)) ** 2 + (
        across / rng.uniform(0.5, 1.2)
    ) ** 2
    return _blurred(
        sharp, rng.uniform(3, 8) * squares + rng.uniform(0, 0.5), rng, light
    )


def layers(
    sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded"
) -> Scene:
    """Blur by three or four depths, with borders of the photograph's own."""
    segments = felzenszwalb(
        sharp, 300, 0.8, 200, channel_axis=None if sharp.ndim == 2 else -1
    )
    field = resize(rng.normal(size=(4, 4)), segments.shape)
    means = ndimage.mean(field, segments, np.arange(segments.max() + 1))[segments]
    borders = np.quantile(means, np.sort(rng.uniform(0.15, 0.85, rng.integers(2, 4))))
    depth = np.searchsorted(borders, means)
    sigmas = rng.permutation(np.array([0.3, 1.2, 2.5, 5.0]) * rng.uniform(0.8, 1.25))
    truth = sigmas[depth]
    image = defocus(sharp, truth, depth=depth + 1.0, light=light)
    everywhere = np.ones(truth.shape, bool)
    return Scene(_finish(image, rng), truth.astype(np.float32), everywhere)


def small(sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded") -> Scene:
    """Put a piece of the photograph, in focus, before a sky."""
    down, across = _places(sharp.shape)
    height, width = sharp.shape[:2]
    seen = np.argwhere(_textured(sharp)[64:-64, 64:-64])
    row, column = seen[rng.integers(len(seen))] + 64 if len(seen) else (64, 64)
    long = rng.uniform(*_SMALL)
    wide = long * rng.uniform(0.4, 1)
    rows, columns = (down + 0.5) * height - row, (across + 0.5) * width - column
    subject = (rows / long) ** 2 + (columns / wide) ** 2 < 1
    sigma = rng.uniform(0, 1.5)
    sky = _sky(sharp, rng)
    cover = ndimage.gaussian_filter(subject.astype(np.float32), sigma)
    cover = cover[..., np.newaxis] if sharp.ndim == 3 else cover
    soft = defocus(sharp, np.full(subject.shape, sigma), light=light)
    image = sky + cover * (soft - sky)
    truth = np.where(subject, sigma, 8.0).astype(np.float32)
    return Scene(_finish(image, rng), truth, subject)


def _sky(sharp: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    down, across = _places(sharp.shape)
    tilt = rng.normal(0, 0.15, 2)
    color = rng.uniform(0.2, 0.9, sharp.shape[2:])
    plain = tilt[0] * down + tilt[1] * across
    return np.clip(plain[(..., *[np.newaxis] * (sharp.ndim - 2))] + color, 0, 1)


def soft_outline(
    sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded"
) -> Scene:
    """Put a round subject before a sky, its outline out of focus."""
    down, across = _places(sharp.shape)
    height, width = sharp.shape[:2]
    distance = np.hypot(down * height, across * width)
    sigma = rng.uniform(*_SOFT)
    inner = min(_INNER, min(height, width) // 2 - 4 * sigma - 40)
    outer = inner + 40
    out_of_focus = np.clip((distance - inner) / 20, 0, 1)
    truth = (sigma * out_of_focus).astype(np.float32)
    soft = defocus(sharp, truth, n_layers=_LAYERS, light=light)
    cover = ndimage.gaussian_filter((distance < outer).astype(np.float32), sigma)
    cover = cover[..., np.newaxis] if sharp.ndim == 3 else cover
    sky = _sky(sharp, rng)
    image = sky + cover * (soft - sky)
    judged = (np.abs(distance - outer) < sigma) | (
        (distance < inner - 20) & _textured(sharp)
    )
    return Scene(_finish(image, rng), truth, judged)


def uniform(
    sharp: np.ndarray, rng: np.random.Generator, light: str = "encoded"
) -> Scene:
    """One color and noise: nothing can be told."""
    image = np.full(sharp.shape, rng.uniform(0.1, 0.9))
    nothing = np.zeros(sharp.shape[:2], np.float32)
    return Scene(_finish(image, rng), nothing, nothing == 0)


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator, str], Scene]] = {
    "planes": plane,
    "curved": curved,
    "layers": layers,
    "small subject": small,
    "soft outline": soft_outline,
    "uniform": uniform,
}


def make_scenes(path: Path, seed: int, light: str = "encoded") -> dict[str, Scene]:
    """Blur one photograph by every kind of map."""
    photograph = to_float_image(read_image(path))
    half = photograph.shape[0] // 2, photograph.shape[1] // 2
    sharp = np.clip(resize(photograph, half), 0, 1)
    return {
        kind: make(sharp, np.random.default_rng([seed, number]), light)
        for number, (kind, make) in enumerate(KINDS.items())
    }


def judge(sample: DefocusSample, scene: Scene) -> list[float]:
    """Error, rank correlation, error where sure, share right, and share sure."""
    where = scene.judged
    found, truth = sample.blur_map[where], scene.truth[where]
    error = np.abs(found - truth)
    sure = sample.confidence[where] > 0.5
    return [
        float(error.mean()) if error.size else np.nan,
        rank(found[np.newaxis], truth[np.newaxis]) if error.size else np.nan,
        float(error[sure].mean()) if sure.any() else np.nan,
        float((error <= tolerance(truth)).mean()) if error.size else np.nan,
        float(sure.mean()) if error.size else np.nan,
    ]


def judge_photograph(
    path: Path, seed: int, model: str | None, light: str
) -> dict[tuple[str, str], list[float]]:
    """Judge every refiner on every kind of map."""
    mapper = make_steps(model).steps[0][1]
    found = {}
    for kind, scene in make_scenes(path, seed, light).items():
        (raw,) = mapper.transform([scene.image])
        for name, refiner in REFINERS.items():
            sample = raw if refiner is None else refiner.transform([raw])[0]
            found[kind, name] = judge(sample, scene)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument(
        "--light",
        choices=("encoded", "linear"),
        default="encoded",
        help="what is blurred: values as in the paper (default), or light",
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    paths = list_photographs(options.photos)
    tasks = (
        delayed(judge_photograph)(path, seed, options.model, options.light)
        for seed, path in enumerate(paths)
    )
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    parts = list(tqdm(results, total=len(paths), file=sys.stderr))
    print(f"{len(paths)} photographs; means over them\n")
    print("kind           refiner   error px   rank  where sure  right  sure")
    for kind in KINDS:
        for name in REFINERS:
            rows = np.array([part[kind, name] for part in parts])
            known = (~np.isnan(rows)).sum(axis=0)
            means = np.nansum(rows, axis=0) / np.where(known, known, np.nan)
            if kind == "uniform":
                means[:4] = np.nan
            print(
                f"{kind:14} {name:8} {means[0]:9.3f} {means[1]:6.3f} "
                f"{means[2]:11.3f} {means[3]:6.3f} {means[4]:5.3f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())

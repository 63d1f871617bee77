"""Measure photographs that were blurred by a known sigma: errors and calibration.

python benchmarks/known_sigma.py PHOTO_OR_FOLDER... [--network NAME_OR_FILE]

Give sharp photographs that the network has not seen. They are blurred by Gaussians and
discs, in encoded values and in linear light, and with --lenses by the point spread
functions of lenses, in linear light; without noise and JPEG and with both; and measured
where the unblurred photograph has texture: in windows of 32 px, side by side, each
judged alone by the network; and in the middle of the same windows in the maps of the
mappers. Then at half the size, where half the answer is due.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from skdefocus import (
    CombinedMapper,
    ContextMapper,
    PatchBlurClassifier,
    SlidingWindowMapper,
)
from skdefocus._shared.sigma_scale import from_log_sigma, to_log_sigma
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.filters import measure_conditions, resize, variance_of_laplacian
from skdefocus.io import list_photographs, read_image
from skdefocus.synthesis import defocus

SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
CONDITIONS = {
    "clean": {},
    "noise 2, JPEG 80": {"noise": 2.0, "jpeg_quality": 80, "random_state": 0},
}
SIZE = 32
# The gate of training: windows below it have no texture to judge by.
TEXTURE = 60.0


@dataclass(frozen=True)
class Measured:
    """What is measured in textured windows of one known sigma."""

    blurring: str
    condition: str
    sigma: float
    probabilities: np.ndarray
    # Sigma by method: what the network says of each window, what maps say.
    found: dict[str, np.ndarray]


def make_mappers(classifier: PatchBlurClassifier) -> dict[str, object]:
    """Make the mappers whose maps are looked at, too."""
    settings = {"step": 4, "estimate": "mean", "n_jobs": 2}
    mappers = {
        "windows": SlidingWindowMapper(classifier, **settings),
        "windows, auto": SlidingWindowMapper(classifier, scale="auto", **settings),
    }
    if classifier.network_.sha256 == PatchBlurClassifier.pretrained().network_.sha256:
        mappers["context"] = ContextMapper(n_jobs=2)
        mappers["combined"] = CombinedMapper(n_jobs=2)
    return mappers


def textured_windows(gray: np.ndarray, least: float) -> np.ndarray:
    """Rows and columns of windows, side by side, that have texture."""
    variance = variance_of_laplacian(gray, SIZE, smooth=True)
    half = SIZE // 2
    centers = variance[half : gray.shape[0] - half : SIZE, half::SIZE]
    columns = (gray.shape[1] - SIZE) // SIZE + 1
    return np.argwhere(centers[:, :columns] >= least) * SIZE


def measure(
    classifier: PatchBlurClassifier,
    mappers: dict[str, object],
    grays: list[np.ndarray],
    least: float,
    lenses: list[np.ndarray],
) -> Iterator[Measured]:
    """Measure the textured windows of every blurred version of photographs."""
    blurrings: dict[str, tuple[list[str] | list[np.ndarray], str]] = {
        "gaussian": (["gaussian"], "encoded"),
        "disc": (["disc"], "encoded"),
        "gaussian, linear": (["gaussian"], "linear"),
        "disc, linear": (["disc"], "linear"),
    }
    if lenses:
        blurrings["lens, linear"] = lenses, "linear"
    windows = [textured_windows(gray, least) for gray in grays]
    kinds = list(itertools.product(blurrings, CONDITIONS, SIGMAS))
    for blurring, condition, sigma in tqdm(kinds, file=sys.stderr):
        shapes, light = blurrings[blurring]
        blurred = [
            defocus(
                gray,
                np.full(gray.shape, sigma, np.float32),
                # One lens a photograph, one after the other.
                psf=shapes[number % len(shapes)],
                light=light,
                **CONDITIONS[condition],
            )
            for number, gray in enumerate(grays)
        ]
        patches = [
            image[row : row + SIZE, column : column + SIZE]
            for image, corners in zip(blurred, windows, strict=True)
            for row, column in corners
        ]
        conditions = [
            np.tile(measure_conditions(image), (len(corners), 1))
            for image, corners in zip(blurred, windows, strict=True)
        ]
        probabilities = classifier.predict_proba(
            np.array(patches), np.concatenate(conditions)
        )
        found = {"each window": estimate(classifier, probabilities)}
        for name, mapper in mappers.items():
            maps = [sample.blur_map for sample in mapper.transform(blurred)]
            found[name] = np.concatenate(
                [
                    blur_map[tuple((corners + SIZE // 2).T)]
                    for blur_map, corners in zip(maps, windows, strict=True)
                ]
            )
        yield Measured(blurring, condition, sigma, probabilities, found)


def estimate(classifier: PatchBlurClassifier, probabilities: np.ndarray) -> np.ndarray:
    """Sigma whose log(sigma + 0.8) is the expected one, as mappers take it."""
    return from_log_sigma(probabilities @ to_log_sigma(classifier.sigmas_))


def reliability(
    classifier: PatchBlurClassifier, measured: list[Measured], n_bins: int = 10
) -> tuple[np.ndarray, float]:
    """Mean confidence, accuracy and count per bin, and the calibration error.

    Only sigmas that are levels of the ladder count, since others have no right answer.
    """
    sure, right = [], []
    for entry in measured:
        level = np.flatnonzero(np.isclose(classifier.sigmas_, entry.sigma))
        if len(level):
            sure.append(entry.probabilities.max(axis=1))
            right.append(entry.probabilities.argmax(axis=1) == level[0])
    sure, right = np.concatenate(sure), np.concatenate(right)
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    count = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(bins, sure, n_bins) / count
        accuracy = np.bincount(bins, right, n_bins) / count
    error = np.nansum(count * np.abs(confidence - accuracy)) / count.sum()
    return np.stack([confidence, accuracy, count]), float(error)


def print_errors(measured: list[Measured], method: str) -> None:
    """Print the mean absolute error per sigma, and its mean share from 0.5 to 8 px."""
    print(f"\n{method}: mean absolute error, px (share of sigma)")
    kinds = list(dict.fromkeys((m.blurring, m.condition) for m in measured))
    print("sigma " + "".join(f"{b + ', ' + c:>35}" for b, c in kinds))
    shares = []
    for sigma in SIGMAS:
        row = [m for m in measured if m.sigma == sigma]
        errors = [float(np.abs(m.found[method] - sigma).mean()) for m in row]
        cells = [
            f"{error:26.3f} " + (f"({error / sigma:6.1%})" if sigma else " " * 8)
            for error in errors
        ]
        print(f"{sigma:5.1f} " + "".join(cells))
        if 0.5 <= sigma <= 8:
            shares.append([error / sigma for error in errors])
    means = "".join(f"{mean:34.1%} " for mean in np.mean(shares, axis=0))
    print(f"0.5-8 {means}\nmean share of sigma, 0.5 to 8 px: {np.mean(shares):.1%}")


def print_sizes(classifier: PatchBlurClassifier, grays: list[np.ndarray]) -> None:
    """Print what the answer is at half the size, where half of it is due."""
    print("\nmedian sigma at half size, as a share of that at full size (0.5 is right)")
    for sigma in (2.0, 4.0, 8.0):
        ratios = []
        for gray in grays:
            blurred = defocus(gray, np.full(gray.shape, sigma, np.float32))
            halved = resize(blurred, (gray.shape[0] // 2, gray.shape[1] // 2))
            answers = [
                np.median(
                    estimate(
                        classifier,
                        classifier.predict_proba_image(
                            image, conditions=measure_conditions(image)
                        ),
                    )
                )
                for image in (blurred, halved)
            ]
            ratios.append(answers[1] / answers[0])
        low, middle, high = np.quantile(ratios, (0.1, 0.5, 0.9))
        print(f"{sigma:5.1f} {middle:7.3f} (from {low:.3f} to {high:.3f}, 10 to 90 %)")


def draw(path: Path, measured: list[Measured], curve: np.ndarray, error: float) -> None:
    """Draw what is measured against the truth, and the reliability curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    kinds = list(dict.fromkeys((m.blurring, m.condition) for m in measured))
    for kind in kinds:
        chosen = [m for m in measured if (m.blurring, m.condition) == kind]
        low, middle, high = np.transpose(
            [np.quantile(m.found["each window"], (0.25, 0.5, 0.75)) for m in chosen]
        )
        (line,) = left.plot(SIGMAS, middle, ".-", label=", ".join(kind))
        left.fill_between(SIGMAS, low, high, color=line.get_color(), alpha=0.12)
    left.plot([0, 10], [0, 10], color="gray", linewidth=0.8)
    left.set(xlabel="true sigma, px", ylabel="estimated sigma, px, with quartiles")
    left.legend(fontsize="small")
    confidence, accuracy, count = curve
    right.plot([0, 1], [0, 1], color="gray", linewidth=0.8)
    right.plot(confidence[count > 0], accuracy[count > 0], "o-")
    right.set(
        xlabel="probability of the level answered",
        ylabel="share that is right",
        title=f"expected calibration error {error:.4f}",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def load_lenses(path: Path) -> list[np.ndarray]:
    """Read the point spread functions of a file."""
    held = np.load(path, allow_pickle=False)
    found = held["psf"] if path.suffix == ".npz" else held
    return [*found] if found.ndim == 3 else [found]


def load_network(name: str) -> PatchBlurClassifier:
    """Take a shipped network by its name, or a model file."""
    if Path(name).is_file():
        return PatchBlurClassifier.load(name)
    return PatchBlurClassifier.pretrained(name)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", help="sharp photographs, or folders")
    parser.add_argument("--network", default="default")
    parser.add_argument(
        "--shrink",
        type=float,
        default=0.5,
        help="photographs are reduced by this first, since none is quite sharp",
    )
    parser.add_argument(
        "--lenses",
        nargs="*",
        type=Path,
        default=[],
        help="files of lenses that the network has not seen: .npz with an array psf, "
        "or .npy with one or several point spread functions",
    )
    parser.add_argument("--texture", type=float, default=TEXTURE)
    parser.add_argument(
        "--maps", nargs="*", metavar="MAPPER", help="mappers, too: all, or those named"
    )
    parser.add_argument("--figure", type=Path, help="draw both figures into this file")
    options = parser.parse_args(arguments)
    classifier = load_network(options.network)
    grays = []
    for path in list_photographs(options.photos):
        gray = to_gray(to_float_image(read_image(path)))
        shape = [round(n * options.shrink) for n in gray.shape]
        grays.append(resize(gray, (shape[0], shape[1])))
    mappers = make_mappers(classifier)
    if options.maps is None:
        mappers = {}
    elif options.maps:
        mappers = {name: mappers[name] for name in options.maps}
    lenses = [psf for path in options.lenses for psf in load_lenses(path)]
    measured = list(measure(classifier, mappers, grays, options.texture, lenses))
    print(f"network {classifier.network_.sha256}")
    print(
        f"{len(grays)} photographs, {len(measured[0].probabilities)} windows of "
        f"{SIZE} px with texture"
    )
    for method in measured[0].found:
        print_errors(measured, method)
    curve, error = reliability(classifier, measured)
    print("\nprobability of the level answered, share that is right, windows")
    for confidence, accuracy, count in curve.T:
        if count:
            print(f"{confidence:8.3f} {accuracy:8.3f} {int(count):9d}")
    print(f"expected calibration error {error:.4f}")
    if classifier.dense_stride_ is not None:
        print_sizes(classifier, grays)
    if options.figure:
        draw(options.figure, measured, curve, error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

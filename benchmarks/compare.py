"""Methods side by side on one photograph, as contact sheets.

python benchmarks/compare.py maps|sharpen|bokeh [PHOTO] --out FOLDER [--subject FILE]

``maps``: every mapper, and ours refined by every refiner (Figs. 8 to 10).
``sharpen``: every sharpener on our map, whole and enlarged where it is sharpest and
most blurred (Fig. 13), with PSNR and SSIM where the truth is known: a sharp photograph,
defocused by 0 px at its top to 3 px at its bottom, then enhanced (Table 6, for what can
be measured against a reference).
``bokeh``: every way to render a shallow depth of field (Fig. 14).

Without PHOTO scikit-learn's flower.jpg is used.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sklearn.pipeline import make_pipeline

if __package__:
    from .common import pass_through
else:
    from common import pass_through

from skdefocus import (
    AdaptiveScaleEdgeMapper,
    AdaptiveUnsharpMask,
    CombinedMapper,
    ContextMapper,
    ContrastAdaptiveSharpening,
    DefocusSample,
    EdgeRatioMapper,
    EntropyMapper,
    FastDefocusMapper,
    GeneralizedUnsharpMask,
    GlobalRefiner,
    GuidedRefiner,
    HiFSTMapper,
    JustNoticeableMapper,
    LaplacianVarianceMapper,
    LBPMapper,
    MutualGuidedRefiner,
    SDoFRenderer,
    SlidingWindowMapper,
    StandardDeviationMapper,
    UnsharpMask,
    WGIFRefiner,
)
from skdefocus.datasets import sample_photograph_path
from skdefocus.figures import color_map
from skdefocus.filters import resize
from skdefocus.io import read_image
from skdefocus.metrics import psnr, ssim
from skdefocus.recipes import recommended_steps
from skdefocus.synthesis import defocus

MAPPERS = {
    "entropy": EntropyMapper(),
    "standard deviation": StandardDeviationMapper(),
    "variance of Laplacian": LaplacianVarianceMapper(),
    "edge ratio (Zhuo)": EdgeRatioMapper(),
    "adaptive scale (Karaali)": AdaptiveScaleEdgeMapper(),
    "just noticeable (Shi)": JustNoticeableMapper(),
    "binary patterns (Yi)": LBPMapper(),
    "superpixels (Chen)": FastDefocusMapper(),
    "HiFST (Golestaneh)": HiFSTMapper(),
    "windows": SlidingWindowMapper(step=4, estimate="mean"),
    "context": ContextMapper(),
    "combined": CombinedMapper(),
}
REFINERS = {
    "guided": GuidedRefiner(),
    "the paper's": WGIFRefiner(),
    "mutual": MutualGuidedRefiner(),
    "global": GlobalRefiner(),
}
SHARPENERS = {
    "adaptive unsharp mask": AdaptiveUnsharpMask(),
    "unsharp mask": UnsharpMask(),
    "CAS": ContrastAdaptiveSharpening(),
    "GUM": GeneralizedUnsharpMask(),
}
RENDERERS = {
    "disc": SDoFRenderer(smoothing="disc"),
    "lens": SDoFRenderer(smoothing="lens"),
    "guided (the paper's)": SDoFRenderer(smoothing="guided"),
}
_WIDTH = 480
_TITLE = 22
# Sides of what is shown enlarged, and by how much.
_DETAIL, _ZOOM = 96, 4


def panel(title: str, picture: np.ndarray, width: int = _WIDTH) -> np.ndarray:
    """Give a picture, as uint8 or float in [0, 1], a title and a width."""
    if picture.dtype != np.uint8:
        picture = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    if picture.ndim == 2:
        picture = np.dstack([picture] * 3)
    height = round(picture.shape[0] * width / picture.shape[1])
    scaled = Image.fromarray(picture).resize((width, height))
    strip = Image.new("RGB", (width, _TITLE), "white")
    ImageDraw.Draw(strip).text((4, 2), title, fill="black", font_size=14)
    return np.concatenate([np.asarray(strip), np.asarray(scaled)])


def save_sheet(path: Path, panels: Iterable[np.ndarray], columns: int) -> None:
    """Save panels of one size in rows."""
    panels = list(panels)
    blank = np.full_like(panels[0], 255)
    panels += [blank] * (-len(panels) % columns)
    rows = [
        np.concatenate(panels[i : i + columns], axis=1)
        for i in range(0, len(panels), columns)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(path)
    print(f"wrote {path.name}")


def compare_maps(image: np.ndarray, out: Path, **_: object) -> None:
    """Draw the map of every mapper, and ours by every refiner."""
    panels = [panel("photograph", image)]
    for name, mapper in MAPPERS.items():
        sample, seconds = pass_through(mapper, image)
        print(f"{name:26} {sample.unit:9} {seconds:7.2f} s", flush=True)
        panels.append(panel(f"{name}, {seconds:.1f} s", picture_of(sample)))
        if name == "windows":
            ours = sample
    for name, refiner in REFINERS.items():
        sample, seconds = pass_through(refiner, ours)
        print(f"windows + {name:16} {sample.unit:9} {seconds:7.2f} s", flush=True)
        panels.append(panel(f"windows + {name}, {seconds:.2f} s", picture_of(sample)))
    save_sheet(out / "maps.png", panels, 4)


def picture_of(sample: DefocusSample) -> np.ndarray:
    """Color a map in pixels as everywhere, one without a unit over its own range."""
    if sample.unit == "px":
        return color_map(sample.blur_map)
    low, high = np.quantile(sample.blur_map, (0.01, 0.99))
    # The colors are those of 0 to 10 px.
    return color_map(
        10 * np.clip((sample.blur_map - low) / max(high - low, 1e-6), 0, 1)
    )


def details(blur_map: np.ndarray) -> dict[str, tuple[slice, slice]]:
    """Find where a map is lowest and highest."""
    size = min(_DETAIL, *blur_map.shape)
    cells = blur_map[: blur_map.shape[0] // size * size]
    cells = cells[:, : blur_map.shape[1] // size * size]
    means = cells.reshape(
        cells.shape[0] // size, size, cells.shape[1] // size, size
    ).mean(axis=(1, 3))
    places = {"sharpest": means.argmin(), "most blurred": means.argmax()}
    found = {}
    for name, place in places.items():
        row, column = np.unravel_index(place, means.shape)
        found[name] = np.s_[
            row * size : (row + 1) * size, column * size : (column + 1) * size
        ]
    return found


def compare_sharpeners(
    image: np.ndarray, out: Path, sharp: np.ndarray, **_: object
) -> None:
    """Draw what every sharpener makes of a photograph; measure it where it can be."""
    ours = map_of(image)
    pictures = {"photograph": image}
    pictures |= {name: pass_through(s, ours)[0] for name, s in SHARPENERS.items()}
    save_sheet(
        out / "sharpened.png",
        [panel(name, picture) for name, picture in pictures.items()],
        3,
    )
    places = details(ours.blur_map)
    save_sheet(
        out / "sharpened_details.png",
        [
            panel(f"{name}, {where}", enlarged(picture[place]))
            for where, place in places.items()
            for name, picture in pictures.items()
        ],
        len(pictures),
    )
    # Defocused by a map that is known.
    rows = np.linspace(0, 3, sharp.shape[0], dtype=np.float32)
    truth = np.repeat(rows[:, np.newaxis], sharp.shape[1], axis=1)
    blurred = defocus(sharp, truth)
    sample = DefocusSample(blurred, truth)
    reference = sharp.astype(np.float32) / 255
    print(f"{'of a known map, 0 to 3 px':26} {'PSNR':>7} {'SSIM':>7}")
    results = {"blurred": blurred}
    results |= {name: pass_through(s, sample)[0] for name, s in SHARPENERS.items()}
    for name, result in results.items():
        quality = psnr([reference], [result]), ssim([reference], [result])
        print(f"{name:26} {quality[0]:7.3f} {quality[1]:7.4f}")


def enlarged(picture: np.ndarray) -> np.ndarray:
    """Show pixels as squares."""
    return picture.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)


def map_of(image: np.ndarray) -> DefocusSample:
    """Map a photograph as the package does by default."""
    steps = make_pipeline(*[step for _, step in recommended_steps()])
    return steps.fit_transform([image])[0]


def compare_renderers(
    image: np.ndarray, out: Path, subject: np.ndarray | None = None, **_: object
) -> None:
    """Draw every way to render a shallow depth of field."""
    ours = map_of(image)
    panels = [panel("photograph", image), panel("map", color_map(ours.blur_map))]
    for name, renderer in RENDERERS.items():
        start = time.perf_counter()
        (rendered,) = renderer.transform([ours], subject_masks=[subject])
        seconds = time.perf_counter() - start
        print(f"{name:26} {seconds:7.2f} s", flush=True)
        panels.append(panel(f"{name}, {seconds:.1f} s", rendered))
    save_sheet(out / "bokeh.png", panels, 3)


def main(arguments: list[str] | None = None) -> int:
    """Print times and draw the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = {
        "maps": compare_maps,
        "sharpen": compare_sharpeners,
        "bokeh": compare_renderers,
    }
    parser.add_argument("what", choices=kinds)
    parser.add_argument("photo", nargs="?", default=str(sample_photograph_path()))
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--subject", help="mask of the subject, for bokeh")
    parser.add_argument(
        "--sharp", help="a sharp photograph, for the measures of sharpen"
    )
    options = parser.parse_args(arguments)
    image = read_image(options.photo)
    subject = None
    if options.subject:
        mask = read_image(options.subject)
        subject = mask if mask.ndim == 2 else mask[..., 0]
    sharp = read_image(options.sharp) if options.sharp else halved(image)
    kinds[options.what](image, options.out, subject=subject, sharp=sharp)
    return 0


def halved(image: np.ndarray) -> np.ndarray:
    """Make a photograph sharper by taking fewer pixels."""
    shape = tuple(max(1, n // 2) for n in image.shape[:2])
    return np.round(resize(image, shape) * 255).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())

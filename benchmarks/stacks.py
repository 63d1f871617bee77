"""Focus series: the slice in which our map is sharpest against the strongest contrast.

python benchmarks/stacks.py FOLDER

FOLDER holds one folder a scene, with slices NN.jpg of the same pixels focused at
distances in order. Per textured pixel, the slice in which the map has the least sigma
is compared with the one that has the strongest local contrast, which needs no model.
Local contrast is the squared Laplacian of the channels' mean, on the 8-bit scale,
smoothed by a Gaussian of 8 px; a pixel is textured if the largest over the slices is
above 60 and more than twice the median over them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import ndimage
from tqdm import tqdm

if __package__:
    from .robustness import make_steps
else:
    from robustness import make_steps

from skdefocus.io import list_photographs, read_image

_SMOOTHED = 8.0
_LEAST_CONTRAST, _LEAST_PEAK = 60.0, 2.0


def local_contrast(image: np.ndarray) -> np.ndarray:
    """Squared Laplacian of the channels' mean, smoothed."""
    levels = image.astype(np.float64)
    gray = levels.mean(axis=2) if levels.ndim == 3 else levels
    return ndimage.gaussian_filter(ndimage.laplace(gray) ** 2, _SMOOTHED)


def textured(contrast: np.ndarray) -> np.ndarray:
    """Pixels whose contrast, of shape (n_slices, H, W), has a clear peak."""
    peak = contrast.max(axis=0)
    clear = peak > _LEAST_PEAK * np.median(contrast, axis=0)
    return (peak > _LEAST_CONTRAST) & clear


def agreement(
    maps: np.ndarray, contrast: np.ndarray, where: np.ndarray
) -> tuple[float, float]:
    """Shares of pixels whose slice agrees exactly, and within one slice."""
    off = np.abs(maps.argmin(axis=0) - contrast.argmax(axis=0))[where]
    return float((off == 0).mean()), float((off <= 1).mean())


def score_scene(folder: Path, model: str | None) -> dict[str, object] | None:
    """Score raw and refined maps of a scene; None if no pixel is textured."""
    images = [read_image(path) for path in list_photographs([folder])]
    contrast = np.stack([local_contrast(image) for image in images])
    where = textured(contrast)
    if not where.any():
        return None
    mapper, refiner = (step for _, step in make_steps(model).steps)
    raw = mapper.transform(images)
    refined = refiner.transform(raw)
    maps, better = (
        np.stack([sample.blur_map for sample in samples]) for samples in (raw, refined)
    )
    # The less of the slices is known, the less the order should be believed.
    sure = np.stack([sample.confidence for sample in raw]).max(axis=0)
    middle = np.median(sure[where])
    return {
        "slices": len(images),
        "textured": float(where.mean()),
        "raw": agreement(maps, contrast, where),
        "refined": agreement(better, contrast, where),
        "sure": agreement(maps, contrast, where & (sure >= middle)),
        "unsure": agreement(maps, contrast, where & (sure <= middle)),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="one folder a scene")
    parser.add_argument("--model", help="model file; by default the shipped network")
    parser.add_argument("--every", type=int, default=1, help="only every n-th scene")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    folders = sorted(path for path in options.folder.iterdir() if path.is_dir())
    folders = folders[:: options.every]
    tasks = (delayed(score_scene)(folder, options.model) for folder in folders)
    results = Parallel(n_jobs=options.jobs, return_as="generator")(tasks)
    scores = list(tqdm(results, total=len(folders), file=sys.stderr))
    found = [one for one in scores if one is not None]
    if not found:
        parser.error(f"{options.folder} holds no scene with textured pixels")
    print(f"{len(found)} scenes; shares of textured pixels, means over scenes")
    print("maps                    same slice  within one")
    for name, title in (
        ("raw", "raw"),
        ("refined", "refined"),
        ("sure", "raw, surer half"),
        ("unsure", "raw, less sure half"),
    ):
        same, near = np.mean([one[name] for one in found], axis=0)
        print(f"{title:22}  {same:10.3f}  {near:10.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Ours and a peer, for every speed that the package is judged by.

Each function gives comparisons for `run.py`, of one photograph of a given size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage, sparse
from sklearn.pipeline import make_pipeline

from skdefocus import (
    PatchBlurClassifier,
    SlidingWindowMapper,
    estimate_blur_map,
    sharpen,
)
from skdefocus.batch import process
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.network import Network
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.onnx_export import to_onnx
from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import (
    global_smoother,
    guided_filter,
    matting_smoother,
)
from skdefocus.filters import resize as resample
from skdefocus.io import read_image
from skdefocus.recipes import recommended_steps
from skdefocus.refine import refine_wgif

RADIUS, EPS, N_ITER = 16, 0.005, 7
PATCH_SIZE = 32


@dataclass(frozen=True)
class Comparison:
    """Two ways of doing the same, each a call without arguments.

    ``goal`` is what the ratio of ours to the peer may be.
    """

    title: str
    peer_title: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    goal: str = ""


def photograph(shape: tuple[int, int]) -> np.ndarray:
    """Give flower.jpg of scikit-learn, resampled, as uint8."""
    return np.round(resample(load_sample_photograph(), shape) * 255).astype(np.uint8)


def memory_pass(shape: tuple[int, int]) -> Callable[[], object]:
    """Copy a float32 map once: what every other time is a multiple of."""
    source = np.ones(shape, np.float32)
    return partial(np.copyto, np.empty_like(source), source)


def weighted_filter(
    image: np.ndarray, guide: np.ndarray, box: Callable[..., np.ndarray]
) -> np.ndarray:
    """Filter by the weighted guided filter, written with another library's box mean."""
    mean = box(guide, 1)
    variance = np.maximum(box(guide * guide, 1) - mean * mean, 0) + np.float32(1e-6)
    weight = variance * np.mean(1 / variance)
    mean_guide = box(guide, RADIUS)
    variance = box(guide * guide, RADIUS) - mean_guide * mean_guide
    if image is guide:
        mean_image, covariance = mean_guide, variance
    else:
        mean_image = box(image, RADIUS)
        covariance = box(guide * image, RADIUS) - mean_guide * mean_image
    slope = covariance / (variance + np.float32(EPS) / weight)
    offset = mean_image - slope * mean_guide
    return box(slope, RADIUS) * guide + box(offset, RADIUS)


def refinement(
    blur_map: np.ndarray, gray: np.ndarray, box: Callable[..., np.ndarray]
) -> np.ndarray:
    """Refine as the paper does, written with another library's box mean."""
    for _ in range(N_ITER):
        gray = weighted_filter(gray, gray, box)
    return weighted_filter(blur_map, gray, box)


def cv_box(image: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a box, by OpenCV."""
    size = 2 * radius + 1
    return cv2.boxFilter(image, -1, (size, size), borderType=cv2.BORDER_REFLECT)


def scipy_box(image: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a box, by SciPy."""
    return ndimage.uniform_filter(image, 2 * radius + 1, mode="reflect")


def cv_smoother(
    blur_map: np.ndarray, image: np.ndarray, *, smoothness: float, color_sigma: float
) -> Callable[[], np.ndarray]:
    """Smooth along edges in three passes, by OpenCV."""
    # Its lambda is that of the first pass.
    strength, color = smoothness * 1.5 * 16 / 63, color_sigma * 255
    return partial(
        cv2.ximgproc.fastGlobalSmootherFilter,
        *(image, blur_map, strength, color, 0.25, 3),
    )


def filters(shape: tuple[int, int]) -> list[Comparison]:
    """Compare filters with OpenCV and SciPy."""
    image = photograph(shape)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    blur_map = np.random.default_rng(0).random(shape, dtype=np.float32) * 5
    smoother = {"smoothness": 60_000, "color_sigma": 0.02}
    refine = partial(refine_wgif, blur_map, gray)
    return [
        Comparison(
            "guided filter, gray, r=16",
            "cv2.ximgproc.guidedFilter",
            partial(guided_filter, blur_map, gray, radius=RADIUS, eps=EPS),
            partial(cv2.ximgproc.guidedFilter, gray, blur_map, RADIUS, EPS),
            "1/2",
        ),
        Comparison(
            "guided filter, color, r=16",
            "cv2.ximgproc.guidedFilter",
            partial(guided_filter, blur_map, image, radius=RADIUS, eps=EPS),
            partial(
                cv2.ximgproc.guidedFilter,
                image.astype(np.float32) / 255,
                blur_map,
                RADIUS,
                EPS,
            ),
        ),
        Comparison(
            "refinement, 7 + 1 passes",
            "the same by cv2.boxFilter",
            refine,
            partial(refinement, blur_map, gray, cv_box),
            "1/3",
        ),
        Comparison(
            "refinement, 7 + 1 passes",
            "the same by ndimage.uniform_filter",
            refine,
            partial(refinement, blur_map, gray, scipy_box),
            "1/8",
        ),
        Comparison(
            "global smoother, 3 passes",
            "cv2.ximgproc.fastGlobalSmoother",
            partial(global_smoother, blur_map, image, **smoother),
            cv_smoother(blur_map, image, **smoother),
            "1",
        ),
    ]


def recommended(shape: tuple[int, int]) -> list[Comparison]:
    """Compare what we recommend with patches alone, and with a filter of OpenCV."""
    image = photograph(shape)
    (_, mapper), (_, refiner) = recommended_steps()
    (_, patches), _ = recommended_steps("default")
    samples = mapper.transform([image])
    return [
        Comparison(
            "recommended mapper",
            "patches alone",
            partial(mapper.transform, [image]),
            partial(patches.transform, [image]),
        ),
        Comparison(
            "recommended refiner",
            "cv2.ximgproc.fastGlobalSmoother",
            partial(refiner.transform, samples),
            cv_smoother(
                samples[0].blur_map,
                image,
                smoothness=refiner.smoothness,
                color_sigma=refiner.color_sigma,
            ),
            "10",
        ),
    ]


def matting(shape: tuple[int, int]) -> list[Comparison]:
    """Compare the matting smoother with pymatting's solver of the same system."""
    import pymatting

    image = photograph(shape)
    blur_map = np.random.default_rng(0).random(shape) * 5
    colors = image / 255

    def peer() -> np.ndarray:
        laplacian = pymatting.cf_laplacian(colors, epsilon=1e-4)
        system = (laplacian + sparse.identity(blur_map.size) * 0.01).tocsc()
        return pymatting.cg(
            system, 0.01 * blur_map.ravel(), M=pymatting.ichol(system), rtol=1e-5
        )

    return [
        Comparison(
            "matting smoother",
            "pymatting: ichol, cg",
            partial(matting_smoother, blur_map, image),
            peer,
        )
    ]


def windows(gray: np.ndarray, size: int, step: int) -> np.ndarray:
    """All patches of an image at a distance of some pixels."""
    view = np.lib.stride_tricks.sliding_window_view(gray, (size, size))
    return view[::step, ::step].reshape(-1, size, size)


def maps(shape: tuple[int, int]) -> list[Comparison]:
    """Compare dense networks with the paper's network on single patches."""
    import_keras()
    gray = cv2.cvtColor(photograph(shape), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    # Its time does not depend on what it has learned.
    network = ARCHITECTURES["mobilenet_v2"].build(20)
    single = Network(to_onnx(network, PATCH_SIZE, dense=False))
    patches = windows(gray, PATCH_SIZE, 16)
    by_runtime = f"MobileNetV2, {len(patches)} patches, ONNX Runtime"

    def by_keras() -> list[object]:
        import torch

        batches = np.array_split(patches[:, np.newaxis], max(1, len(patches) // 256))
        with torch.no_grad():
            return [network(batch, training=False) for batch in batches]

    comparisons = [
        Comparison(
            f"{name}, dense, step 4",
            by_runtime,
            partial(PatchBlurClassifier.pretrained(name).network_.run_image, gray),
            partial(single.run_patches, patches),
            goal,
        )
        for name, goal in (("fast", "1/8"), ("default", "3/10"))
    ]
    for step, goal in ((16, "1/8"), (4, "1")):
        mapper = SlidingWindowMapper("fast", step=step)
        comparisons.append(
            Comparison(
                f"fast, blur map, step {step}",
                by_runtime,
                partial(mapper.transform, [gray]),
                partial(single.run_patches, patches),
                goal,
            )
        )
    return [
        *comparisons,
        Comparison(
            "fast, blur map, step 16",
            f"MobileNetV2, {len(patches)} patches, Keras on torch",
            partial(SlidingWindowMapper("fast").transform, [gray]),
            by_keras,
        ),
    ]


def whole_job(shape: tuple[int, int]) -> list[Comparison]:
    """Go from file to file, beside the paper's network on the patches alone."""
    folder = Path(tempfile.mkdtemp())
    source = folder / "photograph.jpg"
    Image.fromarray(photograph(shape)).save(source, quality=92)
    (of_patches,) = (c for c in maps(shape) if c.title == "fast, dense, step 4")

    def ours() -> None:
        image = read_image(source)
        blur_map = estimate_blur_map(image)
        sharpened = np.round(sharpen(image, blur_map) * 255).astype(np.uint8)
        Image.fromarray(sharpened).save(folder / "sharpened.jpg", quality=92)

    return [Comparison("file to file", of_patches.peer_title, ours, of_patches.peer)]


def folder_of_photographs(n_photographs: int) -> list[Comparison]:
    """Compare two workers with one on a folder of photographs of 640 x 427."""
    folder = Path(tempfile.mkdtemp())
    (folder / "photographs").mkdir()
    image = load_sample_photograph()
    for index in range(n_photographs):
        # No two alike, so that none is taken for another.
        shifted = np.roll(image, 3 * index, axis=1)
        path = folder / "photographs" / f"{index:03}.jpg"
        Image.fromarray(shifted).save(path, quality=92)
    steps = [step for _, step in recommended_steps()]

    def run(n_jobs: int) -> None:
        out = Path(tempfile.mkdtemp(dir=folder))
        process(folder / "photographs", make_pipeline(*steps), out, n_jobs=n_jobs)

    return [
        Comparison(
            f"{n_photographs} photographs, n_jobs=2",
            "n_jobs=1",
            partial(run, 2),
            partial(run, 1),
            "1/1.8",
        )
    ]

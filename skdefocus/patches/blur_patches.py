"""Labelled patches for training: sharp photographs, blurred by known sigmas."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from .._validation import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    StrOptions,
    check_parameters,
    to_float_image,
    to_grey,
)
from ..filters import blur, variance_of_laplacian

__all__ = ["REAL_LADDER", "make_blur_patches"]

# Finer at the low end, where photographs of 640 to 1000 px are decided.
REAL_LADDER = (
    *(0.0, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5),
    *(3.2, 4.0, 5.0, 6.5, 8.0, 10.0, 12.5, 15.0, 19.0),
)

_CONSTRAINTS = {
    "n_patches": [POSITIVE_INTEGER],
    "patch_size": [POSITIVE_INTEGER],
    "psf": [StrOptions({"gaussian", "disc", "mixed"})],
    "augment": ["boolean"],
    "min_sharpness": [NON_NEGATIVE_REAL],
    "random_state": [NON_NEGATIVE_INTEGER],
}
# A region is blurred once for many patches: the blur costs more than the cutting.
_REGION = 192
_PATCHES_PER_REGION = 25
_TRIES = 10


def _sharp_region(
    grey: np.ndarray,
    margin: int,
    patch_size: int,
    min_sharpness: float,
    augment: bool,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a random region of a photograph; tell where its sharp patches begin.

    Returns the region with `margin` pixels of surroundings on every side, and the
    corners of the sharp patches inside that margin as rows (row, column), which are
    none if the region holds no sharp patch.
    """
    # Downscaling makes a photograph sharper and its textures finer.
    scale = rng.uniform(0.4, 1.0) if augment and rng.random() < 0.6 else 1.0
    side = _REGION + 2 * margin
    source = min(round(side / scale), *grey.shape)
    scale = min(1.0, side / source)
    top, left = (int(rng.integers(n - source + 1)) for n in grey.shape)
    region = grey[top : top + source, left : left + source]
    if scale < 1:
        resized = Image.fromarray(region).resize((side, side), Image.Resampling.LANCZOS)
        region = np.clip(np.asarray(resized), 0, 1)
    inside = slice(margin, region.shape[0] - margin)
    centred = variance_of_laplacian(region[inside, inside], patch_size, smooth=True)
    half = patch_size // 2
    last = centred.shape[0] - patch_size
    gate = centred[half : half + last + 1, half : half + last + 1]
    return region, np.argwhere(gate >= min_sharpness)


def _degrade(region: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add contrast, brightness, noise and JPEG as cameras and web pages do."""
    mean = region.mean()
    contrast, brightness = rng.uniform(0.4, 1.2), rng.uniform(-0.15, 0.15)
    noise = rng.normal(0, rng.uniform(0, 3) / 255, region.shape)
    levels = _to_uint8((region - mean) * contrast + mean + brightness + noise)
    if rng.random() < 0.8:
        file = io.BytesIO()
        Image.fromarray(levels).save(file, "JPEG", quality=int(rng.integers(70, 99)))
        levels = np.asarray(Image.open(file))
    return levels


def _to_uint8(region: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(region * 255), 0, 255).astype(np.uint8)


def _photograph_patches(
    image: Any,
    read: Callable[[Any], np.ndarray] | None,
    ladder: Sequence[float],
    n_per_level: int,
    patch_size: int,
    psf: str,
    augment: bool,
    min_sharpness: float,
    seed: np.random.SeedSequence,
    name: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Patches and levels of one photograph."""
    rng = np.random.default_rng(seed)
    grey = to_grey(to_float_image(image if read is None else read(image), name))
    X = [np.empty((0, patch_size, patch_size), np.uint8)]
    y = [np.empty(0, np.int64)]
    room = (min(grey.shape) - patch_size) // 2
    for level, sigma in enumerate(ladder):
        margin = min(int(np.ceil(4 * sigma)), room)
        n_missing = n_per_level if room >= 0 else 0
        for _ in range(_TRIES + n_per_level // _PATCHES_PER_REGION):
            if n_missing == 0:
                break
            region, corners = _sharp_region(
                grey, margin, patch_size, min_sharpness, augment, rng
            )
            if len(corners) == 0:
                continue
            shape = psf if psf != "mixed" else ("gaussian", "disc")[rng.integers(2)]
            region = blur(region, sigma, shape)
            inside = slice(margin, region.shape[0] - margin)
            region = region[inside, inside]
            levels = _degrade(region, rng) if augment else _to_uint8(region)
            count = min(n_missing, _PATCHES_PER_REGION)
            rows, columns = corners[rng.integers(len(corners), size=count)].T
            windows = sliding_window_view(levels, (patch_size, patch_size))
            X.append(windows[rows, columns])
            y.append(np.full(count, level))
            n_missing -= count
    return np.concatenate(X), np.concatenate(y)


def make_blur_patches(
    images: Iterable[Any],
    ladder: Sequence[float] = REAL_LADDER,
    *,
    n_patches: int = 512_000,
    patch_size: int = 32,
    psf: str = "mixed",
    augment: bool = True,
    min_sharpness: float = 60.0,
    read: Callable[[Any], np.ndarray] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a labelled patch set from sharp photographs (sec. 3.1).

    Regions of each photograph are blurred by every sigma of the ladder and patches
    are cut where the photograph was sharp. The photograph is blurred before the
    patch is cut, so no patch shows the border of a padded kernel.

    Parameters
    ----------
    images : iterable of array-like of shape (H, W) or (H, W, 3)
        Sharp photographs, or whatever ``read`` turns into them. Those below
        ``patch_size`` on a side, or without a sharp patch, contribute none.
    ladder : sequence of float, default=REAL_LADDER
        Sigma of each level, in pixels, ascending.
    n_patches : int, default=512000
        Patches asked for, spread evenly over photographs and levels.
    patch_size : int, default=32
        Side of a patch, in pixels.
    psf : {"gaussian", "disc", "mixed"}, default="mixed"
        Point spread function; "mixed" draws one of the two for each region.
    augment : bool, default=True
        Vary scale, contrast, brightness, noise (0 to 3 grey levels) and JPEG quality
        (70 to 98) as photographs do.
    min_sharpness : float, default=60.0
        Patches are cut where the variance of the Laplacian (eq. 5) of the unblurred
        photograph reaches this. The paper's gate is 1000.
    read : callable, optional
        Turns an item of ``images`` into an array, inside the worker.
    random_state : int, default=0
        Seed. The same seed gives the same patches for every ``n_jobs``.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    Returns
    -------
    X : ndarray of shape (n, patch_size, patch_size), uint8
        Grey patches.
    y : ndarray of shape (n,), int64
        Level of each patch, an index into ``ladder``.
    groups : ndarray of shape (n,), int64
        Index of the photograph that each patch came from: split by it.

    Raises
    ------
    ValueError
        For parameters outside their range, or if no photograph holds a sharp patch.

    References
    ----------
    Galetto and Deng (2022), sec. 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import make_blur_patches
    >>> photo = np.random.default_rng(0).random((64, 64))
    >>> X, y, groups = make_blur_patches([photo], (0.0, 2.0), n_patches=10)
    >>> X.shape, sorted(set(y.tolist()))
    ((10, 32, 32), [0, 1])
    """
    check_parameters(
        _CONSTRAINTS,
        {
            "n_patches": n_patches,
            "patch_size": patch_size,
            "psf": psf,
            "augment": augment,
            "min_sharpness": min_sharpness,
            "random_state": random_state,
        },
        "make_blur_patches",
    )
    images = list(images)
    seeds = np.random.SeedSequence(random_state).spawn(len(images))
    n_per_level = -(-n_patches // max(1, len(images) * len(ladder)))
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_photograph_patches)(
            image,
            read,
            ladder,
            n_per_level,
            patch_size,
            psf,
            augment,
            min_sharpness,
            seed,
            f"images[{index}]",
        )
        for index, (image, seed) in enumerate(zip(images, seeds, strict=True))
    )
    X = np.concatenate([x for x, _ in parts]) if parts else np.empty(0)
    if len(X) == 0:
        raise ValueError(
            f"none of the {len(images)} photographs holds a patch of {patch_size} px "
            f"whose variance of Laplacian reaches {min_sharpness:g}; give sharp "
            f"photographs or lower 'min_sharpness'."
        )
    y = np.concatenate([levels for _, levels in parts])
    groups = np.repeat(np.arange(len(parts)), [len(x) for x, _ in parts])
    return X, y, groups

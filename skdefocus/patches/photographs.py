"""Patches of one photograph after the other, never many photographs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from .._shared.validation import check_image, to_float_image, to_gray
from .image_domain import cut_blurred
from .patch_domain import blur_sharp_patches
from .settings import PatchSettings

__all__ = ["patches_by_photograph"]

_MAKERS: dict[str, Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]] = {
    "image": cut_blurred,
    "patch": blur_sharp_patches,
}

_Read = Callable[[Any], Any] | None


def _one_photograph(
    read: _Read,
    blur_domain: str,
    settings: PatchSettings,
    n_per_level: int | None,
    image: Any,
    name: str,
    seed: np.random.SeedSequence,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Patches, levels and conditions of one photograph."""
    gray = to_gray(to_float_image(image if read is None else read(image), name))
    make = _MAKERS[blur_domain]
    return make(gray, settings, n_per_level, np.random.default_rng(seed))


@contextmanager
def _counted(
    images: Iterable[Any], read: _Read
) -> Iterator[tuple[int, Iterable[Any], _Read]]:
    """Give the number of photographs, the photographs, and what reads them."""
    if isinstance(images, Sized):
        yield len(images), images, read
    elif read is not None:
        listed = list(images)
        yield len(listed), listed, read
    else:
        # Their number is known at the end only; until then they wait on disk.
        with TemporaryDirectory(prefix="skdefocus-") as folder:
            paths = []
            for index, image in enumerate(images):
                paths.append(Path(folder, f"{index}.npy"))
                pixels = check_image(image, f"images[{index}]")
                np.save(paths[-1], pixels, allow_pickle=False)
            yield len(paths), paths, np.load


def patches_by_photograph(
    images: Iterable[Any],
    read: _Read,
    blur_domain: str,
    settings: PatchSettings,
    random_state: int,
    n_jobs: int | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Make patches, photograph by photograph.

    Parameters
    ----------
    images, read, random_state, n_jobs
        As in `make_blur_patches`.
    blur_domain : {"image", "patch"}
        Whether photographs or patches are blurred.
    settings : PatchSettings
        What to do.

    Yields
    ------
    X : ndarray of shape (n, patch_size, patch_size), uint8 or float32
        Patches of one photograph, or none.
    y, groups : ndarray of shape (n,), int64
        Their levels, and the photograph's index.
    conditions : ndarray of shape (n, 4), float32
        What a network is told beside the pixels.

    Raises
    ------
    ValueError
        At the end, if no photograph held a sharp patch.
    """
    with ExitStack() as stack:
        n_per_level = None
        if settings.n_patches is not None:
            n_images, images, read = stack.enter_context(_counted(images, read))
            n_shares = max(1, n_images * len(settings.ladder))
            n_per_level = -(-settings.n_patches // n_shares)
        make = partial(_one_photograph, read, blur_domain, settings, n_per_level)
        seeds = np.random.SeedSequence(random_state)
        # Photographs are taken from `images` as workers become free.
        parts = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(make)(image, f"images[{index}]", seeds.spawn(1)[0])
            for index, image in enumerate(images)
        )
        n_photographs = n_patches = 0
        for X, y, conditions in parts:
            yield X, y, np.full(len(X), n_photographs), conditions
            n_photographs += 1
            n_patches += len(X)
    if n_patches == 0:
        raise ValueError(
            f"none of the {n_photographs} photographs holds a patch of "
            f"{settings.patch_size} px whose variance of Laplacian reaches "
            f"{settings.min_sharpness:g}; give sharp photographs, or in "
            f"Python a lower 'min_sharpness'."
        )

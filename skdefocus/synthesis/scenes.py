"""Scenes for training: sharp photographs defocused along their own segments.

A patch cannot tell a smooth surface in focus from a blurred one; its surroundings can.
So whole photographs are blurred by maps whose borders are the photograph's own, and no
person has to mark anything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._shared.validation import to_colors, to_float_image
from ..filters import resize, variance_of_laplacian
from ..filters._resize import check_shape
from ._defocus import defocus, sigma_layers
from .camera import draw_camera, log_uniform

__all__ = ["compose_scene", "random_scene"]

# Layers that a scene is blurred in: its sigmas are rounded to as many.
_LAYERS = 12
_LARGEST_SIGMA = 16.0
# Mean variance of the Laplacian (eq. 5) from which a piece of a photograph is sharp
# enough to be blurred by a known sigma, and how many pieces are tried.
_LEAST_SHARPNESS = 60.0
_TRIES = 5


def _smooth_field(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Random values of about unit variance that change slowly."""
    return resize(rng.normal(size=(5, 5)), shape)


def _segment_means(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Give every segment the mean of its values."""
    count = np.bincount(segments.ravel())
    total = np.bincount(segments.ravel(), values.ravel())
    means: np.ndarray = (total / np.maximum(count, 1))[segments]
    return means


def _subject(segments: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mask of one to three subjects: the segments that fill random ellipses."""
    height, width = segments.shape
    rows, columns = np.mgrid[:height, :width]
    n_subjects = 1 if rng.random() < 0.75 else int(rng.integers(2, 4))
    inside = np.zeros(segments.shape, bool)
    for _ in range(n_subjects):
        area = rng.uniform(0.04, 0.4) / n_subjects * segments.size
        aspect = np.exp(rng.normal(0, 0.5))
        long = np.sqrt(area / np.pi * aspect)
        # Subjects stand near the middle, a little below it.
        down = rows - rng.normal(0.55, 0.18) * height
        across = columns - rng.normal(0.5, 0.2) * width
        angle = rng.uniform(0, np.pi)
        along = across * np.cos(angle) + down * np.sin(angle)
        beside = down * np.cos(angle) - across * np.sin(angle)
        inside |= (along / long) ** 2 + (beside * aspect / long) ** 2 < 1
    return _segment_means(inside, segments) > rng.uniform(0.35, 0.65)


def _subject_scene(
    segments: np.ndarray, height: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Put a subject before a wall, on the ground, or among things far and near."""
    subject = _subject(segments, rng)
    sharp, blurred = abs(rng.normal(0, 0.35)), log_uniform(rng, 1.2, 10)
    background = np.full(segments.shape, blurred)
    kind = rng.random()
    if kind < 0.35:
        # Ground: sharp at the subject's foot, and less and less so beyond it.
        feet = np.flatnonzero(subject.any(axis=1))
        foot = height[feet[-1], 0] if len(feet) else 0.9
        distance = np.abs(height - foot) * rng.uniform(0.8, 2.5)
        if rng.random() < 0.5:
            distance = _segment_means(distance, segments)
        least = 0.03 if rng.random() < 0.5 else 0.3
        background = blurred * np.clip(distance, least, 1.2)
    elif kind < 0.7:
        own = np.exp(rng.normal(0, 0.35, segments.max() + 1))
        background = blurred * own[segments]
    if rng.random() < 0.12:
        # What stands in front may be what is blurred.
        blur_map = np.where(subject, background, sharp)
    else:
        blur_map = np.where(subject, sharp, background)
    if rng.random() < 0.3:
        # A deep subject is not in focus all over.
        deep = 0.25 * blurred * np.clip(_smooth_field(segments.shape, rng), 0, 2)
        blur_map = np.where(subject, blur_map + deep, blur_map)
    return blur_map, np.where(subject, 1.0, 2.0)


def _plane_scene(
    segments: np.ndarray, height: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Lay out a receding plane, on which some segments stand upright."""
    width = np.linspace(0, 1, segments.shape[1])
    angle = rng.normal(np.pi / 2, 0.3)
    distance = -(np.cos(angle) * width + np.sin(angle) * height)
    distance = (distance - distance.min()) / max(np.ptp(distance), 1e-6)
    upright = rng.random(segments.max() + 1) < rng.uniform(0, 0.8)
    distance = np.where(upright[segments], _segment_means(distance, segments), distance)
    off_focus = np.abs(distance - rng.uniform(0, 1)) - rng.uniform(0, 0.15)
    blur_map = log_uniform(rng, 2, 14) * np.maximum(off_focus, 0)
    return blur_map + abs(rng.normal(0, 0.3)), distance + 0.5


def _layered_scene(
    segments: np.ndarray, height: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Share two to four distances among segments that lie near each other."""
    field = _segment_means(_smooth_field(segments.shape, rng), segments)
    borders = np.quantile(field, np.sort(rng.uniform(0.1, 0.9, rng.integers(1, 4))))
    layer = np.searchsorted(borders, field)
    off_focus = np.abs(layer - rng.integers(0, len(borders) + 1))
    blur_map = log_uniform(rng, 0.8, 5) * off_focus ** rng.uniform(0.7, 1.2)
    return blur_map + abs(rng.normal(0, 0.3)), layer + 1.0


def _even_scene(
    segments: np.ndarray, height: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Put everything in focus, or everything out of it."""
    sigma = rng.uniform(0, 0.8) if rng.random() < 0.4 else log_uniform(rng, 0.8, 12)
    change = 0.3 * rng.uniform() * np.abs(_smooth_field(segments.shape, rng))
    return sigma * (1 + change), np.ones(segments.shape)


_Scene = Callable[
    [np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]
]
_SCENES: tuple[tuple[_Scene, float], ...] = (
    (_subject_scene, 0.56),
    (_plane_scene, 0.18),
    (_layered_scene, 0.11),
    (_even_scene, 0.15),
)


def random_scene(
    image: np.ndarray, random_state: int | np.random.Generator = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Invent distances for a sharp photograph, with borders along its own segments.

    It needs scikit-image: ``pip install 'skdefocus[train]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    random_state : int or numpy.random.Generator, default=0
        Seed, or what draws.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma in pixels, from 0 to 16.
    depth : ndarray of shape (H, W), float32
        Larger is farther away.

    Raises
    ------
    ValueError
        If the image is not one.
    ImportError
        Without scikit-image.

    Examples
    --------
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.synthesis import random_scene
    >>> blur_map, depth = random_scene(load_sample_photograph())
    >>> blur_map.shape, bool(blur_map.max() <= 16)
    ((427, 640), True)
    """
    try:
        from skimage.segmentation import felzenszwalb
    except ImportError as error:
        raise ImportError(
            "scenes need scikit-image: pip install 'skdefocus[train]'."
        ) from error
    photograph = to_float_image(image)
    rng = np.random.default_rng(random_state)
    segments = felzenszwalb(
        photograph,
        scale=log_uniform(rng, 60, 900),
        sigma=rng.uniform(0.5, 1.2),
        min_size=int(log_uniform(rng, 60, 500)),
        channel_axis=None if photograph.ndim == 2 else -1,
    )
    height = np.linspace(0, 1, segments.shape[0])[:, None] * np.ones(segments.shape)
    scenes, shares = zip(*_SCENES, strict=True)
    blur_map, depth = scenes[rng.choice(len(scenes), p=shares)](segments, height, rng)
    blur_map = np.clip(blur_map, 0, _LARGEST_SIGMA)
    return blur_map.astype(np.float32), depth.astype(np.float32)


def _cut(
    image: np.ndarray, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Cut a piece of a photograph, reduced by a random factor, perhaps mirrored."""
    largest = min(n / wanted for n, wanted in zip(image.shape, shape, strict=False))
    factor = min(1.0, largest)
    if largest > 1:
        factor = log_uniform(rng, 1, largest) if rng.random() < 0.8 else largest
    size = [
        max(1, min(n, int(wanted * factor)))
        for n, wanted in zip(image.shape, shape, strict=False)
    ]
    top, left = (
        int(rng.integers(n - side + 1))
        for n, side in zip(image.shape, size, strict=False)
    )
    piece: np.ndarray = image[top : top + size[0], left : left + size[1]]
    piece = np.clip(resize(piece, shape), 0, 1)
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def compose_scene(
    image: np.ndarray,
    shape: tuple[int, int] = (320, 480),
    random_state: int | np.random.Generator = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Make a photograph of known blur from a piece of a sharp one.

    The piece is reduced, defocused by a `random_scene` from back to front, and then
    sharpened, darkened toward its corners, toned, made noisy and compressed, each at
    random, as cameras do. It needs scikit-image:
    ``pip install 'skdefocus[train]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    shape : tuple of int, default=(320, 480)
        Height and width of the result. Larger photographs are reduced as well as cut,
        smaller ones enlarged.
    random_state : int or numpy.random.Generator, default=0
        Seed, or what draws.

    Returns
    -------
    photograph : ndarray of shape (H, W, 3), uint8
        The result, in color.
    blur_map : ndarray of shape ``shape``, float32
        Its sigma in pixels: at most twelve, at equal distances on a log-like scale
        where a scene has more, as they are applied.

    Raises
    ------
    ValueError
        If the image is not one, or the shape is empty.
    ImportError
        Without scikit-image.

    Examples
    --------
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.synthesis import compose_scene
    >>> photograph, blur_map = compose_scene(load_sample_photograph(), (96, 128))
    >>> photograph.shape, photograph.dtype, blur_map.shape
    ((96, 128, 3), dtype('uint8'), (96, 128))
    """
    check_shape(shape)
    photograph = to_colors(to_float_image(image))
    rng = np.random.default_rng(random_state)
    for _ in range(_TRIES):
        piece = _cut(photograph, shape, rng)
        if variance_of_laplacian(piece, smooth=True).mean() >= _LEAST_SHARPNESS:
            break
    blur_map, depth = random_scene(piece, rng)
    levels, nearest = sigma_layers(blur_map, _LAYERS)
    blur_map = levels[nearest].astype(np.float32)
    blurred = defocus(
        piece,
        blur_map,
        psf=("gaussian", "disc")[rng.integers(2)],
        # Otherwise what is more blurred is taken to be farther away.
        depth=depth if rng.random() < 0.5 else None,
        n_layers=_LAYERS,
    )
    return draw_camera(rng, blurred.shape).photograph(blurred), blur_map

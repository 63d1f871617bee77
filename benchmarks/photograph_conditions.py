"""What happens to photographs between the lens and the user, for `robustness.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from skdefocus.synthesis import through_jpeg
from skdefocus.synthesis.camera import log_uniform
from skdefocus.synthesis.motion import LENGTH_OF_SIGMA, draw_path

__all__ = ["CONDITIONS", "Condition"]

# Lights out of focus: how many, and their sigma.
_LIGHTS, _LIGHT_SIGMA = 5, 6

# An image, and a generator, to an image: both uint8 of shape (H, W, 3).
_Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Condition:
    """A change of a photograph, and where its pixels have gone.

    Attributes
    ----------
    change : callable
        From the photograph, uint8 of shape (H, W, 3), and a generator to another one.
    place : callable
        From a map or mask of the photograph to that of the other: for what is turned or
        resized. What is added around it is cut off by ``cut``.
    cut : callable
        From a map of the other to the part that shows the photograph.
    """

    change: _Change
    place: Callable[[np.ndarray], np.ndarray] = lambda values: values
    cut: Callable[[np.ndarray], np.ndarray] = lambda values: values


def _to_uint8(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _noise(
    image: np.ndarray,
    rng: np.random.Generator,
    deviation: float,
    radius: float = 0.0,
    grows: bool = False,
) -> np.ndarray:
    """Add noise, perhaps smoothed as cameras do, or growing with brightness."""
    noise = rng.normal(0, 1, image.shape)
    if radius:
        noise = ndimage.gaussian_filter(noise, (radius, radius, 0))
        noise /= noise.std()
    if grows:
        noise = noise * np.sqrt(0.3 + 1.4 * image / 255)
    return _to_uint8(image + deviation * noise)


def _gray_noise(
    image: np.ndarray, rng: np.random.Generator, deviation: float
) -> np.ndarray:
    """Add the same noise to all three colors, so that it is as strong in their gray."""
    noise = rng.normal(0, deviation, image.shape[:2])
    return _to_uint8(image + noise[..., np.newaxis])


def _contrast(image: np.ndarray, rng: np.random.Generator, factor: float) -> np.ndarray:
    mean = image.mean()
    return _to_uint8((image - mean) * factor + mean)


def _darken(image: np.ndarray, rng: np.random.Generator, divisor: float) -> np.ndarray:
    return _to_uint8(image / divisor)


def _gamma(image: np.ndarray, rng: np.random.Generator, gamma: float) -> np.ndarray:
    return _to_uint8(255 * (image / 255) ** gamma)


def _sharpen(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = image.astype(np.float64)
    smooth = ndimage.gaussian_filter(levels, (1, 1, 0))
    return _to_uint8(2 * levels - smooth)


def _resize(image: np.ndarray, rng: np.random.Generator, factor: float) -> np.ndarray:
    height, width = (round(n * factor) for n in image.shape[:2])
    kind = Image.Resampling.LANCZOS if factor < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(image).resize((width, height), kind))


def _resize_map(values: np.ndarray, factor: float) -> np.ndarray:
    rows, columns = (
        np.minimum((np.arange(round(n * factor)) + 0.5) / factor, n - 1).astype(int)
        for n in values.shape
    )
    return values[np.ix_(rows, columns)]


def _bar(height: int) -> int:
    return height // 8


def _bars(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    bar = _bar(len(image))
    return np.pad(image, ((bar, bar), (0, 0), (0, 0)))


def _without_bars(values: np.ndarray) -> np.ndarray:
    # As many rows as 4/5 of what is there: 8 of 8 + 1 + 1.
    (rows,) = [n for n in range(len(values)) if n + 2 * _bar(n) == len(values)][:1]
    return values[_bar(rows) : _bar(rows) + rows]


def _caption(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write a line of white on black below the photograph."""
    strip = Image.new("RGB", (image.shape[1], 24))
    ImageDraw.Draw(strip).text((6, 6), "A caption, 12 October 2019, f/1.8", "white")
    return np.concatenate([image, np.asarray(strip)])


def _from_light(light: np.ndarray) -> np.ndarray:
    """Clip linear light, and encode it in 8 bits."""
    return _to_uint8(255 * linear_to_srgb(np.clip(light, 0, 1)))


def _coma() -> np.ndarray:
    """Point spread function of a lens with coma, as no training draws it."""
    rows, columns = np.mgrid[-1:1:41j, -1:1:41j]
    return np.exp(2 * columns) * (np.hypot(rows, columns) <= 1)


def _lens(image: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    return _from_light(blur(srgb_to_linear(image), sigma, _coma()))


def _move(image: np.ndarray, rng: np.random.Generator, length: float) -> np.ndarray:
    sigma = length / LENGTH_OF_SIGMA
    return _from_light(blur(srgb_to_linear(image), sigma, draw_path(rng)))


def _light_places(shape: tuple[int, ...]) -> np.ndarray:
    """Where lights are: the same in all photographs of a shape, not at the border."""
    rng = np.random.default_rng(shape[:2])
    margin = 2 * _LIGHT_SIGMA + 2
    return rng.uniform(margin, np.array(shape[:2]) - margin, (_LIGHTS, 2)).astype(int)


def _lights(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add points of light out of focus, 2 to 20 times as bright as white."""
    points = np.zeros(image.shape[:2], np.float32)
    for row, column in _light_places(image.shape):
        points[row, column] = log_uniform(rng, 2, 20)
    # A disc spreads a point over 4 pi sigma^2 pixels.
    area = np.float32(4 * np.pi * _LIGHT_SIGMA**2)
    discs = blur(points / points.max(), _LIGHT_SIGMA, "disc") * points.max() * area
    return _from_light(srgb_to_linear(image) + discs[..., np.newaxis])


def _lit(values: np.ndarray) -> np.ndarray:
    """Put lights into a mask of what is out of focus; maps stay what they are."""
    if values.dtype != bool:
        return values
    rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
    found = values.copy()
    for row, column in _light_places(values.shape):
        found |= np.hypot(rows - row, columns - column) <= 2 * _LIGHT_SIGMA
    return found


def _noises() -> dict[str, Condition]:
    return {
        f"noise {level}": Condition(partial(_gray_noise, deviation=level))
        for level in (3, 6, 10, 15, 20)
    }


# In the order of the table.
CONDITIONS = {
    "clean": Condition(lambda image, rng: image),
    **_noises(),
    "noise 10, colors": Condition(partial(_noise, deviation=10)),
    "noise 10, correlated": Condition(partial(_noise, deviation=10, radius=0.8)),
    "noise 10, by brightness": Condition(partial(_noise, deviation=10, grows=True)),
    **{
        f"JPEG {quality}": Condition(
            lambda image, rng, q=quality: through_jpeg(image, q)
        )
        for quality in (50, 30, 10)
    },
    "contrast x 0.5": Condition(partial(_contrast, factor=0.5)),
    "contrast x 0.25": Condition(partial(_contrast, factor=0.25)),
    **{
        f"values / {divisor}": Condition(partial(_darken, divisor=divisor))
        for divisor in (2, 4, 8)
    },
    "gamma 0.5": Condition(partial(_gamma, gamma=0.5)),
    "gamma 2": Condition(partial(_gamma, gamma=2.0)),
    "sharpened": Condition(_sharpen),
    **{
        name: Condition(
            partial(_resize, factor=factor), partial(_resize_map, factor=factor)
        )
        for name, factor in (("half size", 0.5), ("double size", 2), ("four times", 4))
    },
    "black bars": Condition(_bars, cut=_without_bars),
    "caption": Condition(_caption, cut=lambda values: values[:-24]),
    "lights": Condition(_lights, _lit),
    "lens 1.5 px": Condition(partial(_lens, sigma=1.5)),
    "moved 15 px": Condition(partial(_move, length=15)),
    "turned": Condition(lambda image, rng: np.rot90(image).copy(), np.rot90),
}

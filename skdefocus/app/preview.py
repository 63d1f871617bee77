"""The picture that follows the sliders: at most one megapixel, quickly computed.

It shows what the full size will be. Sigma and radii shrink with the photograph; curves
over sigma are read from tables of 1/256 px; and a disc larger than a few pixels blurs a
smaller copy.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cached_property

import numpy as np

from .._validation import to_float_image, to_grey
from ..enhance import sharpening_gain
from ..figures import colour_map
from ..filters import blur, noise_deviation, resize
from ..filters.unsharp import add_detail, luminance_detail
from ..render import sdof_weight
from .opened import OpenedPhotograph
from .settings import Settings

__all__ = ["PREVIEW_PIXELS", "Preview", "encode"]

PREVIEW_PIXELS = 1_000_000
# Of the tables over sigma, per pixel, and their number.
_STEPS, _N_STEPS = 256, 65_536
# As in AdaptiveUnsharpMask and SDoFRenderer.
_RADIUS, _OVERSHOOT = 1.5, 0.05
_BLURRED, _NOISE_SHARE = 2.0, 2.5
_GAMMA = 2.2
# Sigma of a disc, in pixels of the smaller copy, that is fine enough.
_COARSE_SIGMA = 2.5
# What a mask leaves of the grey of what is out of focus, and the colour it takes on.
_DIMMED, _TINT = 0.5, np.array([0.06, 0.20, 0.26], np.float32)


def encode(image: np.ndarray, quality: int = 88) -> bytes:
    """Encode a picture for the page.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, or float in [0, 1].
    quality : int, default=88
        Of the JPEG.

    Returns
    -------
    bytes
        A JPEG.
    """
    from PIL import Image

    if image.dtype != np.uint8:
        image = (image * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return file.getvalue()


class Preview:
    """A smaller copy of an opened photograph, and what the settings make of it.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    max_pixels : int, default=1_000_000
        Most pixels of the copy.

    Attributes
    ----------
    scale : float
        Width of the copy as a share of the photograph's.
    image : ndarray of shape (h, w) or (h, w, 3), float32
        The copy.
    sigma : ndarray of shape (h, w), float32
        Its map, in pixels of the full photograph.
    """

    def __init__(
        self, opened: OpenedPhotograph, max_pixels: int = PREVIEW_PIXELS
    ) -> None:
        self.opened = opened
        height, width = opened.shape
        self.scale = min(1.0, (max_pixels / (height * width)) ** 0.5)
        shape = tuple(max(1, int(size * self.scale)) for size in opened.shape)
        self.image = resize(to_float_image(opened.original.image), shape)
        self.sigma = resize(opened.sample.blur_map, shape)
        steps = np.minimum(np.rint(self.sigma * _STEPS), _N_STEPS - 1)
        self._steps = steps.astype(np.uint16)
        # No further than the map goes.
        self._sigmas = np.arange(int(steps.max()) + 1, dtype=np.float32) / _STEPS

    def photograph(self) -> bytes:
        """Draw the photograph.

        Returns
        -------
        bytes
            A JPEG.
        """
        return encode(self.image, 92)

    def map_picture(self) -> bytes:
        """Draw the map in colours.

        Returns
        -------
        bytes
            A JPEG.
        """
        return encode(colour_map(self.sigma), 92)

    def confidence_picture(self) -> bytes:
        """Draw the confidence, black where the map guesses.

        Returns
        -------
        bytes
            A JPEG.
        """
        confidence = self.opened.sample.confidence
        shown = np.ones_like(self.sigma)
        if confidence is not None:
            shown = resize(confidence, self.sigma.shape)
        return encode(shown, 92)

    def mask(self, settings: Settings) -> np.ndarray:
        """Dim what counts as out of focus.

        Parameters
        ----------
        settings : Settings
            Of them, the threshold.

        Returns
        -------
        ndarray of shape (h, w, 3), float32
            The picture.
        """
        blurred = self.sigma >= settings.threshold + self.opened.sharpest
        image = self.image if self.image.ndim == 3 else self.image[..., np.newaxis]
        return np.where(blurred[..., np.newaxis], self._dimmed, image)

    def sharpened(self, settings: Settings) -> np.ndarray:
        """Sharpen as `AdaptiveUnsharpMask` does.

        Parameters
        ----------
        settings : Settings
            Of them, the gain's curve.

        Returns
        -------
        ndarray of the copy's shape, float32
            The picture.
        """
        gain = self._look_up(lambda sigma: gain_curve(sigma, settings))
        return add_detail(self.image, *self._detail, gain)

    def shallow(self, settings: Settings) -> np.ndarray:
        """Blur the background as `SDoFRenderer` does.

        Parameters
        ----------
        settings : Settings
            Of them, those of the shallow focus.

        Returns
        -------
        ndarray of the copy's shape, float32
            The picture.
        """
        weight = self._look_up(lambda sigma: weight_curve(sigma, settings))
        sharp = add_detail(self.image, *self._plain_detail, settings.subject_gain)
        disc = settings.disc_sigma(self.opened.shape) * self.scale
        smooth = self._smooth(1 - weight, disc)
        share = weight if sharp.ndim == 2 else weight[..., np.newaxis]
        sharp -= smooth
        sharp *= share
        sharp += smooth
        return np.clip(sharp, 0, 1, out=sharp)

    def _look_up(self, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Evaluate a curve for every pixel, by way of a table."""
        return curve(self._sigmas).astype(np.float32)[self._steps]

    @cached_property
    def _detail(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        noise = noise_deviation(self.image, self.sigma >= _BLURRED)
        return luminance_detail(
            self.image,
            radius=_RADIUS * self.scale,
            threshold=_NOISE_SHARE * noise,
            overshoot=_OVERSHOOT,
        )

    @cached_property
    def _plain_detail(self) -> tuple[np.ndarray, None]:
        return luminance_detail(
            self.image, radius=_RADIUS * self.scale, threshold=0.0, overshoot=None
        )

    @cached_property
    def _dimmed(self) -> np.ndarray:
        grey = to_grey(self.image)[..., np.newaxis]
        return _DIMMED * grey + (1 - np.float32(_DIMMED)) * _TINT

    @cached_property
    def _light(self) -> np.ndarray:
        return self.image**_GAMMA

    def _smooth(self, background: np.ndarray, sigma: float) -> np.ndarray:
        """Blur the background by a disc, in linear light, without its subject."""
        factor = max(1 if sigma < 2 else 2, int(sigma / _COARSE_SIGMA))
        if factor > 1:
            # Means over blocks and the way back add variance of their own.
            own = (factor**2 - 1) / 12 + factor**2 / 6
            sigma = max(sigma**2 - own, 0.25) ** 0.5 / factor
        share = blur(_reduce(background, factor), sigma, "disc")
        planes = self._light if self._light.ndim == 3 else self._light[..., np.newaxis]
        smooth = []
        for channel in range(planes.shape[2]):
            light = planes[..., channel]
            gathered = blur(_reduce(light * background, factor), sigma, "disc")
            # Where there is no background nearly all of the sharp picture is shown.
            mean = np.clip(gathered / np.maximum(share, 1e-3), 0, 1)
            smooth.append(
                _enlarge(mean ** np.float32(1 / _GAMMA), background.shape, factor)
            )
        return smooth[0] if self.image.ndim == 2 else np.dstack(smooth)


def gain_curve(sigma: np.ndarray, settings: Settings) -> np.ndarray:
    """Gain of the sharpener over sigma (Fig. 12).

    Parameters
    ----------
    sigma : ndarray
        In pixels.
    settings : Settings
        Of them, the gain's curve.

    Returns
    -------
    ndarray of the same shape, float32
        From 0 to the largest gain.
    """
    names = ("alpha1", "beta1", "alpha2", "beta2", "gain")
    return sharpening_gain(sigma, **{name: getattr(settings, name) for name in names})


def weight_curve(sigma: np.ndarray, settings: Settings) -> np.ndarray:
    """Weight of the sharpened photograph over sigma (eq. 13).

    Parameters
    ----------
    sigma : ndarray
        In pixels.
    settings : Settings
        Of them, c0 and c1.

    Returns
    -------
    ndarray of the same shape, float32
        From 0 to 1.
    """
    return sdof_weight(sigma, settings.c0, settings.c1, pivot=settings.pivot)


def _reduce(plane: np.ndarray, factor: int) -> np.ndarray:
    """Mean over blocks, incomplete ones at the border too."""
    if factor == 1:
        return plane
    from PIL import Image

    reduced = np.asarray(Image.fromarray(plane).reduce(factor))
    return np.clip(reduced, 0, 1)


def _enlarge(plane: np.ndarray, shape: tuple[int, ...], factor: int) -> np.ndarray:
    """Interpolate between the means of blocks."""
    if factor == 1:
        return plane
    from PIL import Image

    # The last block of a row or column may be cut by the border.
    box = 0, 0, shape[1] / factor, shape[0] / factor
    size = shape[1], shape[0]
    enlarged = Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box)
    return np.asarray(enlarged)

"""The picture that follows the sliders: at most one megapixel, quickly computed.

It shows what the full size will be. Sigma and radii shrink with the photograph; curves
over sigma are read from tables of 1/256 px; and a disc larger than a few pixels blurs a
smaller copy. Channels are planes of their own, which are added and mixed much faster
than interleaved ones.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cached_property

import numpy as np

from .._shared.validation import to_float_image, to_gray
from ..enhance import AdaptiveUnsharpMask, sharpening_gain
from ..enhance.adaptive_unsharp import noise_threshold
from ..figures import color_map, hatch_unknown
from ..filters import blur, linear_to_srgb, resize, srgb_to_linear
from ..filters.unsharp import luminance_detail, weigh_detail
from ..io.color import suits
from ..render import sdof_weight
from ..sample import UNKNOWN
from .opened import OpenedPhotograph
from .settings import Settings

__all__ = ["PREVIEW_PIXELS", "Preview", "encode"]

PREVIEW_PIXELS = 1_000_000
# Of the tables over sigma, per pixel, and their number.
_STEPS, _N_STEPS = 256, 65_536
# The page has no sliders for them.
_SHARPENER = AdaptiveUnsharpMask()
# Sigma of a disc, in pixels of the smaller copy, that is fine enough.
_COARSE_SIGMA = 2.0
# What a mask leaves of the gray of what is out of focus, and the color it takes on.
_DIMMED, _TINT = 0.5, np.array([0.06, 0.20, 0.26], np.float32)


def encode(
    planes: np.ndarray, quality: int = 88, profile: bytes | None = None
) -> bytes:
    """Encode a picture for the page.

    Parameters
    ----------
    planes : ndarray of shape (C, H, W)
        One or three channels, float in [0, 1].
    quality : int, default=88
        Of the JPEG.
    profile : bytes, optional
        ICC profile of its colors.

    Returns
    -------
    bytes
        A JPEG.
    """
    from PIL import Image

    pictures = [Image.fromarray(_to_bytes(plane)) for plane in planes]
    picture = pictures[0] if len(pictures) == 1 else Image.merge("RGB", pictures)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, icc_profile=profile)
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
    planes : ndarray of shape (C, h, w), float32
        The copy, channel by channel.
    sigma : ndarray of shape (h, w), float32
        Its map, in pixels of the full photograph.
    profile : bytes or None
        ICC profile of its colors; None where it is gray.
    """

    def __init__(
        self, opened: OpenedPhotograph, max_pixels: int = PREVIEW_PIXELS
    ) -> None:
        self.opened = opened
        height, width = opened.shape
        self.scale = min(1.0, (max_pixels / (height * width)) ** 0.5)
        shape = max(1, int(height * self.scale)), max(1, int(width * self.scale))
        image = resize(to_float_image(opened.original.image), shape)
        image = image[np.newaxis] if image.ndim == 2 else np.moveaxis(image, -1, 0)
        self.planes = np.ascontiguousarray(image)
        profile = opened.original.icc_profile
        self.profile = None
        if profile and len(self.planes) > 1 and suits(profile, is_gray=False):
            self.profile = profile
        self.sigma = resize(opened.sample.require_map(), shape)
        self._steps = _to_steps(self.sigma)
        # As a renderer takes the map.
        self._filled_steps = _to_steps(resize(opened.filled, shape))
        # No further than the map goes.
        last = max(int(self._steps.max()), int(self._filled_steps.max()))
        self._sigmas = np.arange(last + 1, dtype=np.float32) / _STEPS
        self._sharp: tuple[float, np.ndarray] | None = None

    def photograph(self) -> bytes:
        """Draw the photograph.

        Returns
        -------
        bytes
            A JPEG.
        """
        return encode(self.planes, 92, self.profile)

    def map_picture(self) -> bytes:
        """Draw the map in colors, hatched where it is unknown.

        Returns
        -------
        bytes
            A JPEG.
        """
        unknown = self._confidence() < UNKNOWN
        colors = hatch_unknown(color_map(self.sigma), unknown)
        return encode(np.moveaxis(colors, -1, 0) / np.float32(255), 92)

    def confidence_picture(self) -> bytes:
        """Draw the confidence, black where the map guesses.

        Returns
        -------
        bytes
            A JPEG.
        """
        return encode(self._confidence()[np.newaxis], 92)

    def _confidence(self) -> np.ndarray:
        confidence = self.opened.sample.confidence
        if confidence is None:
            return np.ones_like(self.sigma)
        return resize(confidence, self.sigma.shape)

    def mask(self, settings: Settings) -> np.ndarray:
        """Dim what counts as out of focus.

        Parameters
        ----------
        settings : Settings
            Of them, the threshold.

        Returns
        -------
        ndarray of shape (3, h, w), float32
            The picture.
        """
        blurred = self.sigma >= settings.threshold + self.opened.sharpest
        return np.where(blurred, self._dimmed, self.planes)

    def sharpened(self, settings: Settings) -> np.ndarray:
        """Sharpen as `AdaptiveUnsharpMask` does.

        Parameters
        ----------
        settings : Settings
            Of them, the gain's curve.

        Returns
        -------
        ndarray of shape (C, h, w), float32
            The picture.
        """
        gain = self._look_up(lambda sigma: gain_curve(sigma, settings), self._steps)
        picture: np.ndarray = np.clip(
            self.planes + weigh_detail(*self._detail, gain), 0, 1
        )
        return picture

    def shallow(self, settings: Settings) -> np.ndarray:
        """Blur the background as `SDoFRenderer` does.

        Parameters
        ----------
        settings : Settings
            Of them, those of the shallow focus.

        Returns
        -------
        ndarray of shape (C, h, w), float32
            The picture.
        """
        weight = self._look_up(
            lambda sigma: weight_curve(sigma, settings), self._filled_steps
        )
        disc = settings.disc_sigma(self.opened.shape) * self.scale
        sharp = self._sharp_planes(settings.subject_gain)
        result = self._smooth(1 - weight, disc)
        for smooth, plane in zip(result, sharp, strict=True):
            smooth += weight * (plane - smooth)
        return np.clip(result, 0, 1, out=result)

    def _sharp_planes(self, gain: float) -> np.ndarray:
        """Sharpen the subject, or take it from the last time."""
        kept = self._sharp
        if kept is None or kept[0] != gain:
            mask = weigh_detail(*self._plain_detail, gain)
            kept = self._sharp = gain, self.planes + mask
        return kept[1]

    def _look_up(
        self, curve: Callable[[np.ndarray], np.ndarray], steps: np.ndarray
    ) -> np.ndarray:
        """Evaluate a curve for every pixel, by way of a table."""
        looked_up: np.ndarray = curve(self._sigmas).astype(np.float32)[steps]
        return looked_up

    @cached_property
    def _detail(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        return luminance_detail(
            self._gray,
            radius=_SHARPENER.radius * self.scale,
            threshold=noise_threshold(self._gray, self.sigma),
            overshoot=_SHARPENER.overshoot,
        )

    @cached_property
    def _plain_detail(
        self,
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        return luminance_detail(
            self._gray,
            radius=_SHARPENER.radius * self.scale,
            threshold=0.0,
            overshoot=None,
        )

    @cached_property
    def _dimmed(self) -> np.ndarray:
        tint = _TINT[:, np.newaxis, np.newaxis]
        return np.float32(_DIMMED) * self._gray + (1 - np.float32(_DIMMED)) * tint

    @cached_property
    def _light(self) -> np.ndarray:
        return np.stack([srgb_to_linear(plane) for plane in self.planes])

    @cached_property
    def _gray(self) -> np.ndarray:
        image = np.moveaxis(self.planes, 0, -1)
        return to_gray(image[..., 0] if len(self.planes) == 1 else image)

    def _smooth(self, background: np.ndarray, sigma: float) -> np.ndarray:
        """Blur the background by a disc, in linear light, without its subject."""
        factor = max(1 if sigma < 2 else 2, int(sigma / _COARSE_SIGMA))
        if factor > 1:
            # Means over blocks and the way back add variance of their own.
            own = (factor**2 - 1) / 12 + factor**2 / 6
            sigma = max(sigma**2 - own, 0.25) ** 0.5 / factor
        share = blur(_reduce(background, factor), sigma, "disc")
        smooth = np.empty_like(self._light)
        for light, plane in zip(self._light, smooth, strict=True):
            gathered = blur(_reduce(light * background, factor), sigma, "disc")
            # Where there is no background nearly all of the sharp picture is shown.
            mean = np.clip(gathered / np.maximum(share, 1e-3), 0, 1)
            plane[:] = _enlarge(linear_to_srgb(mean), plane.shape, factor)
        return smooth


def _to_steps(sigma: np.ndarray) -> np.ndarray:
    """Give places in the tables."""
    steps: np.ndarray = np.minimum(np.rint(sigma * _STEPS), _N_STEPS - 1)
    return steps.astype(np.uint16)


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
    return sharpening_gain(sigma, **settings.curve)


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
    means: np.ndarray = np.clip(reduced, 0, 1)
    return means


def _enlarge(plane: np.ndarray, shape: tuple[int, ...], factor: int) -> np.ndarray:
    """Interpolate between the means of blocks."""
    if factor == 1:
        return plane
    from PIL import Image

    # The last block of a row or column may be cut by the border.
    box = 0, 0, shape[1] / factor, shape[0] / factor
    size = shape[1], shape[0]
    # In bytes, which is what the picture ends in.
    picture = Image.fromarray(_to_bytes(plane))
    enlarged = picture.resize(size, Image.Resampling.BILINEAR, box)
    return np.asarray(enlarged) * np.float32(1 / 255)


def _to_bytes(plane: np.ndarray) -> np.ndarray:
    return (plane * np.float32(255) + np.float32(0.5)).astype(np.uint8)

"""What the renderers share: reading a photograph with its map, and mixing (eq. 12)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._shared.parameters import (
    NON_NEGATIVE_REAL,
    POSITIVE_REAL,
    UNIT_INTERVAL,
    StrOptions,
    unchecked,
)
from .._shared.validation import check_map, to_float_image
from ..filters import unsharp_mask
from ..sample import UNKNOWN
from .depth import FOCUS_CONSTRAINTS, defocus_from_depth
from .fill import fill_unknown
from .weight import WEIGHT_CONSTRAINTS

__all__ = [
    "SCENE_CONSTRAINTS",
    "UNIT_CONSTRAINTS",
    "Scene",
    "mix_sharp_and_smooth",
    "read_scene",
]

_AUTO = StrOptions({"auto"})
SCENE_CONSTRAINTS: dict[str, list[Any]] = {
    **WEIGHT_CONSTRAINTS,
    "c0": [NON_NEGATIVE_REAL, _AUTO],
    "c1": [POSITIVE_REAL, _AUTO],
    "subject_gain": [NON_NEGATIVE_REAL],
    "literal": ["boolean"],
    **FOCUS_CONSTRAINTS,
    "unknown_below": [UNIT_INTERVAL],
}
# Apart, since samples carry the unit and SDoFRenderer has no such parameter.
UNIT_CONSTRAINTS: dict[str, list[Any]] = {
    "unit": [StrOptions({"px", "depth", "disparity"})]
}
# Sigma of the strongest blur by default, as a share of the diagonal.
_SHARE_OF_DIAGONAL = 0.01
# However narrow the photograph is.
_LEAST_SIGMA = 0.25


class Scene(NamedTuple):
    """A photograph and how far out of focus each of its pixels is.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    defocus : ndarray of shape (H, W)
        Sigma in pixels. A blur map has no sign; from depth or disparity, it is above 0
        behind the plane of focus and below 0 before it.
    largest_sigma : float
        Sigma, in pixels, of the strongest blur.
    """

    image: np.ndarray
    defocus: np.ndarray
    largest_sigma: float


def read_scene(
    image: np.ndarray,
    blur_map: np.ndarray,
    largest_sigma: float | None,
    *,
    unit: str,
    focus: float | str,
    subject_mask: np.ndarray | None,
    confidence: np.ndarray | None = None,
    unknown_below: float = UNKNOWN,
) -> Scene:
    """Check a photograph and its map; fill unknown sigma, turn depth into sigma.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma, depth or disparity, as ``unit`` says.
    largest_sigma : float or None
        Sigma, in pixels, of the strongest blur; None is 1 % of the diagonal, but no
        disc that is wider than the shorter side.
    unit : {"px", "depth", "disparity"}
        What the map holds.
    focus : float or "auto"
        Depth or disparity in focus. Not used with sigma.
    subject_mask : array-like of shape (H, W) or None
        Where the photograph is in focus. With sigma it only bounds what is filled: see
        `weigh_subject`.
    confidence : array-like of shape (H, W), optional
        Of sigma, in [0, 1]; None is 1 everywhere. Not used with depth or disparity.
    unknown_below : float, default=0.25
        Pixels of less confidence are filled from others (`fill_unknown`).

    Returns
    -------
    Scene
        The photograph as float32, and its defocus in pixels.

    Raises
    ------
    ValueError
        For an image that is not one, or a map or mask that does not fit it.
    """
    image = to_float_image(image)
    blur_map = check_map(blur_map, image.shape, "blur_map")
    if largest_sigma is None:
        # A disc is four sigmas wide.
        largest_sigma = min(
            _SHARE_OF_DIAGONAL * float(np.hypot(*blur_map.shape)),
            max(min(blur_map.shape) / 4, _LEAST_SIGMA),
        )
    if unit == "px":
        if confidence is not None:
            blur_map = unchecked(fill_unknown)(
                blur_map, confidence, subject_mask, unknown_below=unknown_below
            )
        return Scene(image, blur_map, largest_sigma)
    defocus = defocus_from_depth(
        blur_map, largest_sigma, unit=unit, focus=focus, subject_mask=subject_mask
    )
    return Scene(image, defocus, largest_sigma)


def mix_sharp_and_smooth(
    image: np.ndarray, smooth: np.ndarray, weight: np.ndarray, subject_gain: float
) -> np.ndarray:
    """Mix a sharpened and a smoothed copy of a photograph by a weight (eq. 12).

    Parameters
    ----------
    image, smooth : ndarray of shape (H, W) or (H, W, 3), float32
        The photograph and its smoothed copy, in [0, 1].
    weight : ndarray of shape (H, W), float32
        Weight of the sharpened copy, in [0, 1].
    subject_gain : float
        Gain of the unsharp mask.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].
    """
    sharp = unchecked(unsharp_mask)(image, subject_gain)
    share = weight if image.ndim == 2 else weight[..., np.newaxis]
    mixed: np.ndarray = np.clip(share * sharp + (1 - share) * smooth, 0, 1)
    return mixed

"""DefocusSample: one image and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn, Self

import numpy as np

from ._shared.parameters import UNIT_INTERVAL, checked
from ._shared.validation import INTEGER_RANGE, check_map

__all__ = ["UNKNOWN", "DefocusSample", "unknown_pixels"]

# Confidence of a map in px is the probability that its sigma is right within 25 % or
# 0.25 px, whichever is more. A pixel of less confidence than this is unknown: what the
# map holds there is a guess (docs/decisions/unknown.rst).
UNKNOWN = 0.25

_UNITS = ("px", "relative", "depth", "disparity")
# Units that each need accepts.
_ACCEPTED = {
    "map": _UNITS,
    "blur": ("px", "relative"),
    "px": ("px",),
    "distance": ("px", "depth", "disparity"),
}
_CONFIDENCE_KINDS = ("probability", "weight")


def _refuse_unit(name: str, unit: str) -> NoReturn:
    if unit == "relative":
        raise ValueError(
            f"{name} has a blur map of unit 'relative', but pixels of sigma are "
            f"needed: CalibratedMapper(mapper).fit(images, blur_maps) turns such a "
            f"score into sigma."
        )
    raise ValueError(
        f"{name} has a map of unit {unit!r}, which says how far things are and not how "
        f"blurred; only refiners and SDoFRenderer take it."
    )


@dataclass(frozen=True, eq=False)
class DefocusSample:
    """One image and what is known of its defocus; travels between pipeline steps.

    Samples are immutable, their arrays cannot be written to, and they are compared by
    identity.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : ndarray of shape (H, W), optional
        Blur of every pixel, at least 0; larger is more blurred. For a renderer it may
        be how far each pixel is instead (``unit``).
    confidence : ndarray of shape (H, W), optional
        How far the map can be trusted, in [0, 1]; near 0 where nothing can be seen.
        None means 1 everywhere.
    unit : {"px", "relative", "depth", "disparity"}, default="px"
        "px": the map is the standard deviation of a Gaussian in pixels of this image.
        "relative": the map is a score in [0, 1] without a unit. "depth" and
        "disparity": the map holds distances from the camera, above 0, or inverse
        distances, on any scale, for refiners and `SDoFRenderer`.
    motion : ndarray of shape (H, W), optional
        Probability that a pixel is blurred by motion and not by defocus, in [0, 1], as
        `skdefocus.MotionDetector` finds it.
    name : str, optional
        What the photograph is called, such as the name of its file, by which
        `PrecomputedMapper` finds its map. Steps pass it on.
    confidence_kind : {"probability", "weight"}, default="probability"
        What ``confidence`` is. "probability": that sigma is right within 25 % or
        0.25 px, as mappers with a network of ours and `GlobalRefiner` say. "weight":
        how much texture there is to measure, as the compared methods say; such a pixel
        is never called unknown.

    Raises
    ------
    ValueError
        If the image has another shape or dtype, a map does not fit it or holds values
        out of range, or the unit or the kind of confidence is not one of those.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> sample = DefocusSample(np.zeros((4, 6)), blur_map=np.full((4, 6), 2.0))
    >>> sample.unit, sample.confidence is None
    ('px', True)
    """

    image: np.ndarray
    blur_map: np.ndarray | None = None
    confidence: np.ndarray | None = None
    unit: str = "px"
    motion: np.ndarray | None = None
    name: str | None = None
    confidence_kind: str = "probability"

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            raise ValueError(
                f"unit must be 'px', 'relative', 'depth' or 'disparity'; got "
                f"{self.unit!r}."
            )
        if self.confidence_kind not in _CONFIDENCE_KINDS:
            raise ValueError(
                f"confidence_kind must be 'probability' or 'weight'; got "
                f"{self.confidence_kind!r}."
            )
        if self.name is not None and not isinstance(self.name, str):
            raise ValueError(f"name must be a string or None; got {self.name!r}.")
        image = np.asarray(self.image)
        # Of the other byte order, as files hold them.
        image = image.astype(image.dtype.newbyteorder("="), copy=False)
        if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
            raise ValueError(
                f"image must have shape (H, W) or (H, W, 3); got shape {image.shape}."
            )
        if 0 in image.shape:
            raise ValueError(f"image must not be empty; got shape {image.shape}.")
        if image.dtype.kind != "f" and image.dtype not in INTEGER_RANGE:
            raise ValueError(
                f"image must be uint8, uint16, or float in [0, 1]; got dtype "
                f"{image.dtype}."
            )
        self._keep("image", image)
        upper = 1.0 if self.unit == "relative" else None
        if self.blur_map is not None:
            checked = check_map(self.blur_map, image.shape, "blur_map", upper=upper)
            self._keep("blur_map", checked)
        for name in ("confidence", "motion"):
            values = getattr(self, name)
            if values is not None:
                checked = check_map(values, image.shape, name, upper=1.0)
                self._keep(name, checked)

    def _keep(self, name: str, array: np.ndarray) -> None:
        """Keep an array so that nobody writes to it by way of the sample."""
        if array.flags.writeable:
            array = array.view()
            array.flags.writeable = False
        object.__setattr__(self, name, array)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                self._keep(name, value)
            else:
                object.__setattr__(self, name, value)

    @property
    def probability(self) -> np.ndarray | None:
        """The confidence, if it is the probability that a sigma is right; else None."""
        is_one = self.unit == "px" and self.confidence_kind == "probability"
        return self.confidence if is_one else None

    def require_map(self, name: str = "the sample", needs: str = "map") -> np.ndarray:
        """Give the map, which must be there.

        Parameters
        ----------
        name : str, default="the sample"
            How the message calls the sample, for example "X[3]".
        needs : {"map", "blur", "px", "distance"}, default="map"
            A map of any unit, a blur map of either unit, a blur map in pixels, or one
            in pixels, depth or disparity.

        Returns
        -------
        ndarray of shape (H, W)
            The map, in the unit of the sample.

        Raises
        ------
        ValueError
            If the sample has no map, or one of another unit.

        Examples
        --------
        >>> import numpy as np
        >>> from skdefocus import DefocusSample
        >>> sample = DefocusSample(np.zeros((4, 6)), blur_map=np.full((4, 6), 2.0))
        >>> sample.require_map().shape
        (4, 6)
        >>> DefocusSample(np.zeros((4, 6))).require_map()
        Traceback (most recent call last):
        ValueError: the sample has no blur map; pass it through a mapper first.
        """
        if self.blur_map is None:
            raise ValueError(f"{name} has no blur map; pass it through a mapper first.")
        if self.unit not in _ACCEPTED[needs]:
            _refuse_unit(name, self.unit)
        return self.blur_map

    def replace(self, **changes: Any) -> Self:
        """Copy with some fields changed.

        Parameters
        ----------
        **changes
            New values of fields.

        Returns
        -------
        DefocusSample
            The copy.
        """
        return replace(self, **changes)


@checked(below=[UNIT_INTERVAL])
def unknown_pixels(sample: DefocusSample, below: float = UNKNOWN) -> np.ndarray:
    """Tell where a sample's map is a guess.

    Parameters
    ----------
    sample : DefocusSample
        The sample.
    below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where unknown. Nothing is unknown without a confidence, where it is a
        weight, or of a map that is not in px.

    Raises
    ------
    ValueError
        If ``below`` is not in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.sample import unknown_pixels
    >>> fields = {"blur_map": [[2.0, 3.0]], "confidence": [[0.9, 0.1]]}
    >>> unknown_pixels(DefocusSample(np.zeros((1, 2)), **fields))
    array([[False,  True]])
    """
    probability = sample.probability
    if probability is None:
        return np.zeros(sample.image.shape[:2], bool)
    unknown: np.ndarray = probability < below
    return unknown

"""The thin lens: distance, circle of confusion and sigma (eqs. 1 to 3).

Lengths are in one unit of the caller's choice, meters say, for all arguments alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._shared.parameters import POSITIVE_REAL, checked, unchecked

__all__ = [
    "circle_of_confusion",
    "distances_from_sigma",
    "image_distance",
    "sigma_from_distance",
]

# A disc of diameter d has the second moments of a Gaussian of sigma d / 4.
_DIAMETERS_PER_SIGMA = 4.0
_FOCUS = {"focus_distance": [POSITIVE_REAL], "focal_length": [POSITIVE_REAL]}
_LENS = {**_FOCUS, "aperture_diameter": [POSITIVE_REAL]}
_CAMERA = {**_LENS, "pixel_pitch": [POSITIVE_REAL]}


def _check_focus(caller: str, parameters: Mapping[str, Any]) -> None:
    focal_length = parameters["focal_length"]
    if parameters["focus_distance"] <= focal_length:
        raise ValueError(
            f"The 'focus_distance' parameter of {caller} must be above 'focal_length' "
            f"({focal_length:g}): a lens forms no image of what is nearer. "
            f"Got {parameters['focus_distance']!r} instead."
        )


def _check_array(caller: str, name: str, values: ArrayLike, least: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    too_small = array <= 0 if least == "positive" else array < 0
    if np.isnan(array).any() or too_small.any():
        raise ValueError(
            f"The {name!r} parameter of {caller} must be {least}. Got {values!r} "
            f"instead."
        )
    return array


@checked(_FOCUS, _check_focus)
def image_distance(focus_distance: float, *, focal_length: float) -> float:
    """Distance behind the lens at which a point is in focus (eq. 1).

    Parameters
    ----------
    focus_distance : float
        Distance S1 from the lens to the point, above the focal length.
    focal_length : float
        Focal length f, above 0.

    Returns
    -------
    float
        Distance f1 from lens to sensor, with ``1 / S1 + 1 / f1 = 1 / f``.

    Raises
    ------
    ValueError
        For lengths outside these ranges.

    References
    ----------
    Galetto and Deng (2022), eq. 1.

    Examples
    --------
    >>> from skdefocus.optics import image_distance
    >>> round(image_distance(2.0, focal_length=0.05), 5)
    0.05128
    """
    return 1 / (1 / focal_length - 1 / focus_distance)


@checked(_LENS, _check_focus)
def circle_of_confusion(
    distance: ArrayLike,
    *,
    focus_distance: float,
    focal_length: float,
    aperture_diameter: float,
) -> np.ndarray:
    """Diameter of the spot that an out-of-focus point becomes (eq. 2).

    Parameters
    ----------
    distance : array-like
        Distance S2 from the lens to the point, above 0; infinity is the horizon.
    focus_distance : float
        Distance S1 in focus, above the focal length.
    focal_length : float
        Focal length f, above 0.
    aperture_diameter : float
        Diameter A of the aperture, above 0: focal length over f-number.

    Returns
    -------
    ndarray of the distance's shape, float64
        Diameter on the sensor, in the unit of the other lengths.

    Raises
    ------
    ValueError
        For lengths outside these ranges.

    References
    ----------
    Galetto and Deng (2022), eq. 2.

    Examples
    --------
    >>> from skdefocus.optics import circle_of_confusion
    >>> lens = {"focal_length": 0.05, "aperture_diameter": 0.025}
    >>> float(circle_of_confusion(4.0, focus_distance=2.0, **lens).round(6))
    0.000321
    """
    distance = _check_array("circle_of_confusion", "distance", distance, "positive")
    # |S2 - S1| / S2, written so that infinity gives 1.
    relative = np.abs(1 - focus_distance / distance)
    return aperture_diameter * focal_length * relative / (focus_distance - focal_length)


@checked(_CAMERA, _check_focus)
def sigma_from_distance(
    distance: ArrayLike,
    *,
    focus_distance: float,
    focal_length: float,
    aperture_diameter: float,
    pixel_pitch: float,
) -> np.ndarray:
    """Sigma, in pixels, of the blur of a point at a distance (eqs. 2 and 3).

    Parameters
    ----------
    distance : array-like
        Distance from the lens to the point, above 0.
    focus_distance : float
        Distance in focus, above the focal length.
    focal_length : float
        Focal length, above 0.
    aperture_diameter : float
        Diameter of the aperture, above 0.
    pixel_pitch : float
        Distance between pixels of the sensor, above 0.

    Returns
    -------
    ndarray of the distance's shape, float64
        A quarter of the circle of confusion's diameter, in pixels.

    Raises
    ------
    ValueError
        For lengths outside these ranges.

    Examples
    --------
    >>> from skdefocus.optics import sigma_from_distance
    >>> lens = {"focal_length": 0.05, "aperture_diameter": 0.025, "pixel_pitch": 6e-6}
    >>> float(sigma_from_distance(4.0, focus_distance=2.0, **lens).round(2))
    13.35
    """
    diameter = unchecked(circle_of_confusion)(
        distance,
        focus_distance=focus_distance,
        focal_length=focal_length,
        aperture_diameter=aperture_diameter,
    )
    return diameter / (_DIAMETERS_PER_SIGMA * pixel_pitch)


@checked(_CAMERA, _check_focus)
def distances_from_sigma(
    sigma: ArrayLike,
    *,
    focus_distance: float,
    focal_length: float,
    aperture_diameter: float,
    pixel_pitch: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the two distances at which a point is blurred by sigma (eq. 2 inverted).

    Parameters
    ----------
    sigma : array-like
        Sigma in pixels, at least 0.
    focus_distance : float
        Distance in focus, above the focal length.
    focal_length : float
        Focal length, above 0.
    aperture_diameter : float
        Diameter of the aperture, above 0.
    pixel_pitch : float
        Distance between pixels of the sensor, above 0.

    Returns
    -------
    near, far : ndarray of sigma's shape, float64
        The distance before the plane of focus, and the one behind it: infinite at the
        blur of the horizon, NaN beyond it, since nothing behind is blurred more.

    Raises
    ------
    ValueError
        For lengths outside these ranges.

    Examples
    --------
    >>> from skdefocus.optics import distances_from_sigma
    >>> lens = {"focal_length": 0.05, "aperture_diameter": 0.025, "pixel_pitch": 6e-6}
    >>> near, far = distances_from_sigma(13.3547, focus_distance=2.0, **lens)
    >>> round(float(near), 3), round(float(far), 3)
    (1.333, 4.0)
    """
    sigma = _check_array("distances_from_sigma", "sigma", sigma, "non-negative")
    diameter = sigma * _DIAMETERS_PER_SIGMA * pixel_pitch
    relative = (
        diameter * (focus_distance - focal_length) / (aperture_diameter * focal_length)
    )
    near = focus_distance / (1 + relative)
    with np.errstate(divide="ignore"):
        far = np.where(relative <= 1, focus_distance / (1 - relative), np.nan)
    return near, far

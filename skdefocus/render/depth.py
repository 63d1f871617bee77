"""Defocus from how far things are: depth or disparity instead of a blur map (eq. 2)."""

from __future__ import annotations

import warnings

import numpy as np

from .._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_REAL, StrOptions, checked
from .._shared.validation import check_plane, check_subject_mask
from ..filters import otsu_threshold

__all__ = ["FOCUS_CONSTRAINTS", "defocus_from_depth"]

FOCUS_CONSTRAINTS = {"focus": [NON_NEGATIVE_REAL, StrOptions({"auto"})]}


@checked(
    FOCUS_CONSTRAINTS,
    largest_sigma=[POSITIVE_REAL],
    unit=[StrOptions({"depth", "disparity"})],
)
def defocus_from_depth(
    distance_map: np.ndarray,
    largest_sigma: float,
    *,
    unit: str = "depth",
    focus: float | str = "auto",
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Defocus of every pixel for a lens that is focused at some distance (eq. 2).

    Parameters
    ----------
    distance_map : array-like of shape (H, W)
        Depth, above 0, or disparity, at least 0.
    largest_sigma : float
        Sigma, in pixels, of what is most out of focus outside the subject, be it a
        single pixel; it stands for the aperture.
    unit : {"depth", "disparity"}, default="depth"
        "depth": distances from the camera, larger is farther. "disparity": inverse
        distances, larger is nearer, 0 at infinity. Both on any scale.
    focus : float or "auto", default="auto"
        Depth or disparity, on the map's scale, that is in focus. "auto" is the median
        of the subject or, without a mask, of the nearer of the map's two groups
        (Otsu's threshold on disparity).
    subject_mask : array-like of shape (H, W), optional
        True, 1.0, or 255 as uint8, where the photograph is in focus whatever the map
        says.

    Returns
    -------
    ndarray of shape (H, W), float32
        Sigma in pixels: 0 in focus, above 0 behind the plane of focus, and below 0
        before it.

    Raises
    ------
    ValueError
        For parameters outside their range, or maps that are not accepted.

    See Also
    --------
    skdefocus.optics.sigma_from_distance : Its largest value, for a lens and a sensor
        that are known, is the ``largest_sigma`` of that camera.

    Notes
    -----
    With depth S in focus at S1, eq. 2 is proportional to ``|1 / S1 - 1 / S|``, a
    difference of disparities.

    References
    ----------
    Galetto and Deng (2022), eq. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import defocus_from_depth
    >>> depth = np.array([[1.0, 2.0, 4.0]])
    >>> defocus_from_depth(depth, 6.0, focus=2.0)
    array([[-6.,  0.,  3.]], dtype=float32)
    """
    disparity = check_plane(distance_map, f"the {unit} map").astype(np.float64)
    if unit == "depth":
        if disparity.min() <= 0:
            raise ValueError(
                "the depth map must be above 0 everywhere; it contains 0: give "
                "disparity, which is 0 at infinity, or fill in what is not measured."
            )
        disparity = 1 / disparity
    subject = None
    if subject_mask is not None:
        subject = check_subject_mask(subject_mask, disparity.shape)
    defocus = _focus_disparity(disparity, unit, focus, subject) - disparity
    if not defocus.any():
        warnings.warn(
            f"the {unit} map is the same everywhere, so nothing is blurred.",
            UserWarning,
            stacklevel=3,
        )
        return np.zeros(disparity.shape, dtype=np.float32)
    if subject is not None:
        defocus *= 1 - subject
    largest = float(np.abs(defocus).max())
    # With a subject that is all of the photograph nothing is left to blur.
    return (defocus * (largest_sigma / largest if largest else 1)).astype(np.float32)


def _focus_disparity(
    disparity: np.ndarray, unit: str, focus: float | str, subject: np.ndarray | None
) -> float:
    if focus == "auto":
        chosen = disparity >= otsu_threshold(disparity)
        if subject is not None and (subject >= 0.5).any():
            chosen = subject >= 0.5
        return float(np.median(disparity[chosen]))
    if unit == "depth" and focus == 0:
        raise ValueError(
            "The 'focus' parameter must be above 0 where maps are depth. Got 0 instead."
        )
    return float(focus) if unit == "disparity" else 1 / float(focus)

"""UnsharpMask: the classical unsharp mask (eq. 8), with one gain everywhere."""

from __future__ import annotations

from .._shared.parameters import N_JOBS, NON_NEGATIVE_REAL
from ..filters.unsharp import UNSHARP_CONSTRAINTS, unsharp_mask
from ._sharpener import Sharpener

__all__ = ["UnsharpMask"]


class UnsharpMask(Sharpener):
    """Sharpen photographs by the unsharp mask with one gain (eq. 8).

    What is in focus, out of focus, or noise is sharpened alike.

    Parameters
    ----------
    gain : float, default=2.0
        How much of the mask is added (lambda), at least 0.
    radius : float, default=1.5
        Sigma of the unsharp mask's Gaussian, in pixels, above 0.
    threshold : float, default=0.0
        Subtracted from the mask's magnitude, on the scale of [0, 1], at least 0: noise
        and JPEG blocks below it are not sharpened.
    overshoot : float, optional
        How far the luminance may leave the range that it has within two radii, as a
        share of that range, at least 0. It keeps dark and bright rims (halos) from
        growing along strong edges. None sets no limit, as in the equation.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    AdaptiveUnsharpMask : A gain for every pixel, from the blur map.
    skdefocus.filters.unsharp_mask : The function behind it.

    References
    ----------
    Galetto and Deng (2022), eq. 8; the gain is that of Fig. 13.

    Examples
    --------
    >>> from skdefocus import UnsharpMask
    >>> from skdefocus.datasets import load_sample_photograph
    >>> UnsharpMask(gain=1.0).transform([load_sample_photograph()])[0].shape
    (427, 640, 3)
    """

    _constraints = {  # noqa: RUF012
        "gain": [NON_NEGATIVE_REAL],
        **UNSHARP_CONSTRAINTS,
        "n_jobs": N_JOBS,
    }
    _function = staticmethod(unsharp_mask)

    def __init__(
        self,
        gain: float = 2.0,
        *,
        radius: float = 1.5,
        threshold: float = 0.0,
        overshoot: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.gain = gain
        self.radius = radius
        self.threshold = threshold
        self.overshoot = overshoot
        self.n_jobs = n_jobs

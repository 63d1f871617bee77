"""SDoFRenderer: shallow depth of field for batches (sec. 5.2)."""

from __future__ import annotations

from .._base import SubjectTransformer
from .._validation import N_JOBS
from .shallow import RENDERING_CONSTRAINTS, shallow_depth_of_field
from .weight import WEIGHT_CONSTRAINTS, sdof_parameters

__all__ = ["SDoFRenderer"]


class SDoFRenderer(SubjectTransformer):
    """Render photographs with less depth of field (sec. 5.2).

    Parameters
    ----------
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from each map. The paper's example is 1 and 7.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it.
    smoothing : {"guided", "disc"}, default="guided"
        How the background is smoothed: by the guided filter, again and again (the
        paper), or by a disc, as a lens draws it.
    radius : int, default=33
        Of the guided filter, in pixels.
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1].
    n_iter : int, default=5
        Passes of the guided filter.
    disc_sigma : float, optional
        Sigma of the disc, in pixels; by default 1 % of the diagonal.
    gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    References
    ----------
    Galetto and Deng (2022), sec. 5.2, eqs. 12 and 13.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdefocus import SDoFRenderer, SlidingWindowMapper, WGIFRefiner
    >>> from skdefocus.datasets import load_sample_photograph
    >>> steps = make_pipeline(SlidingWindowMapper(), WGIFRefiner(), SDoFRenderer())
    >>> steps.fit_transform([load_sample_photograph()])[0].dtype
    dtype('float32')
    """

    _constraints = {  # noqa: RUF012
        **WEIGHT_CONSTRAINTS,
        **RENDERING_CONSTRAINTS,
        "n_jobs": N_JOBS,
    }
    _function = staticmethod(shallow_depth_of_field)

    def __init__(
        self,
        c0: float | str = "auto",
        c1: float | str = "auto",
        *,
        w0: float = 0.999,
        w1: float = 0.001,
        pivot: float = 10.0,
        smoothing: str = "guided",
        radius: int = 33,
        eps: float = 128 / 255**2,
        n_iter: int = 5,
        disc_sigma: float | None = None,
        gain: float = 0.25,
        literal: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.c0 = c0
        self.c1 = c1
        self.w0 = w0
        self.w1 = w1
        self.pivot = pivot
        self.smoothing = smoothing
        self.radius = radius
        self.eps = eps
        self.n_iter = n_iter
        self.disc_sigma = disc_sigma
        self.gain = gain
        self.literal = literal
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        # What is automatic will fit; what is given must fit already.
        c1 = 0.7 * self.pivot if self.c1 == "auto" else self.c1
        c0 = 0.0 if "auto" in (self.c0, self.c1) else self.c0
        sdof_parameters(c0, c1, w0=self.w0, w1=self.w1, pivot=self.pivot)

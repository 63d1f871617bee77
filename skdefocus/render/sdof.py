"""SDoFRenderer: shallow depth of field for batches (sec. 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

import numpy as np

from .._base import SubjectTransformer
from .._shared.parameters import N_JOBS, StrOptions, unchecked
from ..sample import UNKNOWN, DefocusSample
from ._scene import SCENE_CONSTRAINTS
from .disc import DISC_CONSTRAINTS, render_disc
from .guided import GUIDED_CONSTRAINTS, render_guided
from .lens import LENS_CONSTRAINTS, render_lens
from .weight import LARGEST_SHARE, sdof_parameters

__all__ = ["RENDERERS", "SDoFRenderer"]

# The function behind each kind of smoothing.
RENDERERS: dict[str, Callable[..., np.ndarray]] = {
    "guided": render_guided,
    "disc": render_disc,
    "lens": render_lens,
}


class SDoFRenderer(SubjectTransformer):
    """Render photographs with less depth of field (sec. 5.2).

    It takes samples with a blur map in pixels, or with a map of depth or disparity in
    its place (``unit="depth"`` or ``"disparity"``), which is turned into the sigma, up
    to ``disc_sigma``, that a lens would give it.

    Parameters
    ----------
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from the map (`automatic_focus_range`). The
        paper's example is 1 and 7.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph at c0 and at c1.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it.
    smoothing : {"guided", "disc", "lens"}, default="guided"
        How the background is smoothed: by several passes of the guided filter, as in
        the paper (`render_guided`); by one disc (`render_disc`); or as a lens draws it,
        by discs whose radius follows the map, with occlusion (`render_lens`).
    radius : int, default=33
        Radius of the guided filter, in pixels. Used by "guided".
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1]. Used by
        "guided".
    n_iter : int, default=5
        Passes of the guided filter. Used by "guided".
    disc_sigma : float, optional
        Sigma of the disc, in pixels, half its radius; of the largest disc where they
        vary; by default 1 % of the diagonal, at most a quarter of the shorter side.
        Used by "disc" and "lens", and by "guided" with depth or disparity.
    subject_gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    focus : float or "auto", default="auto"
        Depth or disparity in focus, on the map's scale; "auto" is the subject's or,
        without a mask, that of the nearer part of the photograph. Not used with sigma.
    n_layers : int, default=32
        Most sigmas that the lens draws, at least 3: in focus, before it and behind it.
        Used by "lens".
    edge_radius : int, default=2
        How far, in pixels, an edge of the map may be soft or beside the photograph's,
        at least 0. Used by "lens".
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown: the map is filled there
        from known pixels (`fill_unknown`). Not used with depth or disparity.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.render.render_guided : The function of ``smoothing="guided"``.
    skdefocus.render.render_disc : The function of ``smoothing="disc"``.
    skdefocus.render.render_lens : The function of ``smoothing="lens"``.

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

    Disparity from elsewhere, rendered as a lens would:

    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> photo = load_sample_photograph()
    >>> disparity = np.linspace(0, 1, 427)[:, np.newaxis] * np.ones(640)
    >>> sample = DefocusSample(photo, disparity, unit="disparity")
    >>> SDoFRenderer(smoothing="lens", focus=0.8).transform([sample])[0].shape
    (427, 640, 3)
    """

    _constraints = {  # noqa: RUF012
        **SCENE_CONSTRAINTS,
        "smoothing": [StrOptions(set(RENDERERS))],
        **GUIDED_CONSTRAINTS,
        **DISC_CONSTRAINTS,
        **LENS_CONSTRAINTS,
        "n_jobs": N_JOBS,
    }
    _needs = "distance"

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
        subject_gain: float = 0.25,
        literal: bool = False,
        focus: float | str = "auto",
        n_layers: int = 32,
        edge_radius: int = 2,
        unknown_below: float = UNKNOWN,
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
        self.subject_gain = subject_gain
        self.literal = literal
        self.focus = focus
        self.n_layers = n_layers
        self.edge_radius = edge_radius
        self.unknown_below = unknown_below
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        # What is automatic will fit; what is given must fit already.
        c1 = LARGEST_SHARE * self.pivot if isinstance(self.c1, str) else self.c1
        c0 = self.c0
        if isinstance(c0, str) or isinstance(self.c1, str):
            c0 = 0.0
        sdof_parameters(c0, c1, w0=self.w0, w1=self.w1, pivot=self.pivot)

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        subject_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        renderer = RENDERERS[self.smoothing]
        # A guided filter draws no disc, but its depth has a largest sigma as well.
        settings = {**self._settings(), "largest_sigma": self.disc_sigma}
        taken = {
            name: settings[name]
            for name in signature(renderer).parameters
            if name in settings
        }
        return unchecked(renderer)(
            sample.image,
            sample.require_map(),
            unit=sample.unit,
            confidence=sample.probability,
            subject_mask=subject_mask,
            **taken,
        )

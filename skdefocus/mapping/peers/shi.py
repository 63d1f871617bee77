"""JustNoticeableMapper: how many atoms of blur a patch is made of (Shi et al. 2015)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    checked,
    unchecked,
)
from ..._shared.threads import run_in_parts
from ..._shared.validation import to_colors, to_float_image, to_gray
from ...filters import global_smoother, resize
from ...filters._compiled import compiled, for_reading
from ...sample import DefocusSample
from .blur_dictionary import PATCH_SIZE, centered
from .texture import local_texture_confidence

__all__ = ["JustNoticeableMapper", "just_noticeable_map"]

_DICTIONARY = "shi.npy"
_CONSTRAINTS = {
    "dictionary": [np.ndarray, None],
    "tolerance": [POSITIVE_REAL],
    "step": [POSITIVE_INTEGER],
    "spatial_sigma": [POSITIVE_REAL],
    "color_sigma": [POSITIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
}


def _check_dictionary(caller: str, parameters: Mapping[str, Any]) -> None:
    atoms = parameters["dictionary"]
    if atoms is not None and (
        atoms.ndim != 2
        or atoms.shape[1] != PATCH_SIZE**2
        or len(atoms) == 0
        or not np.isfinite(atoms).all()
        or not np.allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-3)
    ):
        raise ValueError(
            f"The 'dictionary' parameter of {caller} must hold atoms of 64 finite "
            f"values and norm 1, as learn_blur_dictionary gives them. Got an array of "
            f"shape {atoms.shape}."
        )


@checked(_CONSTRAINTS, _check_dictionary)
def just_noticeable_map(
    image: np.ndarray,
    *,
    dictionary: np.ndarray | None = None,
    tolerance: float = 0.01,
    step: int = 8,
    spatial_sigma: float = 10.0,
    color_sigma: float = 0.2,
    n_iter: int = 3,
) -> np.ndarray:
    """Blur score of every pixel: how few atoms of blurred patches make up its patch.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    dictionary : ndarray of shape (n_atoms, 64), optional
        Atoms of 8 x 8 pixels, of mean 0 and norm 1, from `learn_blur_dictionary`. By
        default those that ship with the package, learned at sigma = 2.
    tolerance : float, default=0.01
        Deviation, with gray in [0, 1], to which atoms must make up a patch, above 0.
    step : int, default=8
        Distance between patches, in pixels; scores in between are interpolated.
    spatial_sigma : float, default=10.0
        How far scores are smoothed along edges, in pixels, above 0.
    color_sigma : float, default=0.2
        Difference of color between neighbors that counts as an edge, above 0, with the
        photograph in [0, 1].
    n_iter : int, default=3
        Passes of the smoothing.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 less the share of atoms that are needed.

    Raises
    ------
    ValueError
        For parameters outside their range, a dictionary that is not one, or an image
        that is not one.

    Notes
    -----
    A patch with its mean taken off is made up of as few atoms as reach ``tolerance``,
    by orthogonal matching pursuit. Atoms are of patches blurred by 2 px; what is
    blurred as much takes few of them, and what is a little sharper many (sec. 3).
    ``tolerance`` was chosen on ten photographs of CUHK 0201 to 0400; less is a little
    better and takes twice as long. The shipped atoms are of every fourth of
    those that the networks have learned from. Smoothing is by the fast global smoother,
    with ``spatial_sigma`` squared for its strength, in place of the authors' filter of
    the same three parameters.

    References
    ----------
    Shi, Xu and Jia, "Just noticeable defocus blur detection and estimation", CVPR 2015.
    Sigma and the parameters of smoothing are those of Galetto and Deng (2022), Fig. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.mapping.peers import just_noticeable_map
    >>> noise = np.random.default_rng(0).random((48, 48))
    >>> sharp, soft = just_noticeable_map(noise), just_noticeable_map(blur(noise, 3.0))
    >>> bool(sharp.mean() < 0.3 < 0.7 < soft.mean())
    True
    """
    atoms = _shipped_dictionary() if dictionary is None else dictionary
    photograph = to_float_image(image)
    gray = to_gray(photograph)
    share = _n_atoms(gray, step, atoms, tolerance) / min(atoms.shape)
    enlarged = resize(share.astype(np.float32), tuple(n * step for n in share.shape))
    enlarged = enlarged[: gray.shape[0], : gray.shape[1]]
    smooth = unchecked(global_smoother)(
        enlarged,
        to_colors(photograph),
        smoothness=spatial_sigma**2,
        color_sigma=color_sigma,
        n_iter=n_iter,
    )
    score: np.ndarray = np.clip(1 - smooth, 0, 1)
    return score


@lru_cache(maxsize=1)
def _shipped_dictionary() -> np.ndarray:
    with (files(__package__) / _DICTIONARY).open("rb") as file:
        atoms: np.ndarray = np.load(file, allow_pickle=False)
    atoms.setflags(write=False)
    return atoms


def _n_atoms(
    gray: np.ndarray, step: int, atoms: np.ndarray, tolerance: float
) -> np.ndarray:
    """Count the atoms that each patch needs, of those around step / 2, 3 step / 2..."""
    shape = tuple(-(-length // step) for length in gray.shape)
    before = PATCH_SIZE // 2
    padded = np.pad(gray, (before, before + step), mode="symmetric")
    padded = padded[step // 2 :, step // 2 :]
    bound = tolerance**2 * PATCH_SIZE**2
    kernels = compiled()
    if kernels is None:
        view = np.lib.stride_tricks.sliding_window_view(padded, (PATCH_SIZE,) * 2)
        view = view[::step, ::step][: shape[0], : shape[1]]
        return np.array([_row_of_counts(row, atoms, bound) for row in view])
    counts = np.zeros(shape, np.int64)
    padded, double = for_reading(padded), for_reading(atoms.astype(np.float64))

    def count(first: int, last: int) -> None:
        kernels.count_atoms(
            first, last, padded, step, PATCH_SIZE, double, bound, counts
        )

    run_in_parts(count, shape[0], 1)
    return counts


def _row_of_counts(row: np.ndarray, atoms: np.ndarray, bound: float) -> np.ndarray:
    """Count the atoms of a row of patches without kernels, by scikit-learn."""
    from sklearn.linear_model import orthogonal_mp_gram

    patches = row.reshape(-1, PATCH_SIZE**2)
    deviations = centered(patches.astype(np.float64))
    squares = np.square(deviations).sum(axis=1)
    counts = np.zeros(len(deviations), np.int64)
    # The others are made up of none.
    textured = np.flatnonzero(squares > bound)
    if textured.size:
        double = atoms.astype(np.float64)
        with warnings.catch_warnings():
            # Of a patch that is far from any blurred one all atoms may be too few.
            warnings.filterwarnings("ignore", "Orthogonal matching pursuit ended")
            chosen = orthogonal_mp_gram(
                double @ double.T,
                double @ deviations[textured].T,
                tol=bound,
                norms_squared=squares[textured],
            )
        counts[textured] = np.count_nonzero(chosen.reshape(len(atoms), -1), axis=0)
    return counts


class JustNoticeableMapper(ImageTransformer):
    """Score the blur of photographs by how many atoms of blur their patches need.

    Parameters
    ----------
    dictionary : ndarray of shape (n_atoms, 64), optional
        Atoms of 8 x 8 pixels, of mean 0 and norm 1, from `learn_blur_dictionary`. By
        default those that ship with the package, learned at sigma = 2.
    tolerance : float, default=0.01
        Deviation, with gray in [0, 1], to which atoms must make up a patch, above 0.
    step : int, default=8
        Distance between patches, in pixels; scores in between are interpolated.
    spatial_sigma : float, default=10.0
        How far scores are smoothed along edges, in pixels, above 0.
    color_sigma : float, default=0.2
        Difference of color between neighbors that counts as an edge, above 0, with the
        photograph in [0, 1].
    n_iter : int, default=3
        Passes of the smoothing.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Shi, Xu and Jia, "Just noticeable defocus blur detection and estimation", CVPR 2015.
    Sigma and the parameters of smoothing are those of Galetto and Deng (2022), Fig. 9.

    Examples
    --------
    >>> from skdefocus import JustNoticeableMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> mapper = JustNoticeableMapper(step=16)
    >>> (sample,) = mapper.transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        dictionary: np.ndarray | None = None,
        *,
        tolerance: float = 0.01,
        step: int = 8,
        spatial_sigma: float = 10.0,
        color_sigma: float = 0.2,
        n_iter: int = 3,
        n_jobs: int | None = None,
    ) -> None:
        self.dictionary = dictionary
        self.tolerance = tolerance
        self.step = step
        self.spatial_sigma = spatial_sigma
        self.color_sigma = color_sigma
        self.n_iter = n_iter
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        _check_dictionary(type(self).__name__, self._settings())

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(just_noticeable_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="relative",
        )

"""Labeled patches for training: sharp photographs, blurred by known sigmas."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .._shared.parameters import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    Interval,
    StrOptions,
    checked,
)
from .._shared.validation import image_batch
from ..filters._lens_kernel import check_psf
from .ladders import REAL_LADDER, check_ladder
from .patch_files import patch_writer
from .patch_set import PatchSet
from .photographs import patches_by_photograph
from .settings import PatchSettings

__all__ = ["make_blur_patches"]

_CONSTRAINTS = {
    "n_patches": [POSITIVE_INTEGER, None],
    "patch_size": [POSITIVE_INTEGER],
    "blur_domain": [StrOptions({"image", "patch"})],
    "padding": [StrOptions({"reflect", "nearest", "constant"})],
    "psf": [StrOptions({"gaussian", "disc", "mixed", "lens", "motion"}), None],
    "lenses": [list, tuple],
    "light": [StrOptions({"encoded", "linear", "mixed"})],
    "augment": ["boolean", None],
    "min_sharpness": [NON_NEGATIVE_REAL, None],
    "smooth_share": [Interval(Real, 0, 1, closed="both")],
    "dtype": [StrOptions({"uint8", "float32"})],
    "random_state": [NON_NEGATIVE_INTEGER],
}
# What the shipped network was trained on, and what the paper did.
_DEFAULTS = {
    "image": {"psf": "mixed", "augment": True, "min_sharpness": 60.0},
    "patch": {"psf": "gaussian", "augment": False, "min_sharpness": 1000.0},
}
# Shapes and values that patches can be blurred by alone.
_OF_PATCHES = {(psf, "encoded") for psf in ("gaussian", "disc", "mixed")}


@checked(_CONSTRAINTS)
def make_blur_patches(
    images: Iterable[Any],
    ladder: Sequence[float] = REAL_LADDER,
    *,
    n_patches: int | None = 512_000,
    patch_size: int = 32,
    blur_domain: str = "image",
    padding: str = "nearest",
    psf: str | None = None,
    lenses: Sequence[np.ndarray] = (),
    light: str = "encoded",
    augment: bool | None = None,
    min_sharpness: float | None = None,
    smooth_share: float = 0.0,
    dtype: str = "uint8",
    read: Callable[[Any], np.ndarray] | None = None,
    out: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> PatchSet:
    """Make a labeled patch set from sharp photographs (sec. 3.1).

    In the domain "image" regions of each photograph are blurred by every sigma of the
    ladder and patches are cut where the photograph was sharp, so that no patch shows
    the border of a padded kernel. In the domain "patch", the paper's protocol, the
    sharp patches of a grid are cut first and each is blurred alone by every sigma; from
    a sigma of 4 on the kernel is wider than the patch, and what the patch shows depends
    on ``padding`` as no photograph does.

    Only a few photographs are in memory at a time; with ``out`` no more than their
    patches are either.

    Parameters
    ----------
    images : iterable of array-like of shape (H, W) or (H, W, 3)
        Sharp photographs, or whatever ``read`` turns into them. Those below
        ``patch_size`` on a side, or without a sharp patch, contribute none. Pixels
        that come from an iterator wait in a temporary folder when ``n_patches`` is to
        be spread over them, as their number is not known before.
    ladder : sequence of float, default=REAL_LADDER
        Sigma of each level, in pixels, ascending. The paper's is ``PAPER_LADDER``.
    n_patches : int or None, default=512000
        Patches asked for, spread evenly over photographs and levels and rounded up;
        photographs with fewer sharp patches yield fewer. In the domain "patch" they
        are drawn without repetition, each at all levels, and None takes all there are.
    patch_size : int, default=32
        Side of a patch, in pixels.
    blur_domain : {"image", "patch"}, default="image"
        Whether photographs or patches are blurred.
    padding : {"reflect", "nearest", "constant"}, default="nearest"
        What lies around a patch in the domain "patch", named as in
        ``scipy.ndimage``: "reflect" mirrors it, edge pixels included ("symmetric" in
        MATLAB), "nearest" repeats its edge pixels ("replicate", the default of
        MATLAB's ``imgaussfilt``), "constant" is black. Kernels reach to 4 sigma,
        however small the patch.
    psf : {"gaussian", "disc", "mixed", "lens", "motion"}, optional
        Point spread function; "mixed" draws one of the two for each region, or each
        patch and level. "lens", in the domain "image" only, draws Gaussians, discs and
        the apertures of lenses: polygons, cat's eyes, rings, bright and soft rims;
        "motion", there likewise, draws straight and slightly curved paths of any
        direction, as a shaken camera does; sigma is the root of the mean of their
        second moments along both axes. By default "mixed" in the domain "image" and
        "gaussian" in the domain "patch".
    lenses : sequence of array-like of shape (h, w), default=()
        Measured point spread functions, which "lens" draws from as well; they are
        turned and scaled to the sigma of each level.
    light : {"encoded", "linear", "mixed"}, default="encoded"
        What is blurred: values as they are, as in the paper; the light that they stand
        for (sRGB), as lenses do, with lights brighter than white here and there if
        ``augment``; or one or the other. In the domain "patch" only "encoded".
    augment : bool, optional
        Vary scale, tone, noise (0 to 25 gray levels, also smoothed and growing with
        brightness), sharpening and JPEG quality (10 to 98) as photographs do. By
        default True in the domain "image" and False
        in the domain "patch", where level 0 then is the photograph's own patch.
    min_sharpness : float, optional
        Patches are cut where the variance of the Laplacian (eq. 5) of the unblurred
        photograph, in squared gray levels, reaches this. By default 60 in the domain
        "image" and the paper's 1000 in the domain "patch", which judges each patch
        alone as `select_sharp_patches` does.
    smooth_share : float, default=0.0
        Share of the patches that are cut anywhere in a photograph, whatever its
        sharpness there, in [0, 1]; in the domain "image" only. A network that has seen
        such patches knows that it cannot tell the blur of a smooth surface.
    dtype : {"uint8", "float32"}, default="uint8"
        Whether blurred patches are rounded to 8 bits, as photographs are, or kept as
        floats in [0, 1], for which ``augment`` must be False. Rounded, the patches of
        high levels hold a few gray levels only.
    read : callable, optional
        Turns an item of ``images`` into an array, inside the worker.
    out : path-like, optional
        Folder that the set is written to as it is made, whole or not at all, for sets
        larger than memory; `PatchSet.load` opens it again.
    random_state : int, default=0
        Seed. The same seed gives the same patches for every ``n_jobs``.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Returns
    -------
    PatchSet
        Gray patches ``X``, the level ``y`` of each, which is an index into ``ladder``,
        the index of its photograph, ``groups``, the ``ladder`` itself, and the
        ``conditions`` that would be measured on a photograph like that. The arrays
        are memory-mapped if ``out`` is given. It unpacks as ``X, y, groups``.

    Raises
    ------
    ValueError
        For parameters outside their range, or if no photograph holds a sharp patch.

    References
    ----------
    Galetto and Deng (2022), sec. 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import make_blur_patches
    >>> photo = np.random.default_rng(0).random((64, 64))
    >>> patches = make_blur_patches([photo], (0.0, 2.0), n_patches=10)
    >>> patches.X.shape, sorted(set(patches.y.tolist())), patches.ladder
    ((10, 32, 32), [0, 1], (0.0, 2.0))

    The paper's protocol, all sharp patches:

    >>> X, y, groups = make_blur_patches(
    ...     [photo], (0.0, 2.0), blur_domain="patch", n_patches=None
    ... )
    >>> X.shape, y.tolist()
    ((8, 32, 32), [0, 1, 0, 1, 0, 1, 0, 1])
    """
    given = {"psf": psf, "augment": augment, "min_sharpness": min_sharpness}
    ladder = check_ladder(ladder, "make_blur_patches")
    if n_patches is None and blur_domain == "image":
        raise ValueError(
            "n_patches must be a number when blur_domain is 'image', where patches lie "
            "at any pixel; None, for all patches of a grid, needs 'patch'."
        )
    chosen: dict[str, Any] = {
        name: value if given[name] is None else given[name]
        for name, value in _DEFAULTS[blur_domain].items()
    }
    if blur_domain == "patch" and (chosen["psf"], light) not in _OF_PATCHES:
        raise ValueError(
            "blur_domain 'patch' blurs encoded values by 'gaussian', 'disc' or "
            f"'mixed'; got psf {chosen['psf']!r} and light {light!r}."
        )
    if isinstance(images, str | bytes | np.ndarray) or not isinstance(images, Iterable):
        images = image_batch(images, "images")

    settings = PatchSettings(
        ladder,
        patch_size,
        padding,
        n_patches,
        smooth_share=smooth_share,
        dtype=dtype,
        light=light,
        lenses=tuple(check_psf(lens) for lens in lenses),
        **chosen,
    )
    if settings.augment and dtype != "uint8":
        raise ValueError(
            "dtype must be 'uint8' when augment is True, which imitates the files of "
            f"cameras; got {dtype!r}."
        )
    parts = patches_by_photograph(
        images, read, blur_domain, settings, random_state, n_jobs
    )
    if out is None:
        X, y, groups, conditions = map(np.concatenate, zip(*parts, strict=True))
        return PatchSet(X, y, groups, ladder, conditions)
    with patch_writer(out, patch_size, ladder, dtype) as writer:
        for part in parts:
            writer.append(*part)
    return PatchSet.load(out)

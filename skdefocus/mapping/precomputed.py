"""PrecomputedMapper: maps that another program made, in the place of a mapper."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, POSITIVE_REAL, checked, unchecked
from ..io import MAP_ENDINGS, read_map
from ..io.formats import READ_ENDINGS
from ..sample import DefocusSample

__all__ = ["PrecomputedMapper", "precomputed_map"]

_CONSTRAINTS = {
    "sigma_per_unit": [POSITIVE_REAL, None],
    "pattern": [str],
    "variable": [str, None],
}


def _find_map(folder: Path, name: str, pattern: str) -> Path:
    """Find the one map of a photograph."""
    plain = Path(name)
    stem = plain.stem if plain.suffix.lower() in READ_ENDINGS else plain.name
    start = pattern.replace("{stem}", stem)
    if Path(start).suffix.lower() in MAP_ENDINGS:
        candidates = [folder / start]
    else:
        candidates = [folder / f"{start}{ending}" for ending in MAP_ENDINGS]
    found = [path for path in candidates if path.is_file()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found or candidates)
        raise ValueError(
            f"{folder} must hold one map of the photograph {name!r}; "
            + (f"it holds {names}." if found else f"none of {names} is there.")
        )
    return found[0]


def _check_pattern(caller: str, parameters: Mapping[str, Any]) -> None:
    if "{stem}" not in parameters["pattern"]:
        raise ValueError(
            f"The 'pattern' parameter of {caller} must contain '{{stem}}', which "
            f"stands for the photograph's name. Got {parameters['pattern']!r} instead."
        )


@checked(_CONSTRAINTS, _check_pattern)
def precomputed_map(
    folder: str | os.PathLike[str],
    name: str,
    shape: tuple[int, int],
    *,
    sigma_per_unit: float | None = None,
    pattern: str = "{stem}",
    variable: str | None = None,
) -> np.ndarray:
    """Read the map of one photograph from a folder.

    Parameters
    ----------
    folder : path-like
        Where the maps lie: PNG or TIFF of 8 or 16 bit, float TIFF, ``.npy``, or
        ``.mat`` (before version 7.3), each of its photograph's size.
    name : str
        The photograph's name or path; its folder and its ending do not matter.
    shape : (int, int)
        The photograph's height and width in pixels, which its map must have.
    sigma_per_unit : float, optional
        Pixels of sigma for a stored 1, above 0: 1 for float maps of sigma, ``1 / 256``
        for the 16-bit maps of `skdefocus.io.write_map`, ``19 / 255`` for 8-bit maps in
        which white is a sigma of 19. None for scores without a unit, maps of unit
        "relative", which must be larger where there is more blur: integers are divided
        by the largest of their dtype, floats must lie in [0, 1].
    pattern : str, default="{stem}"
        Name of the map's file, with ``{stem}`` for the photograph's name without its
        ending, for example ``"{stem}_defocus.png"``. Without an ending of its own,
        ``.npy``, ``.mat``, ``.tif``, ``.tiff`` and ``.png`` are looked for.
    variable : str, optional
        Name of the variable in ``.mat`` files; by default the only numeric one of the
        photograph's size.

    Returns
    -------
    ndarray of shape (H, W), float32
        Sigma in pixels, at least 0, with a ``sigma_per_unit``; otherwise a score in
        [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, if the folder does not hold exactly one map
        of the photograph, or if that does not fit it, is damaged, or holds values that
        are not accepted.

    See Also
    --------
    skdefocus.io.read_map : Reads one file.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus.io import write_map
    >>> from skdefocus.mapping import precomputed_map
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_map(pathlib.Path(folder) / "bird.png", np.full((4, 6), 1.5))
    ...     sigma = precomputed_map(folder, "bird.jpg", (4, 6), sigma_per_unit=1 / 256)
    >>> float(sigma[0, 0])
    1.5
    """
    path = _find_map(Path(folder), name, pattern)
    values = read_map(path, shape, variable=variable)
    if sigma_per_unit is None and values.dtype.kind in "iu":
        values = values / np.float64(np.iinfo(values.dtype).max)
    elif sigma_per_unit is not None:
        values = values * np.float64(sigma_per_unit)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{path} must be finite; it contains NaN or infinity.")
    if low < 0:
        raise ValueError(f"{path} must not be negative; its least value is {low:.6g}.")
    if sigma_per_unit is None and high > 1:
        raise ValueError(
            f"{path} must lie in [0, 1] without a 'sigma_per_unit'; its values span "
            f"[{low:.6g}, {high:.6g}]."
        )
    return values.astype(np.float32)


class PrecomputedMapper(ImageTransformer):
    """Give photographs the maps that another program made of them.

    So a method that cannot be run here, such as a network whose weights are not free,
    takes part wherever a mapper does.

    Parameters
    ----------
    folder : path-like
        Where the maps lie: PNG or TIFF of 8 or 16 bit, float TIFF, ``.npy``, or
        ``.mat`` (before version 7.3), each of its photograph's size.
    sigma_per_unit : float, optional
        Pixels of sigma for a stored 1, above 0: 1 for float maps of sigma, ``1 / 256``
        for the 16-bit maps of `skdefocus.io.write_map`, ``19 / 255`` for 8-bit maps in
        which white is a sigma of 19. None for scores without a unit, maps of unit
        "relative", which must be larger where there is more blur: integers are divided
        by the largest of their dtype, floats must lie in [0, 1].
    pattern : str, default="{stem}"
        Name of the map's file, with ``{stem}`` for the photograph's name without its
        ending, for example ``"{stem}_defocus.png"``. Without an ending of its own,
        ``.npy``, ``.mat``, ``.tif``, ``.tiff`` and ``.png`` are looked for.
    variable : str, optional
        Name of the variable in ``.mat`` files; by default the only numeric one of the
        photograph's size.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.io.read_map : Reads one file.
    CalibratedMapper : Turns scores into sigma.

    Notes
    -----
    An array does not say which photograph it is. So the items of a batch are paths of
    photographs, which are read, or samples with a name,
    ``DefocusSample(image, name="0001")``. As each item carries its own name, batches
    can be shuffled, split and cross-validated. Maps are matched by name alone, and
    compared with the photograph's size before they are read.

    The maps come without a confidence.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skdefocus import PrecomputedMapper, LaplacianVarianceMapper
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_image, write_map
    >>> photograph = sample_photograph_path()
    >>> samples = LaplacianVarianceMapper().transform([read_image(photograph)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_map(pathlib.Path(folder) / "flower.npy", samples[0].blur_map)
    ...     (sample,) = PrecomputedMapper(folder).transform([photograph])
    >>> sample.unit, sample.name
    ('relative', 'flower.jpg')
    """

    _constraints = {  # noqa: RUF012
        "folder": [str, os.PathLike],
        **_CONSTRAINTS,
        "n_jobs": N_JOBS,
    }

    def __init__(
        self,
        folder: str | os.PathLike[str],
        sigma_per_unit: float | None = None,
        *,
        pattern: str = "{stem}",
        variable: str | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.folder = folder
        self.sigma_per_unit = sigma_per_unit
        self.pattern = pattern
        self.variable = variable
        self.n_jobs = n_jobs

    def transform(self, X: Iterable[Any]) -> list[DefocusSample]:
        """Look up the maps of photographs.

        Parameters
        ----------
        X : list of path-like or DefocusSample
            Paths of photographs, or samples with a ``name``.

        Returns
        -------
        list of DefocusSample
            With ``blur_map`` in pixels of sigma, or of unit "relative" without a
            ``sigma_per_unit``.

        Raises
        ------
        ValueError
            For parameters or items that are not accepted, or maps that are missing or
            do not fit; an item is named by its index.
        FileNotFoundError
            If a photograph is not there.
        """
        self._check()
        if not Path(self.folder).is_dir():
            raise ValueError(
                f"The 'folder' parameter of PrecomputedMapper must be a folder of "
                f"maps. Got {os.fspath(self.folder)!r} instead."
            )
        return self._map(X)

    def _check(self) -> None:
        super()._check()
        _check_pattern(type(self).__name__, self._settings())

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        settings = self._settings()
        if sample.name is None:
            raise ValueError(
                "a photograph needs a name, by which PrecomputedMapper finds its map: "
                "give its path, or DefocusSample(image, name=...)."
            )
        values = unchecked(precomputed_map)(
            settings.pop("folder"), sample.name, sample.image.shape[:2], **settings
        )
        unit = "relative" if self.sigma_per_unit is None else "px"
        return sample.replace(blur_map=values, confidence=None, unit=unit)

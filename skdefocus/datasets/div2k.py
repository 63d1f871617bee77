"""The paper's patch sets from the DIV2K photographs (sec. 3.1)."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._shared.parameters import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    UNIT_INTERVAL,
    StrOptions,
    checked,
    unchecked,
)
from ..io import read_image
from ..patches import PAPER_LADDER, make_blur_patches
from ..patches.ladders import check_ladder

if TYPE_CHECKING:
    from sklearn.utils import Bunch

__all__ = ["load_div2k"]

# As the authors publish them, with the numbers of their photographs.
_FOLDERS = {"DIV2K_train_HR": range(1, 801), "DIV2K_valid_HR": range(801, 901)}
_STEM = re.compile(r"\d{4}")

_DESCR = """\
Patch sets of the DIV2K photographs, after Galetto and Deng (2022), sec. 3.1.

Photographs: {train} for training and {validation} for validation, both from
DIV2K_train_HR, and {test} for testing, from DIV2K_valid_HR. They are gray patches of
32 x 32 pixels on a grid that does not overlap, whose variance of the Laplacian (eq. 5)
reaches {min_sharpness:g}, each blurred alone by a Gaussian of every sigma of the
ladder, with the padding {padding!r}. The paper divides patches into training and
validation; these sets divide photographs, as patches of one photograph are alike.

Agustsson and Timofte, "NTIRE 2017 challenge on single image super-resolution: dataset
and study", CVPR workshops 2017. The photographs are for academic research only.
"""


@checked(
    padding=[StrOptions({"reflect", "nearest", "constant"})],
    min_sharpness=[NON_NEGATIVE_REAL],
    validation_share=[UNIT_INTERVAL],
    n_patches=[POSITIVE_INTEGER, None],
    random_state=[NON_NEGATIVE_INTEGER],
)
def load_div2k(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    ladder: Sequence[float] = PAPER_LADDER,
    padding: str = "nearest",
    min_sharpness: float = 1000.0,
    validation_share: float = 0.2,
    n_patches: int | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Bunch:
    """Make the paper's three patch sets from the DIV2K photographs (sec. 3.1).

    Nothing is downloaded. The sharp patches of each photograph, 32 x 32 pixels, gray,
    on a grid, are blurred by every sigma of the ladder, each alone:
    ``make_blur_patches(..., blur_domain="patch")``.

    The 800 photographs for training are divided into training and validation. The
    paper divides their patches instead, 80 to 20, so that patches of one photograph,
    and one patch at several levels, are on both sides and the validation accuracy is
    too high. The 100 photographs for validation are the test set, as in the paper.

    Parameters
    ----------
    folder : path-like
        It holds ``DIV2K_train_HR`` with ``0001.png`` to ``0800.png`` and
        ``DIV2K_valid_HR`` with ``0801.png`` to ``0900.png``, as the authors publish
        them; or it holds a folder ``DIV2K`` that does. Other files are passed over.
    out : path-like, optional
        Folder for the sets, as ``train``, ``validation`` and ``test``, each written
        while it is made; ``PatchSet.load`` opens them again. By default the sets are
        in memory, about 0.5 GB.
    ladder : sequence of float, default=PAPER_LADDER
        Sigma of each level, in pixels: 0, 1, ..., 19.
    padding : {"reflect", "nearest", "constant"}, default="nearest"
        What lies around a patch, as in `make_blur_patches`. The paper does not tell.
    min_sharpness : float, default=1000.0
        Smallest variance of the Laplacian (eq. 5), in squared gray levels.
    validation_share : float, default=0.2
        Share of the photographs for training that are for validation, from 0 to 1; at
        least one is for validation and one for training.
    n_patches : int, optional
        Patches asked for in all, spread evenly over the photographs of the three sets;
        by default all there are.
    random_state : int, default=0
        Seed of the division, and of the choice of patches.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Returns
    -------
    data : sklearn.utils.Bunch
        ``train``, ``validation``, ``test`` : PatchSet
            Memory-mapped if there is an ``out``.
        ``names`` : dict of str to list of str
            File names of each set's photographs: ``groups`` are indices into them.
        ``DESCR`` : str
            What the sets are and where the photographs come from.

    Raises
    ------
    FileNotFoundError
        If the folder or one of the two in it does not exist.
    ValueError
        If a parameter is out of range, a folder holds no photograph, too few to
        divide, or one that belongs to the other, a photograph cannot be read, or a
        set has no sharp patch.

    Warns
    -----
    UserWarning
        If only a part of the 900 photographs is on disk, as figures are then not
        comparable with those of others.

    References
    ----------
    Galetto and Deng (2022), sec. 3.1; Agustsson and Timofte, CVPR workshops 2017.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile, warnings
    >>> from skdefocus.datasets import load_div2k
    >>> from skdefocus.io import write_photograph
    >>> photo = np.random.default_rng(0).random((32, 64, 3))
    >>> with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # Three photographs of 900 are found.
    ...     for number in (1, 2, 801):
    ...         home = "DIV2K_train_HR" if number < 801 else "DIV2K_valid_HR"
    ...         write_photograph(pathlib.Path(name, home, f"{number:04d}.png"), photo)
    ...     data = load_div2k(name)
    >>> data.train
    PatchSet(n_patches=40, patch_size=32, n_levels=20)
    >>> data.names["test"]
    ['0801.png']
    """
    from sklearn.utils import Bunch

    ladder = check_ladder(ladder, "load_div2k")
    home = _find_home(Path(folder))
    paths, test = (_list_photographs(home / name) for name in _FOLDERS)
    n_found, n_published = len(paths) + len(test), sum(map(len, _FOLDERS.values()))
    if n_found < n_published:
        warnings.warn(
            f"{home} holds {n_found} of the {n_published} photographs of DIV2K: "
            f"figures are not comparable with those of the whole.",
            UserWarning,
            # The frame between is that of `checked`.
            stacklevel=3,
        )
    train, validation = _divide(paths, validation_share, random_state)
    photographs = {"train": train, "validation": validation, "test": test}
    sets = {}
    for name, chosen in photographs.items():
        share = n_patches and -(-n_patches * len(chosen) // n_found)
        try:
            sets[name] = unchecked(make_blur_patches)(
                chosen,
                ladder,
                n_patches=share,
                blur_domain="patch",
                padding=padding,
                min_sharpness=min_sharpness,
                read=read_image,
                out=None if out is None else Path(out, name),
                random_state=random_state,
                n_jobs=n_jobs,
            )
        except ValueError as error:
            raise ValueError(f"the set {name!r} of {home}: {error}") from error
    counts = {name: len(chosen) for name, chosen in photographs.items()}
    return Bunch(
        **sets,
        names={
            name: [path.name for path in chosen] for name, chosen in photographs.items()
        },
        DESCR=_DESCR.format(**counts, min_sharpness=min_sharpness, padding=padding),
    )


def _find_home(folder: Path) -> Path:
    """Find the folder that holds both folders of photographs."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder.")
    homes = (folder, folder / "DIV2K")
    for home in homes:
        if all((home / name).is_dir() for name in _FOLDERS):
            return home
    # The home that comes closest tells best what is missing.
    home = max(homes, key=lambda home: sum((home / n).is_dir() for n in _FOLDERS))
    missing = [name for name in _FOLDERS if not (home / name).is_dir()]
    raise FileNotFoundError(
        f"{folder} must hold the folders {' and '.join(_FOLDERS)}, itself or in a "
        f"folder DIV2K; missing: {', '.join(missing)}."
    )


def _list_photographs(folder: Path) -> list[Path]:
    """Photographs of one of the folders, ascending."""
    numbers = _FOLDERS[folder.name]
    paths = [
        path
        for path in sorted(folder.iterdir())
        if _STEM.fullmatch(path.stem) and path.suffix.lower() == ".png"
    ]
    if not paths:
        raise ValueError(
            f"{folder} holds no photograph of DIV2K, named {numbers[0]:04d}.png to "
            f"{numbers[-1]:04d}.png."
        )
    for path in paths:
        if int(path.stem) not in numbers:
            # It may be in the other folder too, and so on both sides of the test.
            raise ValueError(
                f"{folder} must hold {numbers[0]:04d}.png to {numbers[-1]:04d}.png; it "
                f"holds {path.name}."
            )
    return paths


def _divide(
    paths: list[Path], share: float, random_state: int
) -> tuple[list[Path], list[Path]]:
    """Divide photographs into those for training and those for validation."""
    if len(paths) < 2:
        raise ValueError(
            f"{paths[0].parent} must hold at least two photographs, to divide them "
            f"into training and validation; it holds {paths[0].name} alone."
        )
    n_validation = min(max(1, round(share * len(paths))), len(paths) - 1)
    order = np.random.default_rng(random_state).permutation(len(paths))
    validation = set(order[:n_validation].tolist())
    return (
        [path for index, path in enumerate(paths) if index not in validation],
        [path for index, path in enumerate(paths) if index in validation],
    )

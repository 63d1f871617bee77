"""The defocus half of the CUHK blur detection dataset."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..io.formats import READ_ENDINGS

if TYPE_CHECKING:
    from sklearn.utils import Bunch

__all__ = ["load_cuhk"]

_N_PHOTOGRAPHS = 704
_NUMBERED = {
    "test": range(1, 201),
    "validation": range(201, 401),
    "all": range(1, _N_PHOTOGRAPHS + 1),
}
_SPLITS = (*_NUMBERED, "listed", "unlisted")
# As the authors publish it, and as it is often stored.
_LAYOUTS = (("image", "gt"), ("images", "masks"))
_STEM = re.compile(r"out_of_focus(\d{4})")
_INVERTED = ("out_of_focus0508", "out_of_focus0509")
# Sharpness tells the polarity of all but a few masks, but not of a handful of them.
_FEWEST_VOTES = 5
_TURNED_BACK = {6: 8, 8: 6}


def load_cuhk(
    folder: str | os.PathLike[str],
    split: str = "test",
    *,
    list_file: str | os.PathLike[str] | None = None,
    correct_inverted: bool = False,
    return_X_y: bool = False,
) -> Bunch | tuple[list[np.ndarray], list[np.ndarray]]:
    """Load photographs of the CUHK blur detection dataset, with masks of their defocus.

    Nothing is downloaded. Of the photographs the 704 that are out of focus are read,
    ``out_of_focus0001`` to ``out_of_focus0704``, and not those with motion blur.

    Parameters
    ----------
    folder : path-like
        It holds the subfolders ``image`` and ``gt``, as the authors publish them, or
        ``images`` and ``masks``; or it holds a folder ``cuhk`` that does.
    split : {"test", "validation", "all", "listed", "unlisted"}, default="test"
        "test": 0001 to 0200, those of the paper. "validation": 0201 to 0400. "all":
        0001 to 0704. "listed": those that ``list_file`` names; "unlisted": all others.
    list_file : path-like, optional
        Text file with one stem or file name per line, for the splits "listed" and
        "unlisted"; the usual division is 604 for training and 100 for testing.
    correct_inverted : bool, default=False
        Invert the masks of 0508 and 0509, which the authors published inverted. By
        default they stay as they are, and a warning names them if they are loaded.
    return_X_y : bool, default=False
        Return ``(images, masks)`` instead of a Bunch.

    Returns
    -------
    data : sklearn.utils.Bunch
        ``images`` : list of ndarray of shape (H, W, 3) or (H, W), uint8
            Pixels as the files hold them, not turned by an EXIF orientation, since the
            masks are not either. Sizes differ.
        ``masks`` : list of ndarray of shape (H, W), bool
            True where out of focus.
        ``names`` : list of str
            Stems of the files, ascending.
    (images, masks) : tuple of lists
        If ``return_X_y`` is True.

    Raises
    ------
    FileNotFoundError
        If the folder, its subfolders or the list do not exist.
    ValueError
        If the split is unknown, no photograph of it is found, one has no mask, a mask
        holds other values than 0 and 255 or has not its photograph's shape, the list
        names a photograph that is not there, or the masks look inverted: in most
        photographs, of five or more, they mark what is sharper.

    Warns
    -----
    UserWarning
        If only a part of the split is on disk, as figures are then not comparable with
        those of others; if masks are loaded that the authors published inverted.

    References
    ----------
    Shi, Xu and Jia, "Discriminative blur detection features", CVPR 2014.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile, warnings
    >>> from skdefocus.datasets import load_cuhk
    >>> from skdefocus.io import write_photograph
    >>> with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # One photograph of 200 is found.
    ...     folder, stem = pathlib.Path(name), "out_of_focus0001"
    ...     gray, mask = np.zeros((4, 6, 3)), np.full((4, 6), 255, np.uint8)
    ...     write_photograph(folder / "image" / f"{stem}.jpg", gray)
    ...     write_photograph(folder / "gt" / f"{stem}.png", mask)
    ...     data = load_cuhk(folder)
    >>> data.names, data.images[0].shape, bool(data.masks[0].all())
    (['out_of_focus0001'], (4, 6, 3), True)
    """
    from sklearn.utils import Bunch

    photographs, masks_on_disk = _find_folders(Path(folder))
    found = _list_by_stem(photographs)
    wanted = _choose(split, list_file, found)
    names = sorted(wanted & set(found))
    if not names:
        raise ValueError(
            f"{photographs} holds no photograph of the split {split!r}, named "
            f"out_of_focus0001.jpg and so on."
        )
    if len(names) < len(wanted):
        warnings.warn(
            f"{photographs} holds {len(names)} of the {len(wanted)} photographs of the "
            f"split {split!r}: figures are not comparable with those of the whole.",
            UserWarning,
            stacklevel=2,
        )
    inverted = [name for name in names if name in _INVERTED]
    if inverted and not correct_inverted:
        warnings.warn(
            f"the authors published these masks inverted, True where in focus: "
            f"{', '.join(inverted)}; correct_inverted=True inverts them.",
            UserWarning,
            stacklevel=2,
        )
    mask_paths = _list_by_stem(masks_on_disk)
    images, masks = [], []
    for name in names:
        if name not in mask_paths:
            raise ValueError(f"{found[name].name} has no mask in {masks_on_disk}.")
        image = _read_as_stored(found[name])
        mask = _read_mask(mask_paths[name], image.shape)
        images.append(image)
        masks.append(~mask if correct_inverted and name in inverted else mask)
    _refuse_inverted(images, masks, masks_on_disk)
    if return_X_y:
        return images, masks
    return Bunch(images=images, masks=masks, names=names)


def _find_folders(folder: Path) -> tuple[Path, Path]:
    """Folders of photographs and of masks."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder.")
    for home in (folder, folder / "cuhk"):
        for photographs, masks in _LAYOUTS:
            if (home / photographs).is_dir() and (home / masks).is_dir():
                return home / photographs, home / masks
    raise FileNotFoundError(
        f"{folder} must hold the subfolders image and gt, or images and masks, itself "
        f"or in a subfolder cuhk; it does not."
    )


def _list_by_stem(folder: Path) -> dict[str, Path]:
    """Out-of-focus photographs or masks of a folder; other files are passed over."""
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        # Endings of photographs come in both cases.
        if not _STEM.fullmatch(path.stem) or path.suffix.lower() not in READ_ENDINGS:
            continue
        if path.stem in paths:
            raise ValueError(
                f"{folder} must hold one file for every photograph; it holds "
                f"{paths[path.stem].name} and {path.name}."
            )
        paths[path.stem] = path
    return paths


def _choose(
    split: str, list_file: str | os.PathLike[str] | None, found: Iterable[str]
) -> set[str]:
    """Stems that belong to a split, whether they are on disk or not."""
    if split not in _SPLITS:
        raise ValueError(f"split must be one of {', '.join(_SPLITS)}; got {split!r}.")
    if split in _NUMBERED:
        if list_file is not None:
            raise ValueError(
                f"list_file belongs to the splits listed and unlisted; the split is "
                f"{split!r}."
            )
        return {f"out_of_focus{number:04d}" for number in _NUMBERED[split]}
    if list_file is None:
        raise ValueError(f"the split {split!r} needs a list_file.")
    listed = _read_list(Path(list_file))
    missing = sorted(listed - set(found))
    if missing:
        # A misspelt name would leave a photograph for testing in the other part.
        raise ValueError(
            f"{list_file} must name out-of-focus photographs that are in the folder; "
            f"{len(missing)} of {len(listed)} are not, the first is {missing[0]!r}."
        )
    everything = {f"out_of_focus{number:04d}" for number in _NUMBERED["all"]}
    return listed if split == "listed" else everything - listed


def _read_list(path: Path) -> set[str]:
    if not path.is_file():
        raise FileNotFoundError(f"list_file, {path}, does not exist.")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    listed = {Path(line.strip()).stem for line in lines if line.strip()}
    if not listed:
        raise ValueError(f"list_file, {path}, names no photograph.")
    return listed


def _read_as_stored(path: Path) -> np.ndarray:
    """Pixels of a photograph, not turned upright."""
    from PIL import Image

    from ..io import read_image
    from ..io.orientation import read_orientation
    from ..io.pixels import rotate

    image = read_image(path)
    if image.dtype != np.uint8:
        raise ValueError(f"{path} must have 8 bits per sample; got {image.dtype}.")
    with Image.open(path) as header:
        orientation = read_orientation(header)
    return rotate(image, _TURNED_BACK.get(orientation, orientation))


def _read_mask(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Mask as bool; alpha is dropped, and equal channels become one."""
    from ..io import read_image

    pixels = read_image(path)
    mask = pixels if pixels.ndim == 2 else pixels[..., 0]
    if pixels.ndim == 3 and (pixels != mask[..., np.newaxis]).any():
        raise ValueError(f"{path} must be a gray mask; its channels differ.")
    others = mask[(mask != 0) & (mask != 255)]
    if others.size:
        raise ValueError(
            f"{path} must be a mask of the values 0 and 255 alone; it holds "
            f"{others[0]} too."
        )
    if mask.shape != shape[:2]:
        raise ValueError(
            f"{path} must have the shape of its photograph, {shape[:2]}; got "
            f"{mask.shape}."
        )
    inside: np.ndarray = mask == 255
    return inside


def _refuse_inverted(
    images: list[np.ndarray], masks: list[np.ndarray], folder: Path
) -> None:
    """Let the photographs vote on whether the masks mark what is out of focus."""
    contrasts = [_contrast(*pair) for pair in zip(images, masks, strict=True)]
    n_votes = sum(contrast != 0 for contrast in contrasts)
    n_against = sum(contrast < 0 for contrast in contrasts)
    if n_votes >= _FEWEST_VOTES and 2 * n_against > n_votes:
        raise ValueError(
            f"the masks in {folder} look inverted: 255 must mark what is out of focus, "
            f"but in {n_against} of {n_votes} photographs it marks what is sharper."
        )


def _contrast(image: np.ndarray, mask: np.ndarray) -> float:
    """How much sharper a photograph is outside its mask; 0 if that cannot be told."""
    from scipy.ndimage import laplace

    from .._shared.validation import to_float_image, to_gray

    if mask.all() or not mask.any():
        return 0.0
    detail = np.abs(laplace(to_gray(to_float_image(image))))
    return float(detail[~mask].mean() - detail[mask].mean())

"""The products of one photograph: their names, and the files they are written to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from .._shared.files import Stage
from .._shared.parameters import unchecked
from ..figures import draw_overview
from ..io import Photograph, write_map, write_mask, write_photograph
from ..io.color import in_srgb
from ..io.formats import format_of_ending, result_ending
from ..io.write import focus_picture
from ..sample import UNKNOWN, DefocusSample, unknown_pixels
from .map_picture import (
    color_limits,
    draw_map_picture,
    limits_in_pixels,
    write_confidence,
    write_map_picture,
)
from .pipeline import Results

__all__ = [
    "MAP_FILES",
    "RESERVED",
    "RESULT_SUFFIXES",
    "Form",
    "check_names",
    "expected_files",
    "write_map_files",
    "write_pictures",
    "write_products",
]

# The files of a map: a picture, 16 bits, and float data.
MAP_FILES = ("map", "map16", "data")
# Names that pictures of one's own cannot have.
RESERVED = frozenset(
    {
        *("map", "map16", "sigma", "score", "confidence", "overview", "credit"),
        *("figures", "pipeline"),
    }
)
# What the names of results end in. Masks of earlier versions ended in "_mask".
RESULT_SUFFIXES = frozenset(
    f"_{name}"
    for name in (
        *("map", "map16", "sigma", "score", "confidence", "overview", "credit"),
        *("sharpened", "shallow", "focus_mask", "mask", "picture"),
    )
)
# Of some products a file that they have whatever the photograph.
_CERTAIN = {
    "map": "map.png",
    "confidence": "confidence.png",
    "overview": "overview.png",
    "credit": "credit.txt",
}
_TITLES = {"shallow": "shallow focus", "mask": "focus mask"}


@dataclass(frozen=True)
class Form:
    """How results are written.

    Attributes
    ----------
    map_data : {"tif", "npy"}
        Format of the float map.
    credit : str
        Stands in the overview and in a text file beside; empty for none.
    map_range : (float, float), "auto" or None
        What the colors of the map span; None is the same for all photographs.
    picture_format : {"jpg", "png", "tif", "webp"} or None
        Format of pictures; None for that of their photograph, or what is nearest to it.
    strip : {"gps", "all"} or None
        What metadata is left out of pictures.
    unknown_below : float
        Confidence below which a pixel is unknown: hatched, and counted in the report.
    """

    map_data: str = "tif"
    credit: str = ""
    map_range: tuple[float, float] | str | None = None
    picture_format: str | None = None
    strip: str | None = None
    unknown_below: float = UNKNOWN


_DEFAULT_FORM = Form()


def check_names(names: Iterable[str]) -> None:
    """Refuse names that pictures of one's own cannot have.

    Parameters
    ----------
    names : iterable of str
        Names of pictures.

    Raises
    ------
    ValueError
        For a name that is reserved, or not of lower-case letters and digits.
    """
    for name in names:
        if not re.fullmatch("[a-z0-9]+", name) or name in RESERVED:
            raise ValueError(
                f"pictures must be named by lower-case letters and digits, and not "
                f"{', '.join(sorted(RESERVED))}; got {name!r}."
            )


def expected_files(
    target: str,
    products: Iterable[str],
    before: Mapping[str, Iterable[str]],
    photo: Path,
    form: Form,
) -> list[str]:
    """List files that products are going to have, as far as that is known beforehand.

    Parameters
    ----------
    target : str
        What names of files begin with.
    products : iterable of str
        As for `write_products`.
    before : mapping of str to iterable of str
        The files that each product had.
    photo : Path
        The photograph.
    form : Form
        How they are written.

    Returns
    -------
    list of str
        Files of before, but for those in another format, and what every photograph
        has.
    """
    expected = []
    for product in products:
        if product in _CERTAIN:
            expected.append(f"{target}_{_CERTAIN[product]}")
        expected += [
            name
            for name in before.get(product, ())
            if name.startswith(f"{target}_") and _keeps_name(product, name, photo, form)
        ]
    return expected


def _keeps_name(product: str, name: str, photo: Path, form: Form) -> bool:
    """Whether a file of before has the format in which it is written now."""
    ending = PurePosixPath(name).suffix
    if product == "map":
        return ending in (".png", f".{form.map_data}")
    if product in _CERTAIN or name.endswith("_focus_mask.png"):
        return True
    if form.picture_format is not None:
        return ending == f".{form.picture_format}"
    known = format_of_ending(photo.suffix)
    file_format = None if known is None else known.name
    return {result_ending(file_format, bits) for bits in (8, 16)} == {ending}


def write_products(
    stage: Stage, name: str, products: Iterable[str], results: Results, form: Form
) -> dict[str, list[Path]]:
    """Write the files of products.

    Parameters
    ----------
    stage : Stage
        Where results wait until all of them are there.
    name : str
        What names of files begin with.
    products : iterable of str
        "map", "confidence", "pipeline" (what the pipeline itself made of the map),
        "overview", "credit", "figures" (which are in the report, not in a file), or
        names of pictures.
    results : Results
        What was made.
    form : Form
        How it is written.

    Returns
    -------
    dict of str to list of Path
        Where the files of each product go.

    Raises
    ------
    OSError, ValueError
        If something cannot be written.
    """
    files = {}
    for product in products:
        n_before = len(stage.targets)
        if product == "map":
            write_map_files(
                stage,
                name,
                results.sample,
                form.map_data,
                map_range=form.map_range,
                unknown_below=form.unknown_below,
            )
        elif product == "confidence":
            write_confidence(stage(f"{name}_{_CERTAIN[product]}"), results.sample)
        elif product == "pipeline":
            write_pictures(stage, name, results.own, results.original, form)
        elif product == "overview":
            overview = _draw_overview(results, form)
            write_photograph(stage(f"{name}_{_CERTAIN[product]}"), overview)
        elif product == "credit":
            stage(f"{name}_{_CERTAIN[product]}").write_text(f"{form.credit}\n")
        elif product != "figures":
            picture = {product: results.pictures[product]}
            write_pictures(stage, name, picture, results.original, form)
        files[product] = stage.targets[n_before:]
    return files


def write_map_files(
    stage: Stage,
    name: str,
    sample: DefocusSample,
    map_data: str = "tif",
    files: Collection[str] = MAP_FILES,
    *,
    map_range: tuple[float, float] | str | None = None,
    unknown_below: float = UNKNOWN,
) -> None:
    """Write a map, or some of its files.

    Parameters
    ----------
    stage : Stage
        Where results wait until all of them are there.
    name : str
        What names of files begin with.
    sample : DefocusSample
        With the map.
    map_data : {"tif", "npy"}, default="tif"
        Format of the float map.
    files : collection of str, default=("map", "map16", "data")
        Which of the files. A relative score has no file of 16 bits.
    map_range : (float, float), "auto" or None, default=None
        What the colors of the picture span. It is told in the file's text.
    unknown_below : float, default=0.25
        Confidence below which a pixel is hatched in the picture.

    Raises
    ------
    OSError, ValueError
        If something cannot be written.
    """
    in_pixels = sample.unit == "px"
    if "map" in files:
        unchecked(write_map_picture)(
            stage(f"{name}_{_CERTAIN['map']}"),
            sample,
            map_range=map_range,
            unknown_below=unknown_below,
        )
    if "map16" in files and in_pixels:
        write_map(stage(f"{name}_map16.png"), sample.require_map())
    if "data" in files:
        kind = "sigma" if in_pixels else "score"
        write_map(stage(f"{name}_{kind}.{map_data}"), sample.require_map())


def write_pictures(
    stage: Stage,
    name: str,
    pictures: Mapping[str, np.ndarray],
    original: Photograph,
    form: Form = _DEFAULT_FORM,
) -> None:
    """Write pictures in the format of their photograph, and masks as PNG.

    Parameters
    ----------
    stage : Stage
        Where results wait until all of them are there.
    name : str
        What names of files begin with.
    pictures : mapping of str to ndarray
        Pictures, and masks of bool, True where out of focus. The file of "mask" ends
        in ``_focus_mask.png``: it is white where in focus.
    original : Photograph
        What they were made of.
    form : Form, optional
        How results are written.

    Raises
    ------
    OSError, ValueError
        If something cannot be written.
    """
    for key, picture in pictures.items():
        if picture.dtype == bool:
            suffix = "focus_mask" if key == "mask" else key
            write_mask(stage(f"{name}_{suffix}.png"), picture)
        else:
            ending = result_ending(original.file_format, original.bits)
            if form.picture_format is not None:
                ending = f".{form.picture_format}"
            if picture.dtype == np.uint16 and ending in (".jpg", ".webp"):
                # Of somebody else's step: as a float it takes the depth of the format.
                picture = picture / np.float32(65535)
            path = stage(f"{name}_{key}{ending}")
            write_photograph(path, picture, original, strip=form.strip)


def _draw_overview(results: Results, form: Form) -> np.ndarray:
    """Draw the photograph, its map and its pictures side by side."""
    sample = results.sample
    limits = color_limits(sample, form.map_range)
    profile = results.original.icc_profile
    has_unknown = unchecked(unknown_pixels)(sample, form.unknown_below).any()
    panels = [
        ("photograph", in_srgb(results.original.image, profile)),
        (
            "blur map (hatched: unknown)" if has_unknown else "blur map",
            draw_map_picture(
                sample, map_range=limits, unknown_below=form.unknown_below
            ),
        ),
    ]
    for name, picture in (results.own | results.pictures).items():
        is_mask = picture.dtype == bool
        shown = focus_picture(picture) if is_mask else in_srgb(picture, profile)
        panels.append((_TITLES.get(name, name), shown))
    return draw_overview(
        panels, credit=form.credit, limits=limits_in_pixels(limits, sample.unit)
    )

"""One photograph from file to files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._files import staged
from ..figures import colour_map, draw_overview
from ..io import DEFAULT_MAX_PIXELS, read_photograph, write_map, write_photograph

__all__ = ["PRODUCTS", "RESULT_SUFFIXES", "Outcome", "process_photograph"]

# What can be made of a photograph.
PRODUCTS = ("map", "sharpened", "shallow", "overview")
# What the names of results end in, as `_write` writes them.
RESULT_SUFFIXES = frozenset(
    {"_map", "_map16", "_sigma", "_sharpened", "_shallow", "_overview", "_credit"}
)

# A result is written as its photograph was, or else as PNG. MPO is what Pillow calls a
# JPEG with further pictures behind the first, as phones write it.
_ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "WEBP": ".webp"}


@dataclass(frozen=True)
class Outcome:
    """What became of one photograph.

    Attributes
    ----------
    photo : Path
        The photograph.
    written : list of Path
        Files written.
    notes : list of str
        Warnings, each a sentence.
    problem : str
        Why it failed; empty if it did not.
    """

    photo: Path
    written: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def process_photograph(
    photo: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    steps: Mapping[str, Any],
    products: Collection[str] = PRODUCTS,
    *,
    map_data: str = "tif",
    max_pixels: int = DEFAULT_MAX_PIXELS,
    credit: str = "",
    name: str | None = None,
) -> Outcome:
    """Read a photograph, treat it, and write the results.

    Everything is computed before anything is written, and every file is written beside
    its target and moved into place.

    Parameters
    ----------
    photo : path-like
        The photograph.
    folder : path-like
        Where results go, named after the photograph.
    steps : mapping of str to estimator
        ``mapper``, optionally ``refiner``, and the ``sharpener`` and ``renderer`` that
        the products need.
    products : collection of str, default=("map", "sharpened", "shallow", "overview")
        What is wanted of these.
    map_data : {"tif", "npy"}, default="tif"
        Format of the float map.
    max_pixels : int, default=200_000_000
        Larger photographs are refused from their header.
    credit : str, default=""
        Written into the overview and a text file beside it.
    name : str, optional
        What names of results begin with; by default the photograph's name without its
        ending.

    Returns
    -------
    Outcome
        What was written, or why it failed; a bad photograph does not raise.

    Examples
    --------
    >>> import tempfile
    >>> from skdefocus import SlidingWindowMapper
    >>> from skdefocus.batch import process_photograph
    >>> from skdefocus.datasets import sample_photograph_path
    >>> photo, steps = sample_photograph_path(), {"mapper": SlidingWindowMapper()}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     outcome = process_photograph(photo, folder, steps, ["map"])
    >>> [path.name for path in outcome.written]
    ['flower_map.png', 'flower_map16.png', 'flower_sigma.tif']
    """
    photo, folder = Path(photo), Path(folder)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            results = _treat(photo, steps, products, max_pixels, credit)
            name = photo.stem if name is None else name
            written = _write(name, folder, results, map_data, credit)
        except (ValueError, OSError, MemoryError) as error:
            # The batch holds one item: its number would tell the reader nothing.
            text = str(error) or "there is not enough memory for it."
            text = text.replace("X[0]: ", "").replace("X[0]", str(photo))
            if photo.name not in text:
                text = f"{photo}: {text}"
            return Outcome(photo, problem=text)
    notes = [f"{photo}: {warning.message}" for warning in caught]
    return Outcome(photo, written, notes)


def _treat(
    photo: Path,
    steps: Mapping[str, Any],
    products: Collection[str],
    max_pixels: int,
    credit: str,
) -> dict[str, Any]:
    """Compute everything that is wanted."""
    original = read_photograph(photo, max_pixels=max_pixels)
    samples = steps["mapper"].transform([original.image])
    if "refiner" in steps:
        samples = steps["refiner"].transform(samples)
    results: dict[str, Any] = {"original": original}
    if "map" in products or "overview" in products:
        results["coloured"] = colour_map(samples[0].blur_map)
    if "map" in products:
        results["map"] = samples[0].blur_map
    for product, step in (("sharpened", "sharpener"), ("shallow", "renderer")):
        if product in products:
            results[product] = steps[step].transform(samples)[0]
    if "overview" in products:
        titles = {"sharpened": "sharpened", "shallow": "shallow focus"}
        panels = [
            ("photograph", original.image),
            ("blur map", results["coloured"]),
            *((titles[key], results[key]) for key in titles if key in results),
        ]
        results["overview"] = draw_overview(panels, credit=credit)
    return results


def _write(
    name: str, folder: Path, results: Mapping[str, Any], map_data: str, credit: str
) -> list[Path]:
    """Write what was computed: all of it, or nothing."""
    original = results["original"]
    ending = _ENDINGS.get(original.file_format, ".png")
    with staged(folder) as stage:
        if "map" in results:
            write_photograph(stage(f"{name}_map.png"), results["coloured"])
            write_map(stage(f"{name}_map16.png"), results["map"])
            write_map(stage(f"{name}_sigma.{map_data}"), results["map"])
        for product in ("sharpened", "shallow"):
            if product in results:
                path = stage(f"{name}_{product}{ending}")
                write_photograph(path, results[product], original)
        if "overview" in results:
            path = stage(f"{name}_overview.png")
            write_photograph(path, results["overview"])
        if credit:
            stage(f"{name}_credit.txt").write_text(f"{credit}\n")
    return stage.targets

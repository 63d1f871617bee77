"""One photograph from file to files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from .._shared.files import staged
from ..io import DEFAULT_MAX_PIXELS, read_photograph
from .results import Results, describe_error, run_pipeline, write_results

__all__ = ["PRODUCTS", "Outcome", "process_photograph"]

# What can be made of a photograph.
PRODUCTS = ("map", "sharpened", "shallow", "overview")


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
            with staged(folder) as stage:
                write_results(
                    stage,
                    name,
                    results,
                    with_map="map" in products,
                    map_data=map_data,
                    credit=credit,
                )
        except (ValueError, OSError, MemoryError) as error:
            return Outcome(photo, problem=describe_error(error, photo))
    notes = [f"{photo}: {warning.message}" for warning in caught]
    return Outcome(photo, stage.targets, notes)


def _treat(
    photo: Path,
    steps: Mapping[str, Any],
    products: Collection[str],
    max_pixels: int,
    credit: str,
) -> Results:
    """Compute everything that is wanted."""
    original = read_photograph(photo, max_pixels=max_pixels)
    pipeline = Pipeline([(k, steps[k]) for k in ("mapper", "refiner") if k in steps])
    wanted = {"sharpened": "sharpener", "shallow": "renderer"}
    sample, pictures = run_pipeline(
        pipeline,
        {name: steps[step] for name, step in wanted.items() if name in products},
        original.image,
    )
    results = Results(original, sample, pictures)
    if "overview" in products:
        results.draw_overview(credit)
    return results

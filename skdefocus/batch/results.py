"""What is made of one photograph, and the files that it is written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from .._base import ImageTransformer
from .._shared.files import Stage
from ..figures import color_map, draw_overview
from ..io import Photograph, write_map, write_photograph
from ..sample import DefocusSample

__all__ = [
    "PICTURE_ENDINGS",
    "RESERVED",
    "RESULT_SUFFIXES",
    "Results",
    "describe_error",
    "pipeline_steps",
    "run_pipeline",
    "write_results",
]

# Names that pictures of one's own cannot have.
RESERVED = frozenset({"map", "map16", "sigma", "score", "overview", "credit"})
# What the names of results end in, as `write_results` writes them.
RESULT_SUFFIXES = frozenset(
    f"_{name}" for name in RESERVED | {"sharpened", "shallow", "mask", "picture"}
)

# A result is written as its photograph was, or else as PNG. MPO is what Pillow calls a
# JPEG with further pictures behind the first, as phones write it.
PICTURE_ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "WEBP": ".webp"}
# Sigma from which the colors stay the same, in pixels.
_LAST_COLOR = 19.0
_TITLES = {"shallow": "shallow focus"}


@dataclass
class Results:
    """What was made of one photograph.

    Attributes
    ----------
    original : Photograph
        As it was read.
    sample : DefocusSample
        With its blur map.
    pictures : dict of str to ndarray
        Pictures, and masks of bool, by what their files' names end in.
    overview : ndarray, optional
        All of it side by side.
    """

    original: Photograph
    sample: DefocusSample
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
    overview: np.ndarray | None = None

    @cached_property
    def colored(self) -> np.ndarray:
        """The map in colors; those of a score span its range, from 0 to 1."""
        blur_map = self.sample.require_map()
        if self.sample.unit == "relative":
            blur_map = blur_map * np.float32(_LAST_COLOR)
        return color_map(blur_map)

    def draw_overview(self, credit: str = "") -> None:
        """Draw the photograph, its map and its pictures side by side."""
        panels = [("photograph", self.original.image), ("blur map", self.colored)]
        for name, picture in self.pictures.items():
            panels.append((_TITLES.get(name, name), _as_picture(picture)))
        self.overview = draw_overview(panels, credit=credit)


def _apply(step: Any, item: Any) -> Any:
    """Apply an estimator to one item of a batch."""
    method = step.transform if hasattr(step, "transform") else step.predict
    return method([item])[0]


def pipeline_steps(pipeline: Any) -> list[Any]:
    """List the steps of a pipeline, those of a pipeline within it too.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        The pipeline; an estimator is its own only step.

    Returns
    -------
    list of estimator
        In order, without those that pass on what they get.
    """
    if not isinstance(pipeline, Pipeline):
        return [] if pipeline in (None, "passthrough") else [pipeline]
    return [step for _, part in pipeline.steps for step in pipeline_steps(part)]


def run_pipeline(
    pipeline: Any,
    pictures: Mapping[str, Any],
    image: np.ndarray,
    name: str | None = None,
) -> tuple[DefocusSample, dict[str, np.ndarray]]:
    """Run a pipeline on one photograph, and make pictures of what it maps.

    Parameters
    ----------
    pipeline : estimator or Pipeline
        From images to samples with a blur map; what a last step makes of these, a
        picture or a mask, is named "picture" or "mask".
    pictures : mapping of str to estimator
        What else to make of the sample.
    image : ndarray of shape (H, W) or (H, W, 3)
        The photograph.
    name : str, optional
        What it is called, for mappers that go by it. Steps of other packages get the
        pixels alone.

    Returns
    -------
    sample : DefocusSample
        With its blur map.
    pictures : dict of str to ndarray
        Pictures, and masks of bool.

    Raises
    ------
    ValueError
        If the pipeline gives no blur map.
    """
    made: dict[str, np.ndarray] = {}
    item: Any = image
    sample: DefocusSample | None = None
    steps = pipeline_steps(pipeline)
    if name is not None and steps and isinstance(steps[0], ImageTransformer):
        item = DefocusSample(image, name=name)
    for step in steps:
        item = _apply(step, item)
        if isinstance(item, DefocusSample):
            sample = item
        else:
            made["mask" if item.dtype == bool else "picture"] = item
    if sample is None or sample.blur_map is None:
        raise ValueError(
            "the pipeline gives no blur map: it must begin with a mapper, such as "
            "SlidingWindowMapper."
        )
    made |= {name: _apply(step, sample) for name, step in pictures.items()}
    return sample, made


def write_results(
    stage: Stage,
    name: str,
    results: Results,
    *,
    with_map: bool = True,
    map_data: str = "tif",
    credit: str = "",
) -> None:
    """Write what was made of a photograph.

    Parameters
    ----------
    stage : Stage
        Where results wait until all of them are there.
    name : str
        What names of files begin with.
    results : Results
        What was made.
    with_map : bool, default=True
        Whether the map is written.
    map_data : {"tif", "npy"}, default="tif"
        Format of the float map.
    credit : str, default=""
        Written into a text file beside, if there is one.

    Raises
    ------
    OSError, ValueError
        If something cannot be written.
    """
    if with_map:
        sample = results.sample
        write_photograph(stage(f"{name}_map.png"), results.colored)
        if sample.unit == "px":
            write_map(stage(f"{name}_map16.png"), sample.require_map())
        kind = "sigma" if sample.unit == "px" else "score"
        write_map(stage(f"{name}_{kind}.{map_data}"), sample.require_map())
    for key, picture in results.pictures.items():
        if picture.dtype == bool:
            write_photograph(stage(f"{name}_{key}.png"), _as_picture(picture))
            continue
        ending = PICTURE_ENDINGS.get(results.original.file_format, ".png")
        write_photograph(stage(f"{name}_{key}{ending}"), picture, results.original)
    if results.overview is not None:
        write_photograph(stage(f"{name}_overview.png"), results.overview)
    if credit:
        stage(f"{name}_credit.txt").write_text(f"{credit}\n")


def describe_error(error: Exception, photo: Path) -> str:
    """Say in one sentence, with the photograph's name, what went wrong.

    Parameters
    ----------
    error : Exception
        What was raised while it was worked on.
    photo : Path
        The photograph.

    Returns
    -------
    str
        One sentence.
    """
    if isinstance(error, MemoryError):
        text = str(error) or "there is not enough memory for it."
    elif isinstance(error, ValueError | OSError):
        text = str(error)
    else:
        # From another's step perhaps: the message alone may mean nothing.
        text = f"{type(error).__name__}: {error}"
    # The batch holds one item: its number would tell the reader nothing.
    text = text.replace("X[0]: ", "").replace("X[0]", str(photo))
    return text if photo.name in text else f"{photo}: {text}"


def _as_picture(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.uint8) * 255 if picture.dtype == bool else picture

"""What the page is told of an opened photograph and of what is set."""

from __future__ import annotations

from typing import Any

from .opened import OpenedPhotograph
from .preview import Preview, encode, gain_curve, weight_curve
from .recipe import command_line, python_code
from .settings import Settings

__all__ = ["VIEWS", "opened_answer", "picture_answer"]

# What can be looked at, and the product that belongs to it.
VIEWS = {
    "map": "sigma",
    "mask": "mask",
    "sharpen": "sharpened",
    "shallow": "shallow",
}


def opened_answer(
    opened: OpenedPhotograph, preview: Preview, settings: Settings
) -> dict[str, Any]:
    """Describe a photograph that was opened.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    preview : Preview
        Its smaller copy.
    settings : Settings
        What the page starts from.

    Returns
    -------
    dict
        A message.
    """
    height, width = opened.shape
    return {
        "kind": "opened",
        "name": opened.name,
        "width": width,
        "height": height,
        "bits": opened.original.bits,
        "settings": settings.as_message(),
        "axis": opened.axis,
        "scale": opened.scale.tolist(),
        "histogram": opened.histogram,
        "notes": list(opened.notes),
        "photograph": preview.photograph(),
        "map": preview.map_picture(),
        "confidence": preview.confidence_picture(),
    }


def picture_answer(
    preview: Preview, settings: Settings, view: str, product: str, *, max_pixels: int
) -> dict[str, Any]:
    """Draw what is set, and say how to make it without the page.

    Parameters
    ----------
    preview : Preview
        Smaller copy of an opened photograph.
    settings : Settings
        What is set.
    view : str
        A key of `VIEWS`.
    product : str
        Of which code and command line are shown.
    max_pixels : int
        Written into both.

    Returns
    -------
    dict
        A message.
    """
    opened = preview.opened
    recipe = (opened, settings, product)
    answer: dict[str, Any] = {
        "kind": "picture",
        "view": view,
        "settings": settings.as_message(),
        "python": python_code(*recipe, max_pixels=max_pixels),
        "command": command_line(*recipe, max_pixels=max_pixels),
    }
    if view == "mask":
        answer["from_sigma"] = settings.threshold + opened.sharpest
        blurred = preview.sigma >= answer["from_sigma"]
        answer["share"] = float(blurred.mean())
        answer["image"] = encode(preview.mask(settings), profile=preview.profile)
    elif view == "sharpen":
        answer["curve"] = gain_curve(opened.scale, settings).tolist()
        answer["image"] = encode(preview.sharpened(settings), profile=preview.profile)
    elif view == "shallow":
        answer["curve"] = weight_curve(opened.scale, settings).tolist()
        answer["image"] = encode(preview.shallow(settings), profile=preview.profile)
    return answer

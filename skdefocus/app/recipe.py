"""The same result as code and as a command line."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ..io import DEFAULT_MAX_PIXELS
from ..io.formats import result_ending
from ..recipes import recommended_steps
from .opened import OpenedPhotograph
from .settings import Settings

__all__ = [
    "PRODUCTS",
    "check_product",
    "command_line",
    "product_file",
    "product_step",
    "python_code",
]

# What can be exported: what its file's name ends in, and what the page calls it.
PRODUCTS = {
    "sharpened": ("_sharpened", "sharpened photograph"),
    "shallow": ("_shallow", "shallow-focus photograph"),
    "sigma": ("_sigma.tif", "map as float TIFF"),
    "map16": ("_map16.png", "map as 16-bit PNG"),
    "map": ("_map.png", "map in colors"),
    "confidence": ("_confidence.png", "confidence, times 255"),
    "mask": ("_focus_mask.png", "mask, white where in focus"),
}
_VERBS = {
    "sharpened": "sharpen",
    "shallow": "bokeh",
    "mask": "batch",
    "confidence": "batch",
}
_NAMES = {"sharpened": "sharpener", "shallow": "renderer", "mask": "segmenter"}


def check_product(product: str) -> None:
    """Refuse a product that the page does not have.

    Parameters
    ----------
    product : str
        What is asked for.

    Raises
    ------
    ValueError
        If it is no key of `PRODUCTS`.
    """
    if product not in PRODUCTS:
        raise ValueError(
            f"there is no product {product!r} to export; known: {', '.join(PRODUCTS)}."
        )


def product_file(opened: OpenedPhotograph, product: str) -> str:
    """Name the file of a product, as the command line does.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    product : str
        A key of `PRODUCTS`.

    Returns
    -------
    str
        A name.

    Raises
    ------
    ValueError
        If there is no such product.
    """
    check_product(product)
    ending = PRODUCTS[product][0]
    if "." not in ending:
        ending += result_ending(opened.original.file_format, opened.original.bits)
    return Path(opened.name).stem + ending


def product_step(opened: OpenedPhotograph, settings: Settings, product: str) -> Any:
    """Make the last step of the pipeline, behind mapper and refiner.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    settings : Settings
        What is set.
    product : str
        A key of `PRODUCTS`.

    Returns
    -------
    estimator or None
        None where the map itself is the product.

    Raises
    ------
    ValueError
        If there is no such product.
    """
    check_product(product)
    if product == "sharpened":
        return settings.sharpener()
    if product == "shallow":
        return settings.renderer(opened.shape)
    return settings.segmenter() if product == "mask" else None


def _given(step: Any) -> dict[str, Any]:
    """List the parameters that are not those of a bare step, in order."""
    bare = type(step)().get_params(deep=False)
    values = step.get_params(deep=False)
    order = type(step).__init__.__code__.co_varnames
    return {
        name: values[name]
        for name in sorted(values, key=order.index)
        if values[name] != bare[name]
    }


def _quote(text: str) -> str:
    """Write a string in double quotes, where nothing in it needs more care."""
    plain = text.isprintable() and not set(text) & {'"', "\\"}
    return f'"{text}"' if plain else repr(text)


def _literal(value: Any) -> str:
    return _quote(value) if isinstance(value, str) else repr(value)


def _call(step: Any) -> str:
    """Write the call that makes an estimator."""
    arguments = [f"{name}={_literal(value)}" for name, value in _given(step).items()]
    line = f"    {type(step).__name__}({', '.join(arguments)}),"
    if len(line) <= 88:
        return line
    inner = "".join(f"        {argument},\n" for argument in arguments)
    return f"    {type(step).__name__}(\n{inner}    ),"


def python_code(
    opened: OpenedPhotograph,
    settings: Settings,
    product: str,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> str:
    """Write a program that makes the product's file, to the bit.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    settings : Settings
        What is set.
    product : str
        A key of `PRODUCTS`.
    max_pixels : int, default=200_000_000
        Larger photographs are refused.

    Returns
    -------
    str
        Python code.
    """
    file = product_file(opened, product)
    last = product_step(opened, settings, product)
    steps = [
        *(step for _, step in recommended_steps()),
        *([] if last is None else [last]),
    ]
    names = ", ".join(sorted(type(step).__name__ for step in steps))
    limit = "" if max_pixels == DEFAULT_MAX_PIXELS else f", max_pixels={max_pixels}"
    writers = {
        "sigma": "write_map",
        "map16": "write_map",
        "mask": "write_mask",
        "map": "write_map_picture",
        "confidence": "write_confidence",
    }
    writer = writers.get(product, "write_photograph")
    # What tells of confidence too takes the sample, not its map alone.
    takes_sample = writer in ("write_map_picture", "write_confidence")
    imports = (
        [
            f"from skdefocus.batch import {writer}",
            "from skdefocus.io import read_photograph",
        ]
        if takes_sample
        else [f"from skdefocus.io import read_photograph, {writer}"]
    )
    lines = [
        "from sklearn.pipeline import make_pipeline",
        f"from skdefocus import {names}",
        *imports,
        "",
        f"photograph = read_photograph({_quote(opened.path)}{limit})",
        "steps = make_pipeline(",
        *(_call(step) for step in steps),
        ")",
    ]
    if product in ("sharpened", "shallow"):
        lines += [
            "(picture,) = steps.fit_transform([photograph.image])",
            f"write_photograph({_quote(file)}, picture, like=photograph)",
        ]
    elif product == "mask":
        lines += [
            "(mask,) = steps.predict([photograph.image])  # True where out of focus",
            f"write_mask({_quote(file)}, mask)",
        ]
    else:
        written = "sample" if takes_sample else "sample.blur_map"
        lines += [
            "(sample,) = steps.fit_transform([photograph.image])",
            f"{writer}({_quote(file)}, {written})",
        ]
    return "\n".join(lines) + "\n"


def command_line(
    opened: OpenedPhotograph,
    settings: Settings,
    product: str,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> str:
    """Write a command that makes the product's file, to the bit.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph.
    settings : Settings
        What is set.
    product : str
        A key of `PRODUCTS`.
    max_pixels : int, default=200_000_000
        Larger photographs are refused.

    Returns
    -------
    str
        For a shell.
    """
    words = ["skdefocus", _VERBS.get(product, "map"), opened.path, "-o", "out"]
    if _VERBS.get(product) == "batch":
        words += ["--picture", product]
    if max_pixels != DEFAULT_MAX_PIXELS:
        words += ["--max-pixels", str(max_pixels)]
    step = product_step(opened, settings, product)
    if step is not None:
        for name, value in _given(step).items():
            words += ["--set", f"{_NAMES[product]}__{name}={value}"]
    return shlex.join(words)

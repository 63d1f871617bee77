"""Pictures to look at: maps in colors, everything side by side, a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._shared.map_range import DEFAULT_LIMITS, check_limits
from ._shared.parameters import checked
from ._shared.sigma_scale import from_log_sigma, to_log_sigma
from ._shared.validation import check_map, check_unknown, to_float_image

__all__ = ["color_map", "draw_overview", "hatch_unknown", "training_figure"]

# Dark where sharp, bright where blurred, as in the paper; lightness rises evenly, so
# that the picture also reads in gray and with impaired color vision.
_COLORS = np.array(
    [
        (13, 8, 65),
        (36, 40, 126),
        (22, 85, 150),
        (14, 124, 148),
        (34, 158, 128),
        (105, 186, 92),
        (183, 205, 68),
        (250, 226, 90),
    ],
    dtype=np.float32,
)
_TICKS = (0, 1, 2, 4, 8, 19)
_GAP = 12
_BAR = 26
_TEXT = 16
# Lines of hatching along the longer side, so that they are seen however far a picture
# is made smaller; the least distance between them, in pixels; and the share of that
# distance that a line takes, half of it white and half black: one of them stands out
# against any color.
_HATCH_LINES = 60
_LEAST_HATCH = 8
_HATCH_SHARE = 1 / 3


def _position(sigma: Any, limits: tuple[float, float]) -> np.ndarray:
    """Place sigma on a logarithmic scale from 0 to 1."""
    low, high = to_log_sigma(list(limits))
    position = to_log_sigma(np.asarray(sigma, dtype=np.float32))
    place: np.ndarray = np.clip((position - low) / (high - low), 0, 1)
    return place


@checked(None, check_limits)
def color_map(
    blur_map: np.ndarray, *, limits: tuple[float, float] = DEFAULT_LIMITS
) -> np.ndarray:
    """Draw a blur map in colors, the same for the same sigma in every photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    limits : (float, float), default=(0.0, 19.0)
        Sigma of the first and of the last color, at least 0, the last one larger;
        outside, the color stays the same.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Dark blue where sharp, through green to yellow where blurred, on a logarithmic
        scale.

    Raises
    ------
    ValueError
        If the map is not one, or the limits are not two values of sigma in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.figures import color_map
    >>> color_map(np.array([[0.0, 19.0]]))
    array([[[ 13,   8,  65],
            [250, 226,  90]]], dtype=uint8)
    """
    blur_map = check_map(blur_map, np.shape(blur_map), "blur_map")
    index = _position(blur_map, limits) * (len(_COLORS) - 1)
    channels = [
        np.interp(index, np.arange(len(_COLORS)), _COLORS[:, c]) for c in range(3)
    ]
    colors: np.ndarray = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colors


def hatch_unknown(picture: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Hatch what is unknown in a picture of a map.

    Parameters
    ----------
    picture : ndarray of shape (H, W, 3), uint8
        From `color_map`.
    unknown : array-like of shape (H, W), bool
        Where to hatch, as `skdefocus.sample.unknown_pixels` tells.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        A copy with diagonal lines, white beside black, some 60 along the longer side
        but at least 8 pixels apart. Between them the color of the guess is seen.

    Raises
    ------
    ValueError
        If ``unknown`` is no mask of bool of the picture's size.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.figures import color_map, hatch_unknown
    >>> picture = color_map(np.full((16, 16), 2.0))
    >>> unknown = np.zeros((16, 16), bool)
    >>> unknown[:, 8:] = True
    >>> changed = (hatch_unknown(picture, unknown) != picture).any(axis=(0, 2))
    >>> bool(changed[:8].any()), bool(changed[8:].all())
    (False, True)
    """
    unknown = check_unknown(unknown, picture.shape[:2])
    hatched = picture.copy()
    distance = max(_LEAST_HATCH, round(max(unknown.shape) / _HATCH_LINES))
    white = max(1, round(distance * _HATCH_SHARE / 2))
    place = np.arange(unknown.shape[1] + distance) % distance
    # Rows that far apart are hatched alike.
    for first in range(min(distance, len(unknown))):
        line = place[first : first + unknown.shape[1]]
        rows = slice(first, None, distance)
        for color, within in ((255, line < white), (0, line // white == 1)):
            hatched[rows][unknown[rows] & within] = color
    return hatched


@checked(None, check_limits)
def draw_overview(
    panels: Sequence[tuple[str, np.ndarray]],
    *,
    width: int = 640,
    credit: str = "",
    limits: tuple[float, float] = DEFAULT_LIMITS,
) -> np.ndarray:
    """Draw pictures side by side, two in a row, with titles and the map's scale.

    Parameters
    ----------
    panels : sequence of (str, ndarray)
        Titles and pictures of one size: photographs, or maps that `color_map` drew.
    width : int, default=640
        Greatest width of a panel, in pixels.
    credit : str, default=""
        A line of text at the bottom.
    limits : (float, float), default=(0.0, 19.0)
        Those with which `color_map` drew the map, for the scale.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The overview.

    Raises
    ------
    ValueError
        If a panel is not an image, or the limits are not two values of sigma in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.figures import draw_overview
    >>> draw_overview([("photograph", np.zeros((20, 30)))]).ndim
    3
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_TEXT)
    pictures = []
    for _, panel in panels:
        image = np.rint(to_float_image(panel) * 255).astype(np.uint8)
        picture = Image.fromarray(image).convert("RGB")
        picture.thumbnail((width, 4 * width), Image.Resampling.LANCZOS)
        pictures.append(picture)
    across = min(2, len(pictures))
    cell = (
        max(picture.width for picture in pictures) + _GAP,
        max(picture.height for picture in pictures) + _TEXT + 2 * _GAP,
    )
    down = -(-len(pictures) // across)
    size = (across * cell[0] + _GAP, down * cell[1] + _BAR + _TEXT + 3 * _GAP)
    sheet = Image.new("RGB", (max(size[0], 420), size[1] + _TEXT + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, ((title, _), picture) in enumerate(zip(panels, pictures, strict=True)):
        left = _GAP + number % across * cell[0]
        top = _GAP + number // across * cell[1]
        draw.text((left, top), title, fill="black", font=font)
        sheet.paste(picture, (left, top + _TEXT + _GAP // 2))
    top = down * cell[1] + _GAP
    length = sheet.width - 2 * _GAP - 170
    first, last = to_log_sigma(list(limits))
    scale = from_log_sigma(np.linspace(first, last, length))
    bar = color_map(scale[np.newaxis].repeat(_BAR, axis=0), limits=limits)
    sheet.paste(Image.fromarray(bar), (_GAP, top))
    draw.text(
        (_GAP + length + 14, top + 4), "sigma of blur, px", fill="black", font=font
    )
    inside = {sigma for sigma in _TICKS if limits[0] < sigma < limits[1]}
    ticks = sorted({*limits, *inside})
    for sigma, place in zip(ticks, _position(ticks, limits).tolist(), strict=True):
        center = _GAP + place * length
        text = f"{sigma:g}+" if sigma == limits[1] else f"{sigma:g}"
        draw.text((center, top + _BAR + 3), text, fill="black", font=font, anchor="ma")
    line = (_GAP, top + _BAR + _TEXT + _GAP)
    draw.text(line, credit, fill="dimgray", font=font)
    return np.asarray(sheet)


def training_figure(history: Mapping[str, Sequence[float]]) -> Any:
    """Draw how accuracy and loss went over the epochs, like the paper's Fig. 4.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``loss`` and ``accuracy`` of every epoch, and ``val_loss`` and ``val_accuracy``
        where there was validation: the ``history_`` of a classifier, or
        ``card_["training"]["history"]`` of a loaded one.

    Returns
    -------
    matplotlib.figure.Figure
        Accuracy on the left, loss on the right; ``savefig`` writes it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the history holds no epoch, or its entries differ in length.

    References
    ----------
    Galetto and Deng (2022), Fig. 4.

    Examples
    --------
    >>> from skdefocus.figures import training_figure
    >>> figure = training_figure({"loss": [2.0, 1.0], "accuracy": [0.3, 0.6]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['accuracy', 'loss']
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise ImportError(
            "training_figure needs matplotlib: pip install matplotlib"
        ) from error
    curves = {
        name: np.asarray(history[name], dtype=np.float64)
        for quantity in ("accuracy", "loss")
        for name in (quantity, f"val_{quantity}")
        if name in history
    }
    lengths = {values.shape for values in curves.values()}
    if not {"accuracy", "loss"} <= set(curves) or len(lengths) > 1 or (0,) in lengths:
        found = {name: len(values) for name, values in history.items()}
        raise ValueError(
            f"history must hold the accuracy and loss of at least one epoch, and as "
            f"many values of each; got {found or 'nothing'}."
        )
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, quantity in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        # One dot where one epoch makes no line; ends of the map's colors.
        style = {"marker": "o" if len(curves[quantity]) == 1 else ""}
        for name, label, color in (
            (quantity, "training", _COLORS[2] / 255),
            (f"val_{quantity}", "validation", _COLORS[5] / 255),
        ):
            if name in curves:
                epochs = np.arange(1, len(curves[name]) + 1)
                axes.plot(epochs, curves[name], color=color, label=label, **style)
        axes.set(xlabel="epoch", ylabel=quantity)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if quantity == "accuracy":
            axes.set_ylim(0, 1)
        axes.legend(frameon=False)
    return figure

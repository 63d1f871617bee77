"""Pictures of the benchmark on CUHK: Fig. 11 and the best and worst photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from skdefocus import DefocusSample
from skdefocus.figures import color_map
from skdefocus.filters import resize

_WIDTH = 300
_TITLE = 16


def precision_recall_figure(path: Path, curves: dict[str, np.ndarray]) -> None:
    """Draw mean precision against mean recall of every map (Fig. 11)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot()
    for index, (name, (precision, recall)) in enumerate(curves.items()):
        # Colors repeat after ten.
        style = ("-", "--", ":")[index // 10 % 3]
        axes.plot(recall, precision, style, label=name)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0.5, 1.01))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def contact_sheet(
    path: Path,
    samples: list[DefocusSample],
    masks: list[np.ndarray],
    predicted: list[np.ndarray],
    accuracy: np.ndarray,
    n: int = 10,
) -> None:
    """Save photograph, mask, map and predicted mask of the n best and n worst."""
    order = np.argsort(accuracy)
    columns = []
    for title, chosen in (("worst", order[:n]), ("best", order[::-1][:n])):
        rows = []
        for index in chosen:
            image = samples[index].image
            pictures = [
                image if image.ndim == 3 else np.dstack([image] * 3),
                _black_and_white(masks[index]),
                color_map(samples[index].blur_map),
                _black_and_white(predicted[index]),
            ]
            text = f"{title}: number {index + 1} of the split, {accuracy[index]:.3f}"
            rows.append(_row([_shrink(picture) for picture in pictures], text))
        columns.append(np.concatenate(rows))
    height = max(len(column) for column in columns)
    padded = [
        np.pad(column, [(0, height - len(column)), (0, 8), (0, 0)])
        for column in columns
    ]
    Image.fromarray(np.concatenate(padded, axis=1)).save(path)


def _black_and_white(mask: np.ndarray) -> np.ndarray:
    return np.dstack([np.where(mask, 255, 0).astype(np.uint8)] * 3)


def _shrink(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint8:
        picture = np.round(np.asarray(picture) * 255).astype(np.uint8)
    height = round(picture.shape[0] * _WIDTH / picture.shape[1])
    small = resize(picture, (height, _WIDTH))
    return np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)


def _row(pictures: list[np.ndarray], text: str) -> np.ndarray:
    joined = np.concatenate(pictures, axis=1)
    strip = Image.new("RGB", (joined.shape[1], _TITLE))
    ImageDraw.Draw(strip).text((2, 2), text, fill="white")
    return np.concatenate([np.asarray(strip), joined])

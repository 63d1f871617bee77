"""Photographs of formats that need an encoder, written for tests."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest
from PIL import Image

from skdefocus.io.messages import receive
from skdefocus.io.worker_process import answer

from .tiff_files import dng

__all__ = ["Here", "smooth", "write_any"]


class Here:
    """Answers what `worker` asks of its process, in this one."""

    def ask(self, request, max_pixels, most_values):
        answers = io.BytesIO()
        answer(request, answers)
        answers.seek(0)
        while True:
            message, arrays = receive(answers, most_values)
            if message["kind"] != "pixels":
                return message, arrays


def smooth(height=40, width=56, *, bits=8) -> np.ndarray:
    """Colors that change slowly, which lossy formats keep."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    channels = np.stack([0.2 + 0.6 * x, 0.3 + 0.5 * y, 0.7 - 0.4 * x * y], axis=-1)
    limit = 255 if bits == 8 else 65535
    return np.rint(channels * limit).astype(np.uint8 if bits == 8 else np.uint16)


def write_any(path: Path, image: np.ndarray, **options: object) -> Path:
    """Write a file of any format by its ending, or skip where no encoder is."""
    ending = path.suffix.lower()
    if ending == ".dng":
        sixteen = image if image.dtype == np.uint16 else image.astype(np.uint16) * 257
        dng(path, sixteen, **options)
    elif ending in (".heic", ".heif", ".hif"):
        _write_heic(path, image, **options)
    elif ending in (".jxl", ".exr", ".jp2") and (
        ending != ".jp2" or image.dtype == np.uint16
    ):
        _write_layers(path, image)
    else:
        Image.fromarray(image).save(path, **options)
    return path


def _write_heic(path: Path, image: np.ndarray, **options: object) -> None:
    encoder = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    mode = "RGB" if image.dtype == np.uint8 else "RGB;16"
    made = encoder.from_bytes(mode, image.shape[1::-1], image.tobytes())
    # Its own frame is not kept by from_bytes: they are of the picture.
    made.save(path, quality=-1, **options)


def _write_layers(path: Path, image: np.ndarray) -> None:
    kind = "half" if image.dtype.kind == "f" else str(image.dtype)
    spec = OpenImageIO.ImageSpec(*image.shape[1::-1], image.shape[2], kind)
    spec.attribute("compression", "jpegxl:100" if path.suffix == ".jxl" else "")
    file = OpenImageIO.ImageOutput.create(str(path))
    if file is None:
        OpenImageIO.geterror()
        pytest.skip(f"this OpenImageIO writes no {path.suffix}")
    assert file.open(str(path), spec), OpenImageIO.geterror()
    assert file.write_image(np.ascontiguousarray(image))
    file.close()

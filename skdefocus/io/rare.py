"""TIFFs that only imagecodecs decodes, in a process with a clock and a memory limit."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .._shared.threads import ONE_THREAD
from .refusal import Refusal
from .tiff_pages import Page

__all__ = ["decode_rare", "run_worker"]

_COMPRESSIONS = {
    **{6: "JPEG", 7: "JPEG", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG"},
    **{34925: "LZMA", 34933: "PNG", 34934: "JPEG XR", 50000: "Zstandard"},
    **{50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"},
}
_SECONDS, _PIXELS_PER_SECOND = 60, 2_000_000
# What the decoder says of what it does not know, in contrast to what is damaged.
_UNKNOWN = ("not supported", "not implemented", "requires", "unknown")


def decode_rare(path: Path, page: Page, index: int) -> np.ndarray:
    """Decode a page of a TIFF with tifffile and imagecodecs, the extra ``tiff``.

    Parameters
    ----------
    path : Path
        The file.
    page : Page
        What it is.
    index : int
        Its number.

    Returns
    -------
    ndarray of shape (H, W, C)
        Samples as they are stored, neither spread nor inverted.

    Raises
    ------
    Refusal
        If the extra is not installed or does not know the kind either, or the decoder
        takes too long.
    ValueError
        If it is damaged.
    """
    name = _COMPRESSIONS.get(page.get("compression", 1), "")
    kind = f"a TIFF of {page.bits} bits" + (f" with {name} compression" * bool(name))
    if find_spec("tifffile") is None or find_spec("imagecodecs") is None:
        raise Refusal(
            f"is {kind}; to read it: pip install 'skdefocus[tiff]', or convert it to a "
            f"common TIFF."
        )
    height, width = page.get("height", 0), page.get("width", 0)
    n_bytes = height * width * page.n_samples * -(-page.bits // 8)
    shape = height, width, page.n_samples
    with TemporaryDirectory(prefix="skdefocus-") as folder:
        result = Path(folder) / "pixels.npy"
        seconds = _SECONDS + height * width / _PIXELS_PER_SECOND
        try:
            said = run_worker(path, index, result, n_bytes, seconds)
        except subprocess.TimeoutExpired as error:
            raise Refusal(f"is {kind} that takes too long to decode.") from error
        if any(word in said for word in _UNKNOWN):
            raise Refusal(f"is {kind}, which is not read ({said}).")
        if said:
            raise ValueError(said)
        pixels: np.ndarray = np.load(result, allow_pickle=False)
    if page.get("planar", 1) == 2 and page.n_samples > 1:
        pixels = np.moveaxis(pixels.reshape(-1, height, width), 0, -1)
    return pixels.reshape(shape)


def run_worker(
    path: Path, index: int, result: Path, n_bytes: int, seconds: float
) -> str:
    """Decode in a process of its own.

    Parameters
    ----------
    path : Path
        The TIFF.
    index : int
        The number of the page.
    result : Path
        The ``.npy`` to write.
    n_bytes : int
        What the samples should take.
    seconds : float
        How long it may take.

    Returns
    -------
    str
        What went wrong; empty if nothing did.

    Raises
    ------
    subprocess.TimeoutExpired
        If it takes longer.
    """
    command = [sys.executable, "-m", "skdefocus.io.rare_worker"]
    command += [os.fspath(path.absolute()), str(index), str(result), str(n_bytes)]
    place = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        command,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": place},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode == 0 and result.exists():
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "the decoder stopped"

"""TIFFs that only imagecodecs decodes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .refusal import Refusal
from .tiff_pages import Page
from .worker import decode_page

__all__ = ["decode_rare", "read_page"]

_COMPRESSIONS = {
    **{6: "JPEG", 7: "JPEG", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG"},
    **{34925: "LZMA", 34933: "PNG", 34934: "JPEG XR", 50000: "Zstandard"},
    **{50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"},
}
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
    n_bytes = -(-page.bits // 8)
    try:
        pixels = decode_page(path, index, height * width, page.n_samples, n_bytes)
    except Refusal:
        raise
    except ValueError as error:
        if any(word in str(error) for word in _UNKNOWN):
            raise Refusal(f"is {kind}, which is not read ({error}).") from error
        raise
    if page.get("planar", 1) == 2 and page.n_samples > 1:
        pixels = np.moveaxis(pixels.reshape(-1, height, width), 0, -1)
    return pixels.reshape(height, width, page.n_samples)


def read_page(path: Path, index: int) -> np.ndarray:
    """Decode a page with tifffile, in this process.

    Parameters
    ----------
    path : Path
        The TIFF.
    index : int
        The number of the page.

    Returns
    -------
    ndarray
        Samples as they are stored.
    """
    import tifffile

    with tifffile.TiffFile(path) as file:
        pixels: np.ndarray = file.pages[index].asarray(maxworkers=1)
    return pixels

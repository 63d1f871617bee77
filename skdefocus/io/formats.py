"""The one list of formats that can be read and written, and of their endings."""

from __future__ import annotations

__all__ = [
    "AVIF_BRANDS",
    "FOLDER_ENDINGS",
    "HEIC_BRANDS",
    "HEIC_ENDINGS",
    "MAP_ENDINGS",
    "MASK_ENDINGS",
    "PILLOW_FORMATS",
    "RAW_ENDINGS",
    "READ_ENDINGS",
    "WRITE_FORMATS",
    "result_ending",
]

# What photographs in folders end in.
FOLDER_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
# What else is read where a file is named: too often no photograph to be searched for.
READ_ENDINGS = (*FOLDER_ENDINGS, ".bmp", ".gif", ".ppm")
# Of what Pillow can open only this: some of its formats start other programs.
PILLOW_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

# What is recognized, to be refused with advice.
RAW_ENDINGS = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2"),
        *(".sr2", ".srf", ".srw", ".x3f"),
    }
)
HEIC_ENDINGS = frozenset({".heic", ".heif", ".hif"})
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"})
# Of files whose main brand may be mif1 as well, as that of HEIC.
AVIF_BRANDS = frozenset({b"avif", b"avis"})

# What photographs are written as, by ending.
WRITE_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}

# Masks of subjects, in the order in which one is looked for: JPEG changes them.
MASK_ENDINGS = (".png", ".tif", ".tiff", ".webp", ".jpg", ".jpeg")
# Maps of other programs, in the order in which one is looked for.
MAP_ENDINGS = (".npy", ".mat", ".tif", ".tiff", ".png")


def result_ending(file_format: str | None) -> str:
    """Give the ending of a picture that is made of a photograph.

    Parameters
    ----------
    file_format : str or None
        Format of the photograph as Pillow calls it. MPO is a JPEG with further
        pictures behind the first, as phones write it.

    Returns
    -------
    str
        Of the photograph's own format if it can be written, else ``.png``.

    Examples
    --------
    >>> from skdefocus.io.formats import result_ending
    >>> result_ending("MPO"), result_ending("GIF")
    ('.jpg', '.png')
    """
    wanted = "JPEG" if file_format == "MPO" else file_format
    endings = (end for end, written in WRITE_FORMATS.items() if written == wanted)
    return next(endings, ".png")

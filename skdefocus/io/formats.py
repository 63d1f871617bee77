"""The one list of formats that can be read and written, and of their endings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AVIF_BRANDS",
    "FOLDER_ENDINGS",
    "FORMATS",
    "HEIC_BRANDS",
    "HEIC_ENDINGS",
    "MAP_ENDINGS",
    "MASK_ENDINGS",
    "PILLOW_FORMATS",
    "RAW_ENDINGS",
    "READ_ENDINGS",
    "STRIPS",
    "WRITE_FORMATS",
    "Format",
    "format_of_ending",
    "result_ending",
]


@dataclass(frozen=True)
class Format:
    """A format that can be read.

    Attributes
    ----------
    name : str
        `Photograph.file_format` of such a file, as Pillow calls it where it can.
    endings : tuple of str
        What names of such files end in.
    result : str
        Ending of a picture that is made of such a photograph.
    result_16 : str
        The same for more than 8 bits.
    in_folders : bool
        Whether folders are searched for it; it can be named all the same.
    extra : str or None
        The extra that reads it.
    """

    name: str
    endings: tuple[str, ...]
    result: str = ".png"
    result_16: str = ".png"
    in_folders: bool = True
    extra: str | None = None


RAW_ENDINGS = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".fff", ".iiq"),
        *(".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf"),
        *(".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
    }
)
HEIC_ENDINGS = frozenset({".heic", ".heif", ".hif"})

FORMATS = (
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ".jpg", ".jpg"),
    Format("PNG", (".png",)),
    Format("TIFF", (".tif", ".tiff"), ".tif", ".tif"),
    Format("WEBP", (".webp",), ".webp", ".webp"),
    Format("RAW", tuple(sorted(RAW_ENDINGS)), ".tif", ".tif", extra="raw"),
    Format("HEIF", tuple(sorted(HEIC_ENDINGS)), ".jpg", extra="heif"),
    Format("AVIF", (".avif",), ".jpg"),
    Format("JXL", (".jxl",), ".jpg"),
    Format("JPEG2000", (".jp2", ".j2k", ".j2c", ".jpf", ".jpx")),
    # Too often no photographs to be searched for.
    Format("BMP", (".bmp",), in_folders=False),
    Format("GIF", (".gif",), in_folders=False),
    Format("PPM", (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"), in_folders=False),
    Format("PSD", (".psd", ".psb"), in_folders=False),
    Format("EXR", (".exr",), in_folders=False),
)

# What photographs in folders end in. ".raw" is also what programs call plain numbers.
FOLDER_ENDINGS = tuple(
    ending
    for known in FORMATS
    if known.in_folders
    for ending in known.endings
    if ending != ".raw"
)
# What is read where a file is named.
READ_ENDINGS = tuple(ending for known in FORMATS for ending in known.endings)
# Of what Pillow can open only this: some of its formats start other programs.
PILLOW_FORMATS = (
    *("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP"),
)
# What HEIC and AVIF files call themselves at their beginning.
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"})
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
# What can be left out of the metadata of a picture.
STRIPS = ("gps", "all")

# Masks of subjects, in the order in which one is looked for: JPEG changes them.
MASK_ENDINGS = (".png", ".tif", ".tiff", ".webp", ".jpg", ".jpeg")
# Maps of other programs, in the order in which one is looked for.
MAP_ENDINGS = (".npy", ".mat", ".tif", ".tiff", ".png")


def format_of_ending(ending: str) -> Format | None:
    """Find the format of an ending.

    Parameters
    ----------
    ending : str
        With its point, in capitals or not.

    Returns
    -------
    Format or None
        None if it is not one of `READ_ENDINGS`.
    """
    ending = ending.lower()
    return next((known for known in FORMATS if ending in known.endings), None)


def result_ending(file_format: str | None, bits: int = 8) -> str:
    """Give the ending of a picture that is made of a photograph.

    Parameters
    ----------
    file_format : str or None
        Format of the photograph as Pillow calls it. MPO is a JPEG with further
        pictures behind the first, as phones write it.
    bits : int, default=8
        Bits of a sample in the photograph.

    Returns
    -------
    str
        Of the photograph's own format if it can be written. Else what holds it best:
        ``.tif`` for raw files, ``.jpg`` for HEIC, AVIF and JPEG XL of 8 bits, and
        ``.png`` for the others.

    Examples
    --------
    >>> from skdefocus.io.formats import result_ending
    >>> result_ending("MPO"), result_ending("GIF"), result_ending("HEIF", bits=16)
    ('.jpg', '.png', '.png')
    """
    wanted = "JPEG" if file_format == "MPO" else file_format
    for known in FORMATS:
        if known.name == wanted:
            return known.result if bits == 8 else known.result_16
    return ".png"

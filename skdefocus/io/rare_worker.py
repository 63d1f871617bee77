"""The process of its own in which a rare TIFF is decoded."""

from __future__ import annotations

import sys

__all__ = ["main"]

# Beside the pixels: Python and the libraries.
_BASE_BYTES = 2**30
# Copies of the pixels that decoders hold at a time.
_COPIES = 4


def main(path: str, index: int, result: str, n_bytes: int) -> None:
    """Decode a page and write its samples, within limits of memory.

    Parameters
    ----------
    path : str
        The TIFF.
    index : int
        The number of the page.
    result : str
        The ``.npy`` to write.
    n_bytes : int
        What the samples should take.
    """
    try:
        import resource
    except ImportError:  # Not on Windows.
        pass
    else:
        most = _BASE_BYTES + _COPIES * n_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    import numpy as np
    import tifffile

    with tifffile.TiffFile(path) as file:
        pixels = file.pages[index].asarray(maxworkers=1)
    np.save(result, pixels, allow_pickle=False)


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    except MemoryError:
        sys.exit("it takes more memory than its pixels should")
    except Exception as error:
        lines = str(error).strip().splitlines()
        sys.exit(lines[0] if lines else type(error).__name__)

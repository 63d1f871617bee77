"""Inflate metadata within bounds, for each part and for all parts of a file."""

from __future__ import annotations

import zlib

__all__ = ["Inflater"]

_MOST_BYTES = 32 << 20
_MOST_IN_ALL = 64 << 20


class Inflater:
    """Inflates the parts of one file, until they are too much together."""

    def __init__(self) -> None:
        self._left = _MOST_IN_ALL

    def zlib(self, data: bytes) -> bytes | None:
        """Inflate what zlib packed.

        Parameters
        ----------
        data : bytes
            Packed.

        Returns
        -------
        bytes or None
            None if it is damaged or becomes too large.
        """
        if self._left <= 0:
            return None
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(data, min(_MOST_BYTES, self._left))
        except zlib.error:
            return None
        self._left -= len(text)
        return text if inflater.eof else None

    def brotli(self, data: bytes) -> bytes | None:
        """Inflate what Brotli packed.

        Parameters
        ----------
        data : bytes
            Packed.

        Returns
        -------
        bytes or None
            None if it is damaged or becomes too large.

        Raises
        ------
        ImportError
            If Brotli is not installed.
        """
        import brotli

        if self._left <= 0:
            return None
        inflater = brotli.Decompressor()
        most = min(_MOST_BYTES, self._left)
        try:
            text: bytes = inflater.process(data, output_buffer_limit=most)
        except brotli.error:
            return None
        self._left -= len(text)
        # Brotli gives somewhat more than asked for.
        return text if inflater.is_finished() and len(text) <= most else None

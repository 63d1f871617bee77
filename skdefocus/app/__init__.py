"""The tuning page: parameters moved by eye, in a browser, on this machine alone.

`serve` needs the extra ``app``; everything else here is free of the page's library.
"""

from __future__ import annotations

from ._serve import serve

__all__ = ["serve"]

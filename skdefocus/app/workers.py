"""Threads that compute for all tabs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

__all__ = ["Workers"]


class Workers:
    """Two pools, one of them for what takes long.

    Mapping and export take seconds and much memory, so they are done one at a time and
    apart from the previews, which then never wait for them.

    Attributes
    ----------
    long, quick : Executor
        The pools.
    """

    def __init__(self) -> None:
        self.long = ThreadPoolExecutor(1, "skdefocus-long")
        self.quick = ThreadPoolExecutor(2, "skdefocus-quick")

    def close(self) -> None:
        """Finish what is being done and drop what waits."""
        self.quick.shutdown(cancel_futures=True)
        self.long.shutdown(cancel_futures=True)

"""How much memory this process may still take."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["available_memory"]

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Find how many bytes of memory this process may still take.

    Returns
    -------
    int or None
        What the system has left, less where a container or ``ulimit -v`` allows less;
        None where the system does not tell.

    Examples
    --------
    >>> from skdefocus._shared.memory import available_memory
    >>> found = available_memory()
    >>> found is None or found > 0
    True
    """
    found = [_of_system(), _of_container(), _of_process()]
    return min((n_bytes for n_bytes in found if n_bytes is not None), default=None)


def _of_system() -> int | None:
    try:
        for line in _MEMINFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows.
        return None


def _of_container() -> int | None:
    try:
        most = int((_CGROUP / "memory.max").read_text())
        return max(most - int((_CGROUP / "memory.current").read_text()), 1)
    except (OSError, ValueError):
        return None  # No container, or one without a limit: "max".


def _of_process() -> int | None:
    try:
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY:
            return None
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return max(most - pages * os.sysconf("SC_PAGE_SIZE"), 1)
    except (ImportError, OSError, ValueError):
        return None

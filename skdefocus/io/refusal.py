"""What a reader raises where a file is whole, and still not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Refusal", "check_pixels", "first_line", "told_of_pixels"]

# Who is told how many pixels a header says, while the file is read.
_listener: ContextVar[Callable[[int], object] | None] = ContextVar(
    "listener", default=None
)


class Refusal(ValueError):
    """The rest of a sentence that begins with the path of the file."""


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture with more pixels than accepted, or with none.

    Parameters
    ----------
    width, height : int
        What the header says.
    max_pixels : int
        The most that is accepted.

    Raises
    ------
    Refusal
        Naming the option that raises the limit.
    """
    if width * height > max_pixels:
        raise Refusal(
            f"has {width} x {height} pixels; at most {max_pixels} are accepted "
            f"('max_pixels', --max-pixels)."
        )
    if width < 1 or height < 1:
        raise Refusal(f"is damaged or truncated: it has {width} x {height} pixels.")
    listener = _listener.get()
    if listener is not None:
        listener(width * height)


@contextmanager
def told_of_pixels(listener: Callable[[int], object]) -> Iterator[None]:
    """Have somebody told how many pixels a header says, once they are accepted.

    Parameters
    ----------
    listener : callable
        Takes the number.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def first_line(error: BaseException) -> str:
    """Give the first line that an error says, or else its name.

    Parameters
    ----------
    error : BaseException
        Of a decoder.

    Returns
    -------
    str
        Without a full stop.
    """
    said = error.args[0] if error.args else ""
    # LibRaw's complaints are bytes.
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
    lines = text.strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")

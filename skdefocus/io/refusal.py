"""What a reader raises where a file is whole, and still not read."""

from __future__ import annotations

__all__ = ["Refusal", "check_pixels"]


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
            f"('max_pixels', --max-pixels; by default what memory allows)."
        )
    if width < 1 or height < 1:
        raise Refusal(f"is damaged or truncated: it has {width} x {height} pixels.")

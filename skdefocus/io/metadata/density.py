"""How many pixels go to an inch or a centimeter of a print."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Density"]


@dataclass(frozen=True)
class Density:
    """Pixels per unit of length.

    Attributes
    ----------
    x, y : float
        Across and down.
    unit : {1, 2, 3}
        As TIFF has it: 1 for none (a ratio), 2 for an inch, 3 for a centimeter.
    """

    x: float
    y: float
    unit: int

    @property
    def is_useful(self) -> bool:
        """Whether it says more than that pixels are square."""
        return self.unit != 1 or self.x != self.y

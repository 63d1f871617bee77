"""List the photographs that shipped networks learn from, without those held out.

python benchmarks/training_photographs.py DIR

DIR holds the folders of `SOURCES` below a folder "sharp". benchmarks/held_out.txt names
every tenth photograph of each; no training, calibration or learned threshold sees them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from skdefocus.io import list_photographs

__all__ = ["held_out", "photographs"]

SOURCES = ("urban100", "kodak24", "wallpapers", "everyday")
_HELD_OUT = Path(__file__).with_name("held_out.txt")


def held_out(folder: Path) -> list[Path]:
    """Photographs that judge."""
    return [folder / name for name in _HELD_OUT.read_text().split()]


def photographs(folder: Path) -> list[Path]:
    """Photographs to learn from, in the order that the networks were made in."""
    kept_out = set(held_out(folder))
    found = (
        path
        for source in SOURCES
        for path in list_photographs([folder / "sharp" / source])
    )
    return [path for path in found if path not in kept_out]


def main(arguments: list[str] | None = None) -> int:
    """Print their paths."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--held-out", action="store_true", help="those held out instead"
    )
    options = parser.parse_args(arguments)
    found = (held_out if options.held_out else photographs)(options.folder)
    print(*found, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

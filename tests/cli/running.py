"""The command line in this process."""

from __future__ import annotations

from pathlib import Path

from skdefocus.cli.main import main

__all__ = ["files", "run"]


def run(*arguments: object) -> int:
    """Give the exit code, whichever way the command line ends."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as stopped:
        return int(stopped.code or 0)


def files(folder: Path) -> set[str]:
    """What lies in a folder, but for what is hidden."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}

"""Print the lowest versions of the core dependencies that pyproject.toml allows.

One pin a line, as pip takes them: ``pip install -r <(python .ci/lowest_versions.py)``.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

__all__ = ["lowest_pins"]

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
_DEPENDENCY = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


def lowest_pins(pyproject: Path = PYPROJECT) -> list[str]:
    """Read the lower bounds of ``[project] dependencies``, in their order.

    Parameters
    ----------
    pyproject : Path, default=PYPROJECT
        A ``pyproject.toml``.

    Returns
    -------
    list of str
        ``name==version`` for every dependency.

    Raises
    ------
    ValueError
        For a dependency that is not of the form ``name>=version``.
    """
    dependencies = tomllib.loads(pyproject.read_text("utf-8"))["project"][
        "dependencies"
    ]
    pins = []
    for dependency in dependencies:
        match = _DEPENDENCY.fullmatch(dependency)
        if match is None:
            raise ValueError(
                f"Dependencies must be of the form 'name>=version', without other "
                f"bounds or markers. Got {dependency!r}."
            )
        pins.append(f"{match[1]}=={match[2]}")
    return pins


if __name__ == "__main__":
    sys.stdout.write("".join(f"{pin}\n" for pin in lowest_pins()))

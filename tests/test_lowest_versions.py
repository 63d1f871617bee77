"""The script that derives the lowest versions from pyproject.toml."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "lowest_versions.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("lowest_versions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_prints_a_pin_for_each_dependency_of_the_package():
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, check=True
    )
    project = tomllib.loads((SCRIPT.parents[1] / "pyproject.toml").read_text())
    expected = [d.replace(">=", "==") for d in project["project"]["dependencies"]]
    assert done.stdout.splitlines() == expected
    assert "numpy==2.0" in expected


def write(folder: Path, dependency: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(f"[project]\ndependencies = ['{dependency}']\n")
    return path


def test_names_may_hold_any_character_that_names_may(script, tmp_path):
    path = write(tmp_path, "a-b_c.d2>=3.0.3.1")
    assert script.lowest_pins(path) == ["a-b_c.d2==3.0.3.1"]


@pytest.mark.parametrize(
    "dependency", ["numpy", "numpy>=1.26,<3", "numpy>1.26", 'numpy>=1; os_name == "nt"']
)
def test_other_bounds_are_refused(script, tmp_path, dependency):
    path = write(tmp_path, dependency)
    with pytest.raises(ValueError, match="must be of the form 'name>=version'"):
        script.lowest_pins(path)

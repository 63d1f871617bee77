"""The README's commands and lines of Python do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from skdefocus.cli.main import main

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.S | re.M)


def test_the_main_job(tmp_path, monkeypatch):
    install, command = blocks("sh")[0].strip().split(" && ")
    assert install == "pip install ."
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert program == "skdefocus"
    assert main(arguments) == 0
    for name in re.findall(r"^\| (`_.*?) \|", README, flags=re.M):
        for ending in re.findall(r"`(_\w+)", name):
            assert list((tmp_path / "out").glob(f"flower{ending}*")), ending


def test_the_test_command_installs_what_the_tests_import():
    assert blocks("sh")[1].endswith("-e '.[test]' && python -m pytest\n")
    assert len(blocks("sh")) == 2


def test_ten_lines_of_python():
    (block,) = blocks("python")
    assert len([line for line in block.splitlines() if line]) == 10
    names: dict = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["blur_map"].shape == names["photo"].shape[:2]
    for result in ("sharper", "shallower", "sharpened"):
        assert names[result].shape == names["photo"].shape


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_links_lead_somewhere(path):
    assert (Path(__file__).parents[1] / path).exists()

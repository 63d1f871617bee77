"""The README's commands and lines of Python do what it says."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from skdefocus.cli.main import _build_parser, main

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
    endings = ("map.png", "map16.png", "sigma.tif", "sharpened.jpg", "shallow.jpg")
    for ending in endings:
        assert (tmp_path / "out" / f"flower_{ending}").stat().st_size > 0


def test_is_short():
    assert len(README.splitlines()) < 120


def test_the_commands_of_the_table_are_accepted():
    commands = re.findall(r"`skdefocus ([^`]+)`", README)
    assert len(commands) >= 8
    for command in commands:
        verb, *words = shlex.split(command)
        if verb in ("VERB", "all"):
            continue
        assert _build_parser().parse_args([verb, *words]).verb == verb


def test_the_names_of_the_table_are_there():
    (table,) = re.findall(r"^## Which call.*?\n\n(.*?)\n\n", README, flags=re.S | re.M)
    columns = [row.split("|")[3] for row in table.splitlines()[2:]]
    names = re.findall(r"`(?:skdefocus\.)?(\w+(?:\.\w+)*)[(`]", " ".join(columns))
    assert len(names) >= 10
    for name in names:
        module, _, attribute = f"skdefocus.{name}".rpartition(".")
        home = import_module(module)
        assert hasattr(home, attribute) or import_module(f"{module}.{attribute}")


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

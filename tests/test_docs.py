"""The documentation tells of every public name, and its commands are accepted."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import skdefocus
from skdefocus.cli.main import _build_parser

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = sorted(DOCS.glob("guide/*.rst"))
# Rooms inside rooms whose names are public, too.
INNER = ("classifier.training", "mapping.peers")


def entries() -> list[str]:
    """Names in the reference: of its tables, and constants that it describes."""
    text = (DOCS / "api.rst").read_text()
    return re.findall(r"^(?:   ~|\.\. py:data:: )(skdefocus\.\S+)$", text, flags=re.M)


def load(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def public_names() -> list[str]:
    """Every name of each __all__; those of skdefocus itself by that name only."""
    names = [f"skdefocus.{name}" for name in skdefocus.__all__]
    rooms = [module.name for module in pkgutil.iter_modules(skdefocus.__path__)]
    for room in (*rooms, *INNER):
        # The command line is for the shell: the guide describes it.
        if room.startswith("_") or room == "cli":
            continue
        home = importlib.import_module(f"skdefocus.{room}")
        names += [
            f"{home.__name__}.{name}"
            for name in home.__all__
            if getattr(skdefocus, name, None) is not getattr(home, name)
        ]
    return names


def test_every_public_name_is_in_the_reference():
    assert sorted(entries()) == sorted(public_names())


@pytest.mark.parametrize("name", entries())
def test_what_the_reference_lists_is_there(name):
    # Constants have no docstring but that of their type; they are described there.
    value = load(name)
    assert value is not None
    if callable(value):
        assert value.__doc__


def test_the_pages_of_the_guide_are_in_its_index():
    listed = re.findall(r"^   (\w+)$", (DOCS / "guide/index.rst").read_text(), re.M)
    assert {path.stem for path in GUIDE} == {*listed, "index"}


@pytest.mark.parametrize(
    "page", [*GUIDE, DOCS / "index.rst"], ids=lambda path: path.stem
)
def test_commands_in_the_documentation_are_accepted(page):
    blocks = re.findall(
        r"^\.\. code-block:: sh\n\n((?:   .*\n|\n)+)", page.read_text(), flags=re.M
    )
    commands = [
        command
        for block in blocks
        for line in block.splitlines()
        for command in line.split("&&")
        if command.split()[:1] == ["skdefocus"]
    ]
    for command in commands:
        _, *words = shlex.split(command)
        assert _build_parser().parse_args(words).verb == words[0]


def test_the_landing_page_says_what_the_readme_says():
    readme = (DOCS.parent / "README.md").read_text()
    page = (DOCS / "index.rst").read_text()
    for block in re.findall(r"^```sh\n(.*?)\n```", readme, flags=re.S | re.M):
        assert f"   {block}\n" in page
    (block,) = re.findall(r"^```python\n(.*?)^```", readme, flags=re.S | re.M)
    lines = [line for line in block.splitlines() if line]
    assert re.findall(r"^>>> (.*)$", page, flags=re.M) == lines

"""Code and command line give what the page exports, to the bit."""

from __future__ import annotations

import shlex

import pytest

from skdefocus.app.export import export_product
from skdefocus.app.recipe import PRODUCTS, command_line, product_file, python_code
from skdefocus.app.settings import Settings
from skdefocus.cli.main import main

from .tuned import settings


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("kind", ["opened", "deep"])
def test_all_three_are_the_same(request, tmp_path, monkeypatch, product, kind):
    opened = request.getfixturevalue(kind)
    exported = export_product(opened, settings(), product, tmp_path / "page")
    monkeypatch.chdir(tmp_path)
    exec(compile(python_code(opened, settings(), product), "recipe.py", "exec"), {})
    expected = exported.read_bytes()
    assert (tmp_path / exported.name).read_bytes() == expected
    program, *arguments = shlex.split(command_line(opened, settings(), product))
    assert program == "skdefocus"
    assert main([*arguments, "--quiet"]) == 0
    assert (tmp_path / "out" / exported.name).read_bytes() == expected


def test_what_is_not_set_is_not_written(opened):
    code = python_code(opened, Settings(), "sharpened")
    assert "AdaptiveUnsharpMask(),\n" in code
    assert "--set" not in command_line(opened, Settings(), "sharpened")
    assert '"my flower.jpg"' not in code  # The whole path.
    assert "'" in command_line(opened, Settings(), "map")  # A blank in the name.


def test_limits_are_written(opened):
    limit = {"max_pixels": 100_000}
    assert ", max_pixels=100000)" in python_code(opened, settings(), "map", **limit)
    command = command_line(opened, settings(), "map", **limit)
    assert command.endswith("--max-pixels 100000")


@pytest.mark.parametrize("name", ['a"b.png', "a\\b.png", "a\nb.png"])
def test_names_that_need_care(opened, name):
    from dataclasses import replace

    odd = replace(opened, path=name)
    code = python_code(odd, settings(), "mask")
    compile(code, "recipe.py", "exec")
    assert repr(name) in code
    assert shlex.split(command_line(odd, settings(), "mask"))[2] == name


def test_no_such_product(opened):
    with pytest.raises(ValueError, match="there is no product 'x' to export; known: s"):
        product_file(opened, "x")
    for tell in (python_code, command_line):
        with pytest.raises(ValueError, match="there is no product 'x'"):
            tell(opened, settings(), "x")

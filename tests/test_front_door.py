"""The package's own names as type checkers see them."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import skdefocus

PACKAGE = Path(skdefocus.__file__).parent

SCRIPT = """\
from skdefocus import AdaptiveUnsharpMask, DefocusSample, DefocusSegmenter
from skdefocus import GlobalRefiner, SDoFRenderer, SlidingWindowMapper, __version__
from skdefocus.io import read_image

photo = read_image("bird.jpg")
samples: list[DefocusSample] = SlidingWindowMapper(step=4).transform([photo])
refined = GlobalRefiner(smoothness=64.0).transform(samples)
masks = DefocusSegmenter().fit(refined).predict(refined)
sharp = AdaptiveUnsharpMask(gain=1.5).fit_transform(refined, subject_masks=masks)
shallow = SDoFRenderer("auto", 7.0, smoothing="disc").transform(refined)
print(__version__, samples[0].require_map().max(), sharp[0].shape, shallow[0].dtype)
GlobalRefiner(wrong=3)
"""


def stub() -> ast.Module:
    return ast.parse((PACKAGE / "__init__.pyi").read_text())


def test_the_stub_takes_every_name_from_its_home():
    imports = [node for node in stub().body if isinstance(node, ast.ImportFrom)]
    assert all(node.level == 1 for node in imports)
    homes = {
        alias.name: node.module
        for node in imports
        for alias in node.names
        # Only what is given its own name again is passed on.
        if alias.asname == alias.name
    }
    assert homes == skdefocus._HOMES
    assert sum(len(node.names) for node in imports) == len(homes)


def test_the_stub_lists_the_names_in_order():
    (listed,) = (
        ast.literal_eval(node.value)
        for node in stub().body
        if isinstance(node, ast.Assign)
    )
    assert listed == skdefocus.__all__
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.slow
def test_mypy_finds_a_mistake_and_nothing_else(tmp_path):
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    options = ["--config-file=", f"--cache-dir={tmp_path}", "--no-error-summary"]
    # In a clone the package would be checked too, by rules that are not its own.
    options.append("--follow-imports=silent")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(script)],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        timeout=280,
    )
    (error,) = (line for line in done.stdout.splitlines() if ": note: " not in line)
    assert error.startswith(f"{script}:{SCRIPT.count(chr(10))}: error: ")
    assert 'argument "wrong" for "GlobalRefiner"' in error

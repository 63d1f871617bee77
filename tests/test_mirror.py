"""Tests mirror the package: `skdefocus/a/b.py` is tested in `tests/a/test_b.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "skdefocus", ROOT / "tests"

# Modules without a file of tests of their own, each with its reason. What ends in a
# slash is a folder.
EXCEPTIONS = {
    "filters/kernels/": (
        "tests/filters/test_kernels.py runs all kernels against the filters in NumPy, "
        "which are what says that a kernel is right"
    ),
}
# Files that hold no code that could be tested where it stands.
NAMES = {
    "__init__.py": "hands on names of other modules; tests/test_import.py loads them",
    "__main__.py": "calls main of cli/main.py",
}


def modules() -> list[str]:
    return sorted(
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
    )


def mirror_of(module: str) -> Path:
    """Where the tests of a module are; a leading underscore is dropped."""
    path = TESTS / module
    return path.with_name(f"test_{path.stem.lstrip('_')}.py")


def is_excepted(module: str) -> bool:
    return Path(module).name in NAMES or any(
        module.startswith(known) if known.endswith("/") else module == known
        for known in EXCEPTIONS
    )


@pytest.mark.parametrize(
    "module", [module for module in modules() if not is_excepted(module)]
)
def test_every_module_has_tests_of_its_own(module):
    mirror = mirror_of(module)
    assert mirror.is_file(), f"{module} has no {mirror.relative_to(ROOT)}"
    assert "def test_" in mirror.read_text(encoding="utf-8")


def test_no_two_modules_share_a_file_of_tests():
    mirrors = [mirror_of(module) for module in modules() if not is_excepted(module)]
    assert len(mirrors) == len(set(mirrors)) > 0


@pytest.mark.parametrize("known", EXCEPTIONS)
def test_every_exception_is_still_needed(known):
    excepted = [module for module in modules() if module.startswith(known)]
    tested_together = [m for m in excepted if Path(m).name not in NAMES]
    assert tested_together
    assert not any(mirror_of(module).exists() for module in tested_together)

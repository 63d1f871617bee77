from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


HEAVY = "{'sklearn', 'numba', 'numpy', 'scipy', 'torch', 'keras', 'onnxruntime', 'PIL'}"


def test_importing_the_package_imports_nothing_heavy():
    code = f"import sys, skdefocus; print(sorted({HEAVY} & set(sys.modules)))"
    assert run(code) == "[]"


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom skdefocus.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted({HEAVY} & set(sys.modules)))"
    )
    assert run(code).splitlines()[-1] == "[]"


def test_mapping_needs_no_framework():
    code = (
        "import sys, numpy as np, skdefocus\n"
        "skdefocus.estimate_blur_map(np.zeros((40, 40)))\n"
        "print(sorted({'torch', 'keras', 'onnx'} & set(sys.modules)))"
    )
    assert run(code) == "[]"


def test_every_public_name_loads_and_is_listed():
    import skdefocus

    for name in skdefocus.__all__:
        # A constant does not know its name.
        value = getattr(skdefocus, name)
        assert name.isupper() or value.__name__ == name
        assert name in dir(skdefocus)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = skdefocus.nothing

"""What the core installation weighs and how fast it starts.

python benchmarks/startup.py

Run it in an environment that holds nothing but skdefocus: it prints the size of
site-packages without pip and setuptools, and the medians of importing skdefocus and of
importing scikit-learn's base and pipeline, in alternating fresh processes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

REPEATS = 7
STATEMENTS = ("import skdefocus", "import sklearn.base, sklearn.pipeline", "pass")


def installed_bytes() -> int:
    """Sum the files of site-packages, without pip and setuptools."""
    folder = Path(sysconfig.get_path("purelib"))
    skipped = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
        and not path.relative_to(folder).parts[0].split("-")[0].startswith(skipped)
    )


def seconds(statement: str) -> float:
    """Time a fresh process that runs one statement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the figures."""
    print(f"site-packages: {installed_bytes() / 1e6:.0f} MB")
    times = {statement: [] for statement in STATEMENTS}
    for _ in range(REPEATS):
        for statement in STATEMENTS:
            times[statement].append(seconds(statement))
    for statement, values in times.items():
        print(f"{statement:40} {statistics.median(values):.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

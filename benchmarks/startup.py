"""What the core installation weighs and how fast it starts.

python benchmarks/startup.py [--check]

Run it in an environment that holds nothing but skdefocus: it prints the size of
site-packages without pip and setuptools, and the medians of importing skdefocus and of
importing scikit-learn's base and pipeline, in alternating fresh processes. With --check
it fails where the size is above 700 MB or the import takes 0.3 s more than
scikit-learn's.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

REPEATS = 7
MOST_MEGABYTES, MOST_SECONDS = 700, 0.3
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
    size = installed_bytes() / 1e6
    print(f"site-packages: {size:.0f} MB")
    times = {statement: [] for statement in STATEMENTS}
    for _ in range(REPEATS):
        for statement in STATEMENTS:
            times[statement].append(seconds(statement))
    medians = [statistics.median(values) for values in times.values()]
    for statement, median in zip(STATEMENTS, medians, strict=True):
        print(f"{statement:40} {median:.3f} s")
    if "--check" not in sys.argv:
        return 0
    return int(size > MOST_MEGABYTES or medians[0] - medians[1] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

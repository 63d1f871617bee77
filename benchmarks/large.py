"""Time and peak memory of one job on a photograph of some megapixels.

python benchmarks/large.py JOB MEGAPIXELS

Prints seconds, and gigabytes above what the process held with the photograph in
memory. On Linux only, whose kernel tells the peak of a process.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from skdefocus import PatchBlurClassifier, estimate_blur_map
from skdefocus.datasets import load_sample_photograph
from skdefocus.io import read_image
from skdefocus.mapping import sliding_window_map
from skdefocus.refine import refine_global, refine_wgif


def photograph(megapixels: float) -> np.ndarray:
    """Tile flower.jpg to 3:2."""
    tile = load_sample_photograph()
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    width = round(height * 1.5)
    repeats = -(-height // tile.shape[0]), -(-width // tile.shape[1]), 1
    return np.ascontiguousarray(np.tile(tile, repeats)[:height, :width])


def _map(name: str, step: int, image: np.ndarray) -> Callable[[], object]:
    classifier = PatchBlurClassifier.pretrained(name)
    return partial(sliding_window_map, image, classifier, step=step, estimate="mean")


def _refine(refine: Callable[..., object], image: np.ndarray) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    return partial(refine, rng.random(image.shape[:2], dtype=np.float32) * 5, image)


def _file(image: np.ndarray) -> Callable[[], object]:
    path = Path(tempfile.mkdtemp()) / "photograph.jpg"
    Image.fromarray(image).save(path, quality=92)
    return lambda: estimate_blur_map(read_image(path))


JOBS: dict[str, Callable[[np.ndarray], Callable[[], object]]] = {
    "file to refined map, scale auto": _file,
    "map at full scale, step 8, fast": partial(_map, "fast", 8),
    "map at full scale, step 1, fast": partial(_map, "fast", 1),
    "map at full scale, step 16, default": partial(_map, "default", 16),
    "refinement, 7 + 1 passes": partial(_refine, refine_wgif),
    "global smoother's refinement": partial(_refine, refine_global),
}


def _memory(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e9
    raise RuntimeError(f"This system does not tell {field} in /proc/self/status.")


def run(job: str, megapixels: float) -> tuple[float, float]:
    """Run a job in this process; give seconds and the peak in gigabytes."""
    # What is loaded and compiled once is not the photograph's.
    JOBS[job](photograph(0.3))()
    call = JOBS[job](photograph(megapixels))
    before = _memory("VmRSS")
    # Makes the kernel begin a new peak.
    Path("/proc/self/clear_refs").write_text("5")
    start = time.perf_counter()
    call()
    return time.perf_counter() - start, _memory("VmHWM") - before


def in_own_process(job: str, megapixels: float) -> tuple[float, float]:
    """Run a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, job, str(megapixels)],
        capture_output=True,
        text=True,
        check=True,
    )
    spent, peak = done.stdout.split()
    return float(spent), float(peak)


if __name__ == "__main__":
    print(*run(sys.argv[1], float(sys.argv[2])))

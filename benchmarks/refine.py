"""Every refiner on one photograph: time, memory, and the map cut at lambda = 4.

python benchmarks/refine.py [PHOTO] --picture FILE

Table 4, Fig. 6 and Fig. 7. By default the photograph is flower.jpg of scikit-learn,
resampled to 1000 x 700. Times are the median of several runs after one to warm up, in
one process; memory is the peak of what a run allocates.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from skdefocus import (
    DefocusSample,
    DefocusSegmenter,
    GlobalRefiner,
    GuidedRefiner,
    MattingRefiner,
    MutualGuidedRefiner,
    SlidingWindowMapper,
    WGIFRefiner,
)
from skdefocus.datasets import load_sample_photograph
from skdefocus.figures import color_map
from skdefocus.filters import resize
from skdefocus.io import read_image

SHAPE = (700, 1000)
REFINERS = {
    "guided": GuidedRefiner(),
    "wgif (the paper's)": WGIFRefiner(),
    "wgif, iterated map": WGIFRefiner(iterate="map"),
    "global": GlobalRefiner(),
    "mutual": MutualGuidedRefiner(),
    "matting": MattingRefiner(),
}
# Seconds in Table 4, in MATLAB on an Apple M1 Pro.
PUBLISHED = {
    "wgif (the paper's)": 0.491,
    "wgif, iterated map": 0.022,
    "mutual": 2.462,
    "matting": 33.737,
}


def measure(
    refiner: object, sample: DefocusSample, repeats: int
) -> tuple[DefocusSample, float, float]:
    """Refine a map; give the result, seconds and megabytes."""
    refiner.transform([sample])
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        (refined,) = refiner.transform([sample])
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    refiner.transform([sample])
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return refined, statistics.median(seconds), peak


def panel(title: str, sample: DefocusSample, threshold: float) -> np.ndarray:
    """Draw a map over its mask."""
    segmenter = DefocusSegmenter(threshold, reference="absolute")
    (mask,) = segmenter.predict([sample])
    binary = np.dstack([np.where(mask, 255, 0).astype(np.uint8)] * 3)
    strip = Image.new("RGB", (binary.shape[1], 28), "white")
    ImageDraw.Draw(strip).text((6, 4), title, fill="black", font_size=18)
    return np.concatenate([np.asarray(strip), color_map(sample.blur_map), binary])


def main(arguments: list[str] | None = None) -> int:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("--picture", type=Path, help="draw maps and masks into a PNG")
    parser.add_argument("--refiners", nargs="+", choices=REFINERS, default=[*REFINERS])
    parser.add_argument("--shape", nargs=2, type=int, default=SHAPE, metavar="N")
    parser.add_argument("--threshold", type=float, default=4.0, help="lambda, in px")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    image = read_image(options.photo) if options.photo else load_sample_photograph()
    image = np.clip(resize(image, tuple(options.shape)), 0, 1)
    (sample,) = SlidingWindowMapper(step=16).transform([image])
    panels = [panel("patches, step 16", sample, options.threshold)]
    print(f"{image.shape[1]} x {image.shape[0]}, step 16, hard labels")
    print(
        f"{'refiner':20}  seconds  published      MB  share below {options.threshold:g}"
    )
    for name in options.refiners:
        refined, seconds, peak = measure(REFINERS[name], sample, options.repeats)
        published = f"{PUBLISHED[name]:.3f}" if name in PUBLISHED else ""
        share = (refined.blur_map < options.threshold).mean()
        print(
            f"{name:20}  {seconds:7.3f}  {published:>9}  {peak:6.0f}  {share:.4f}",
            flush=True,
        )
        panels.append(panel(name, refined, options.threshold))
    if options.picture:
        while len(panels) % 2:
            panels.append(np.full_like(panels[0], 255))
        half = len(panels) // 2
        rows = [np.concatenate(panels[:half], 1), np.concatenate(panels[half:], 1)]
        Image.fromarray(np.concatenate(rows)).save(options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())

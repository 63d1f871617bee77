"""What takes how long, as a ratio to a peer that is measured in turns with it.

python benchmarks/run.py [--repeats N] [--only SECTION...]

Prints one table: ours, the peer, and the median over repeats of their ratio; then how
long every mapper takes, as a ratio to the shipped network's; then time and memory
against the size of the photograph, each in a process of its own. Absolute times depend
on the machine; ratios hardly do. Run it with nothing beside it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

if __package__:
    from . import large, peers, tune
else:
    import large
    import peers
    import tune

from skdefocus import HiFSTMapper, JustNoticeableMapper, SlidingWindowMapper
from skdefocus.datasets import load_sample_photograph

SHAPE = (700, 1000)
SIZES = (0.3, 1, 3, 10, 24, 100)
SECTIONS = (
    *("filters", "maps", "recommended", "job", "matting"),
    *("folder", "mappers", "size"),
)
N_PHOTOGRAPHS = 100
MOMENT = 0.15


def seconds(call: Callable[[], object]) -> float:
    """Time a call: of as many as fit into a moment the median, of long ones one.

    In turns call by call, either would begin with the other's data in the caches, and
    with OpenCV's threads still looking for work.
    """
    times = []
    while sum(times) < MOMENT:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(comparison: peers.Comparison, repeats: int) -> tuple[float, float, float]:
    """Median seconds of ours and the peer, and the median of their ratio."""
    comparison.ours(), comparison.peer()
    pairs = np.array(
        [(seconds(comparison.ours), seconds(comparison.peer)) for _ in range(repeats)]
    )
    ours, peer = np.median(pairs, axis=0)
    return float(ours), float(peer), float(np.median(pairs[:, 0] / pairs[:, 1]))


def comparisons(
    sections: list[str], repeats: int
) -> Iterator[tuple[peers.Comparison, int]]:
    """All comparisons of some sections, and how often each is repeated."""
    if "filters" in sections:
        for comparison in peers.filters(SHAPE):
            yield comparison, repeats * 3
    if "maps" in sections:
        for comparison in peers.maps(SHAPE):
            yield comparison, repeats
    if "recommended" in sections:
        for comparison in peers.recommended(SHAPE):
            yield comparison, repeats
    if "job" in sections:
        for comparison in peers.whole_job(SHAPE):
            yield comparison, repeats
    if "matting" in sections:
        for comparison in peers.matting(SHAPE):
            yield comparison, 1
    if "folder" in sections:
        for comparison in peers.folder_of_photographs(N_PHOTOGRAPHS):
            yield comparison, 1


def print_comparisons(sections: list[str], repeats: int) -> None:
    """Print the table of ratios."""
    copy = peers.memory_pass(SHAPE)
    one_pass = min(seconds(copy) for _ in range(50))
    print(f"{SHAPE[1]} x {SHAPE[0]}, medians of times and ratios measured in turns")
    print(f"one copy of a float32 map ('passes' counts in it): {1e3 * one_pass:.2f} ms")
    print(
        f"{'ours':27} {'ms':>8} {'passes':>7}  {'peer':44} {'ms':>8} {'ratio':>7}  goal"
    )
    for comparison, times in comparisons(sections, repeats):
        ours, peer, ratio = measure(comparison, times)
        print(
            f"{comparison.title:27} {1e3 * ours:8.1f} {ours / one_pass:7.0f}  "
            f"{comparison.peer_title:44} {1e3 * peer:8.1f} {ratio:7.3f}  "
            f"{comparison.goal}",
            flush=True,
        )


def print_mappers(repeats: int) -> None:
    """Print the time of every mapper, with the settings that it has by default."""
    photograph = load_sample_photograph()
    mappers = {name: kind() for name, (kind, _) in tune.GRIDS.items()}
    goals = dict.fromkeys(mappers, 2)
    mappers["hifst, step 1"] = HiFSTMapper(step=1)
    mappers["just-noticeable, step 1"] = JustNoticeableMapper(step=1)
    ours = SlidingWindowMapper(step=4, estimate="mean")
    print(f"{photograph.shape[1]} x {photograph.shape[0]}, medians")
    print(f"{'mapper':24} {'s':>7} {'network, step 4':>16} {'ratio':>7}  goal, s")
    for name, mapper in mappers.items():
        comparison = peers.Comparison(
            name,
            "network",
            lambda m=mapper: m.transform([photograph]),
            lambda: ours.transform([photograph]),
        )
        spent, peer, ratio = measure(comparison, repeats)
        print(
            f"{name:24} {spent:7.3f} {peer:16.3f} {ratio:7.1f}  {goals.get(name, 10)}",
            flush=True,
        )


def print_sizes() -> None:
    """Print time and peak memory against megapixels, and the fitted exponents."""
    print("time, and peak memory above the image (and the map that is refined)")
    print(f"{'job':42} {'megapixels':>10} {'s':>8} {'GB':>6} {'us/pixel':>9}")
    for job in large.JOBS:
        times = []
        for megapixels in SIZES:
            spent, peak = large.in_own_process(job, megapixels)
            times.append(spent)
            print(
                f"{job:42} {megapixels:10} {spent:8.2f} {peak:6.2f} "
                f"{spent / megapixels:9.3f}",
                flush=True,
            )
        exponent = np.polyfit(np.log(SIZES), np.log(times), 1)[0]
        print(f"{job:42} time grows with pixels to the power of {exponent:.3f}")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    options = parser.parse_args(arguments)
    if not set(options.only) <= {"mappers", "size"}:
        print_comparisons(options.only, options.repeats)
    if "mappers" in options.only:
        print_mappers(options.repeats)
    if "size" in options.only:
        print_sizes()
    return 0


if __name__ == "__main__":
    sys.exit(main())

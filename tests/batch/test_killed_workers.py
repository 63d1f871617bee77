"""Workers that are killed, with the whole run around them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from skdefocus.batch import process
from tests.batch.steps import BLOCKING, CALM, DEADLY, DEADLY_ONCE, Mapper

ROOT = Path(__file__).parents[2]
pytestmark = [
    # Every run starts workers, and starts others for those that died.
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux", reason="kills processes and looks them up in /proc"
    ),
]


def n_worked(log: Path) -> Counter:
    """How often each photograph was worked on."""
    return Counter(int(line) for line in log.read_text().split())


def children(pid: int) -> list[str]:
    """Processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the name, which may hold anything: state and parent.
            if status.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(status.parent.name)
    return found


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def no_stray_files(out: Path) -> bool:
    hidden = [path for path in out.rglob("*") if path.name.startswith(".")]
    return [path.name for path in hidden] == [".skdefocus"]


@pytest.mark.parametrize(
    ("n_jobs", "kinds"),
    [(1, [CALM, DEADLY, CALM]), (2, [DEADLY, CALM, CALM, DEADLY, CALM])],
)
def test_photographs_that_kill_their_workers_are_set_aside(
    shoot, log, tmp_path, n_jobs, kinds
):
    folder, out = shoot(*kinds), tmp_path / "out"
    deadly = [level for level, kind in enumerate(kinds) if kind == DEADLY]
    summary = process(folder, Mapper(str(log)), out, n_jobs=n_jobs)
    assert summary.n_failed == len(deadly)
    assert summary.n_done == len(kinds) - len(deadly)
    rows = list(summary.rows())
    assert sorted(Path(row["photo"]).stem for row in rows) == [
        *map(str, range(len(kinds)))
    ]
    assert [row["error"] for row in rows[summary.n_done :]] == [
        f"{folder / str(level)}.png: its worker was killed by SIGKILL while it worked "
        f"on this photograph alone; it may need more memory than there is, or crash a "
        f"library."
        for level in deadly
    ]
    for level in deadly:
        # At most once among others, and once alone.
        assert n_worked(log)[level] <= 2
        assert not (out / f"{level}_map.png").exists()
    assert no_stray_files(out)


def test_a_photograph_whose_worker_dies_once_is_done(shoot, log, tmp_path):
    folder = shoot(CALM, DEADLY_ONCE, CALM)
    summary = process(folder, Mapper(str(log)), tmp_path / "out", n_jobs=2)
    assert (summary.n_done, summary.n_failed) == (3, 0)
    assert n_worked(log)[1] == 2


def test_a_worker_killed_from_outside_loses_what_is_in_flight(shoot, log, tmp_path):
    folder = shoot(CALM, CALM, BLOCKING, CALM, CALM, CALM)
    out = tmp_path / "out"

    def kill():
        wait_until(lambda: (tmp_path / "pid").exists() and len(n_worked(log)) >= 4)
        (tmp_path / "go").touch()
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    summary = process(folder, Mapper(str(log), 0.1), out, n_jobs=2)
    thread.join()
    assert (summary.n_done, summary.n_failed) == (6, 0)
    assert len({row["photo"] for row in summary.rows()}) == 6
    # Only what was in flight was begun again.
    assert n_worked(log)[2] == 2
    assert sum(n_worked(log).values()) <= 6 + 2
    assert no_stray_files(out)


PROGRAM = """
import sys
from skdefocus.batch import process
from tests.batch.steps import Mapper
process(sys.argv[1], Mapper(sys.argv[2]), sys.argv[3], n_jobs=2)
"""


def test_a_run_that_is_killed_is_resumed(shoot, log, tmp_path):
    folder = shoot(CALM, CALM, CALM, BLOCKING, BLOCKING, CALM, CALM)
    out = tmp_path / "out"
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(log), str(out)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    wait_until(lambda: n_worked(log)[3] and n_worked(log)[4])
    workers = children(run.pid)
    assert len(workers) >= 2
    run.send_signal(signal.SIGKILL)
    run.wait()
    # Workers end with their run, whatever they are at.
    wait_until(lambda: not any(Path("/proc", pid, "exe").exists() for pid in workers))
    assert not (out / "report.csv").exists()
    assert list(out.glob(".skdefocus/runs/*/started/*"))
    before = {path: path.stat().st_mtime_ns for path in out.glob("*_*")}
    (tmp_path / "go").touch()

    summary = process(folder, Mapper(str(log)), out, n_jobs=2)
    assert (summary.n_done, summary.n_kept, summary.n_failed) == (4, 3, 0)
    worked = n_worked(log)
    assert worked == Counter({0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 1, 6: 1})
    for path, written in before.items():
        assert path.stat().st_mtime_ns == written
    assert no_stray_files(out)


def test_workers_of_a_run_that_is_killed_at_once_end_too(shoot, log, tmp_path):
    run = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(shoot(CALM, CALM)),
            str(log),
            str(tmp_path / "o"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    # As soon as there are processes for two workers, before these can have begun.
    wait_until(lambda: len(children(run.pid)) >= 3)
    workers = children(run.pid)
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_until(lambda: not any(Path("/proc", pid, "exe").exists() for pid in workers))

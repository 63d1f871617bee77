"""Workers that are killed, with the whole run around them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdefocus.batch import process
from skdefocus.batch.jobs import Job
from skdefocus.batch.pool import LocalPool, active_pool, run_jobs
from skdefocus.batch.run_folder import open_run
from skdefocus.io import write_photograph
from tests.batch.steps import (
    BLOCKING,
    CALM,
    DEADLY,
    DEADLY_ONCE,
    Mapper,
    make_task,
    picture,
)

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux", reason="kills processes and looks them up in /proc"
    ),
]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.touch()
    return path


@pytest.fixture
def shoot(tmp_path):
    """Write photographs of the given kinds; the n-th has level n."""

    def write(*kinds):
        for level, kind in enumerate(kinds):
            write_photograph(tmp_path / "in" / f"{level}.png", picture(kind, level))
        return tmp_path / "in"

    return write


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


def test_results_do_not_depend_on_the_number_of_workers(tmp_path, photo):
    from sklearn.pipeline import make_pipeline

    from skdefocus import GlobalRefiner, SDoFRenderer, SlidingWindowMapper

    for i in range(3):
        write_photograph(tmp_path / "in" / f"{i}.png", photo[i * 60 : 300 + i * 20])
    pipeline = make_pipeline(
        SlidingWindowMapper(step=4, estimate="mean", scale="auto"), GlobalRefiner()
    )
    for n_jobs in (1, 3):
        summary = process(
            tmp_path / "in",
            pipeline,
            tmp_path / str(n_jobs),
            n_jobs=n_jobs,
            pictures={"shallow": SDoFRenderer(smoothing="disc")},
            map_data="npy",
        )
        assert summary.n_done == 3
    files = [path.name for path in (tmp_path / "1").glob("*_*")]
    assert len(files) == 3 * 4
    for name in files:
        assert (tmp_path / "3" / name).read_bytes() == (
            tmp_path / "1" / name
        ).read_bytes()
    # And they are those of the pipeline in this process, with all its threads.
    (sample,) = pipeline.transform([photo[60:320]])
    found = np.load(tmp_path / "3" / "1_sigma.npy", allow_pickle=False)
    np.testing.assert_array_equal(found, sample.blur_map)


class Counting(Mapper):
    """Log how many threads libraries have."""

    def _map(self, image):
        from threadpoolctl import threadpool_info

        from skdefocus._shared.threads import available_threads

        counts = {
            "onnxruntime": available_threads(),
            **{each["prefix"]: each["num_threads"] for each in threadpool_info()},
        }
        try:
            import numba
        except ImportError:
            pass
        else:
            counts["numba"] = numba.get_num_threads()
        sample = super()._map(image)
        with open(self.log, "a") as file:
            file.write(f"{json.dumps(counts)}\n")
        return sample


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_library_has_one_thread_in_a_worker(
    shoot, log, tmp_path, n_jobs, monkeypatch
):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    process(shoot(CALM, CALM), Counting(str(log)), tmp_path / "out", n_jobs=n_jobs)
    counts = [json.loads(line) for line in log.read_text().splitlines() if "{" in line]
    assert len(counts) == 2
    for each in counts:
        assert {"onnxruntime", "libscipy_openblas"} & set(each)
        assert set(each.values()) == {1}


def test_jobs_are_taken_as_workers_become_free(tmp_path, log, shoot):
    folder = shoot(*[CALM] * 8)
    taken = []

    def jobs():
        for level in range(8):
            taken.append(level)
            photo = folder / f"{level}.png"
            yield Job(level, photo, str(photo), str(level))

    with open_run(tmp_path / "out") as run:
        task = make_task(run, Mapper(str(log)))
        rows = run_jobs(jobs(), task, LocalPool(1))
        for n_rows, _ in enumerate(rows, 1):
            assert len(taken) <= n_rows + 2
    assert len(taken) == 8


class Stillborn:
    """A pool whose workers die before they begin."""

    n_workers = 2
    deaths = LocalPool.deaths
    n_started = 0

    def start(self):
        self.n_started += 1
        return self

    def submit(self, *_):
        future = Future()
        future.set_exception(LocalPool.deaths[0]("no memory for a worker"))
        return future

    def stop(self, executor):
        assert executor is self


def test_workers_that_die_before_they_begin_end_the_run(tmp_path, log):
    pool = Stillborn()
    with open_run(tmp_path / "out") as run:
        task = make_task(run, Mapper(str(log)))
        rows = run_jobs([Job(0, Path("a.png"), "a.png", "a")], task, pool)
        with pytest.raises(
            ChildProcessError, match=r"die before they begin, 3 times .*no mem"
        ):
            next(rows)
    assert pool.n_started == 3


class Scripted(LocalPool):
    """A pool in this process, to whose jobs happens what a script says."""

    def __init__(self, script):
        super().__init__(2)
        self.script = list(script)
        self.noted = []

    def start(self):
        return self

    def stop(self, executor):
        pass

    def submit(self, function, task, job):
        event = self.script.pop(0) if self.script else "work"
        if event == "refuse":
            raise self.deaths[0]("it broke while idle")
        future = Future()
        if event == "work":
            future.set_result(function(task, job))
            return future
        if event == "die at work":
            task.folder.note(job.index, job.attempt)
            self.noted.append(job.index)
        future.set_exception(self.deaths[0]("killed by SIGKILL"))
        return future


@given(
    st.lists(st.sampled_from(["work", "die at work", "die before", "refuse"])),
    st.integers(0, 4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_each_photograph_has_one_row(
    tmp_path, log, script, n_photographs
):
    pool = Scripted(script)
    photos = [tmp_path / "in" / f"{level}.png" for level in range(n_photographs)]
    for level, photo in enumerate(photos):
        write_photograph(photo, picture(CALM, level))
    jobs = [Job(i, photo, photo.name, photo.stem) for i, photo in enumerate(photos)]
    with open_run(tmp_path / "out") as run:
        task = make_task(run, Mapper(str(log)), resume=False)
        try:
            rows = list(run_jobs(jobs, task, pool))
        except ChildProcessError:
            # Allowed only where pools broke again and again before anything began.
            assert (
                len([event for event in script if event in ("die before", "refuse")])
                > 2
            )
            return
    assert sorted(row["photo"] for row in rows) == [photo.name for photo in photos]
    failed = {row["photo"] for row in rows if row["status"] == "failed"}
    # Set aside are those that were started twice and never finished.
    twice = {photos[i].name for i, n in Counter(pool.noted).items() if n == 2}
    assert failed == twice
    assert max(Counter(pool.noted).values(), default=0) <= 2


class Killed(Exception):
    """What a cluster raises for a task whose workers died too often."""


class Deadly(Stillborn):
    """A cluster whose workers die before they begin, task by task."""

    deaths = (Killed,)

    def submit(self, *_):
        future = Future()
        future.set_exception(Killed("no memory for a worker"))
        return future


def test_a_cluster_whose_workers_die_before_they_begin_ends_the_run(tmp_path, log):
    with open_run(tmp_path / "out") as run:
        task = make_task(run, Mapper(str(log)))
        jobs = [Job(i, Path(f"{i}.png"), f"{i}.png", str(i)) for i in range(9)]
        with pytest.raises(ChildProcessError, match="die before they begin"):
            next(run_jobs(jobs, task, Deadly()))


class Canceling(Stillborn):
    def submit(self, *_):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_a_cluster_that_cancels_the_work_ends_the_run(tmp_path, log):
    with open_run(tmp_path / "out") as run:
        task = make_task(run, Mapper(str(log)))
        rows = run_jobs([Job(0, Path("a.png"), "a.png", "a")], task, Canceling())
        with pytest.raises(ConnectionError, match="run the same again to go on"):
            next(rows)


def test_backends():
    assert active_pool(3).n_workers == 3
    assert active_pool(None).n_workers == 1
    with joblib.parallel_config(n_jobs=2):
        assert active_pool(None).n_workers == 2
    with (
        joblib.parallel_config(backend="threading"),
        pytest.raises(
            ValueError, match=r"backends 'loky' and 'dask', .* ThreadingBack"
        ),
    ):
        active_pool(2)
    with pytest.raises(ValueError, match="n_jobs == 0"):
        active_pool(0)

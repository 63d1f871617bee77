"""Who does the work, and what becomes of it whatever happens to them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdefocus.batch import process
from skdefocus.batch.jobs import Job
from skdefocus.batch.output_folder import open_run
from skdefocus.batch.pool import LocalPool, active_pool, run_jobs
from skdefocus.io import write_photograph
from tests.batch.steps import CALM, Mapper, make_task, picture

starts_workers = pytest.mark.skipif(
    sys.platform != "linux", reason="what workers are started with is Linux's"
)


@pytest.mark.slow
@starts_workers
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


@starts_workers
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


@starts_workers
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

    def stop(self, executor, futures):
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

    def stop(self, executor, futures):
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

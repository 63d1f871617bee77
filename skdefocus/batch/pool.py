"""Workers on this machine or on a cluster, and what to do when one of them dies.

A process that is killed breaks the whole pool of this machine without saying which
photograph did it. So a worker notes what it starts. After a broken pool those that
were started and not finished are tried alone, and what kills its worker alone is set
aside; the others go on in a new pool. A cluster runs the tasks of a dead worker again
by itself: the next worker finds the note, and leaves the photograph to be tried alone.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from dataclasses import replace
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend

from .._shared.processes import end_with
from .._shared.threads import ONE_THREAD
from .jobs import Job
from .work import STARTED_BEFORE, Task, failed_row, work

__all__ = ["CallingProcess", "ClusterPool", "LocalPool", "active_pool", "run_jobs"]

# Pools that break in a row without having started anything: more would be no use.
_MAX_STILLBORN = 3
# Seconds that the pool of this machine may take to hand work over to its workers.
_HANDED_OVER = 5.0


class CallingProcess:
    """The process that asks for the work, with all its threads."""


class LocalPool:
    """Processes on this machine, each with one thread.

    Parameters
    ----------
    n_workers : int
        How many; also one works in a process of its own, which a photograph may kill.
    """

    # What a future raises whose worker died.
    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

    def start(self) -> Any:
        """Start workers; each uses one thread."""
        # Joblib's own processes: they need no guard in the user's main module.
        from joblib.externals.loky import ProcessPoolExecutor

        return ProcessPoolExecutor(
            self.n_workers,
            env=ONE_THREAD,
            initializer=end_with,
            initargs=(os.getpid(),),
        )

    def stop(self, executor: Any, futures: Iterable[Future[Any]]) -> None:
        """Stop workers without waiting for what they do."""
        # Loky's thread looks for what it was given after it has thrown it away, and
        # ends with a KeyError, unless all has been handed to the workers before.
        deadline = time.monotonic() + _HANDED_OVER
        for future in futures:
            while not (future.running() or future.done()) and (
                time.monotonic() < deadline
            ):
                time.sleep(0.001)
        executor.shutdown(wait=True, kill_workers=True)

    def reason(self, error: BaseException | None) -> str:
        """Say how a worker died."""
        signals = re.findall(r"SIG[A-Z]+", str(error))
        by = f" by {signals[0]}" if signals else ""
        return (
            f"its worker was killed{by} while it worked on this photograph alone; it "
            f"may need more memory than there is, or crash a library."
        )


class ClusterPool:
    """The workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected to its scheduler.
    """

    def __init__(self, client: Any) -> None:
        from distributed import KilledWorker

        self.client = client
        self.deaths = (KilledWorker,)

    @property
    def n_workers(self) -> int:
        """Threads of all workers; at least 1, for workers may be yet to come."""
        n_threads: int = max(1, sum(self.client.ncores().values()))
        return n_threads

    def start(self) -> Any:
        """Give the client as an executor."""
        return self.client.get_executor(pure=False)

    def stop(self, executor: Any, futures: Iterable[Future[Any]]) -> None:
        """Cancel what is left; the cluster stays."""
        for future in futures:
            future.cancel()
        executor.shutdown(wait=False)

    def reason(self, error: BaseException | None) -> str:
        """Say how a worker died."""
        return (
            "its worker died each time it worked on this photograph, also alone; it "
            "may need more memory than there is, or crash a library."
        )


Pool = CallingProcess | LocalPool | ClusterPool


def active_pool(n_jobs: int | None, n_photographs: int | None = None) -> Pool:
    """Choose workers as `joblib.parallel_config` says.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib. A Dask cluster has as many as it has.
    n_photographs : int, optional
        How many there are to work on, if that is known. One alone is worked on in the
        calling process, but for a cluster.

    Returns
    -------
    CallingProcess, LocalPool or ClusterPool
        Not started yet.

    Raises
    ------
    ValueError
        For a backend other than "loky" and "dask", or for ``n_jobs=0``.
    """
    backend, _ = get_active_backend()
    kind = type(backend).__name__
    if kind == "DaskDistributedBackend":
        return ClusterPool(backend.client)
    if kind != "LokyBackend":
        raise ValueError(
            f"a batch runs on joblib's backends 'loky' and 'dask', in processes of "
            f"their own; got {kind}."
        )
    n_workers = effective_n_jobs(n_jobs)
    return CallingProcess() if n_photographs == 1 else LocalPool(n_workers)


def run_jobs(
    jobs: Iterable[Job], task: Task, pool: Pool
) -> Generator[dict[str, Any], None, None]:
    """Work on photographs, whatever becomes of the workers.

    Parameters
    ----------
    jobs : iterable of Job
        Taken as workers become free.
    task : Task
        What to do.
    pool : CallingProcess, LocalPool or ClusterPool
        Who does it.

    Yields
    ------
    dict of str to object
        A row of the report for each, as they are finished.

    Raises
    ------
    ChildProcessError
        If workers die before they begin.
    ConnectionError
        If a cluster cancels the work.
    """
    if isinstance(pool, CallingProcess):
        for job in jobs:
            if job.problem:
                yield failed_row(job, job.problem)
            else:
                yield work(task, job, all_threads=True)
        return
    crew = _Crew(task, pool)
    try:
        yield from crew.run(iter(jobs))
    finally:
        crew.stop()


class _Crew:
    """The workers of one run and what they are working on."""

    def __init__(self, task: Task, pool: LocalPool | ClusterPool) -> None:
        self._task = task
        self._pool = pool
        self._executor: Any = None
        self._futures: dict[Future[Any], Job] = {}
        self._again: deque[Job] = deque()
        self._suspects: deque[Job] = deque()
        self._stillborn = 0

    def run(self, jobs: Iterator[Job]) -> Iterator[dict[str, Any]]:
        # Nothing new is begun while there are suspects: they are tried alone.
        ended = False
        while True:
            while not (ended or self._suspects) and self._has_room():
                job = next(jobs, None) if not self._again else self._again.popleft()
                if job is None:
                    ended = True
                elif job.problem:
                    yield failed_row(job, job.problem)
                else:
                    self._submit(job)
            if self._futures:
                yield from self._collect(self._settle)
            elif self._suspects:
                self._submit(self._suspects.popleft())
                yield from self._collect(self._settle_alone)
            elif self._again:
                ended = False
            elif ended:
                return

    def stop(self) -> None:
        if self._executor is not None:
            self._pool.stop(self._executor, self._futures)
            self._executor = None

    def _has_room(self) -> bool:
        # Twice as many as workers, so that none waits for the next.
        return len(self._futures) < 2 * self._pool.n_workers

    def _submit(self, job: Job) -> None:
        if self._executor is None:
            self._executor = self._pool.start()
        try:
            future = self._executor.submit(work, self._task, job)
        except self._pool.deaths as error:
            # It broke while idle: as if the job had been taken and lost.
            future = Future()
            future.set_exception(error)
        self._futures[future] = job

    def _collect(
        self, settle: Callable[..., dict[str, Any] | None]
    ) -> Iterator[dict[str, Any]]:
        """Wait for some, and settle what has become of them."""
        done = wait(self._futures, return_when=FIRST_COMPLETED).done
        if any(self._is_broken(future) for future in done):
            done = wait(self._futures).done
            self._replace_pool(done)
        for future in done:
            job = self._futures.pop(future)
            row, error = self._outcome(future)
            if error is not None and not isinstance(error, BrokenExecutor):
                # A cluster's, where one death does not break the others' work.
                noted = self._task.folder.is_noted(job.index, job.attempt)
                self._count_death(noted, error)
            settled = settle(job, row, error)
            if settled is not None:
                yield settled

    def _is_broken(self, future: Future[Any]) -> bool:
        return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)

    def _replace_pool(self, done: Iterable[Future[Any]]) -> None:
        self._pool.stop(self._executor, done)
        self._executor = None
        is_noted = self._task.folder.is_noted
        began = any(
            not self._is_broken(future)
            or is_noted(self._futures[future].index, self._futures[future].attempt)
            for future in done
        )
        errors = (future.exception() for future in done if self._is_broken(future))
        self._count_death(began, next(errors))

    def _count_death(self, began: bool, error: BaseException | None) -> None:
        self._stillborn = 0 if began else self._stillborn + 1
        if self._stillborn >= _MAX_STILLBORN:
            raise ChildProcessError(
                f"workers die before they begin, {_MAX_STILLBORN} times in a row: "
                f"{error}"
            )

    def _outcome(
        self, future: Future[Any]
    ) -> tuple[dict[str, Any] | None, BaseException | None]:
        """Give the row, or why there is none."""
        try:
            row = future.result()
        except self._pool.deaths as error:
            return None, error
        except CancelledError:
            raise ConnectionError(
                "the cluster canceled the work; run the same again to go on."
            ) from None
        self._stillborn = 0
        return (None, None) if row["status"] == STARTED_BEFORE else (row, None)

    def _settle(
        self, job: Job, row: dict[str, Any] | None, error: BaseException | None
    ) -> dict[str, Any] | None:
        if row is not None:
            return row
        if error is None or self._task.folder.is_noted(job.index, job.attempt):
            self._suspects.append(replace(job, attempt=job.attempt + 1))
        else:
            self._again.append(job)
        return None

    def _settle_alone(
        self, job: Job, row: dict[str, Any] | None, error: BaseException | None
    ) -> dict[str, Any] | None:
        if row is not None:
            return row
        if error is None or self._task.folder.is_noted(job.index, job.attempt):
            return failed_row(job, f"{job.name}: {self._pool.reason(error)}")
        self._suspects.append(job)
        return None

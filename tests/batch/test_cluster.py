"""Batches on a Dask cluster: a scheduler and two worker processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path

import joblib
import pytest

from skdefocus import LaplacianVarianceMapper
from skdefocus.batch import process
from skdefocus.batch.pool import ClusterPool, active_pool
from skdefocus.cli.main import main
from skdefocus.io import write_photograph
from tests.batch.steps import BLOCKING, CALM, DEADLY, Mapper, picture

distributed = pytest.importorskip(
    "distributed", reason="needs dask.distributed, of the extra 'cluster'"
)
ROOT = Path(__file__).parents[2]
pytestmark = [
    # Its scheduler and its workers take seconds to start.
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signals"),
    # Of its clean-up, not of ours.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def start(name: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{name}", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Address of a scheduler with two workers, which are restarted when they die."""
    folder = tmp_path_factory.mktemp("cluster")
    file = str(folder / "scheduler.json")
    common = ("--scheduler-file", file, "--no-dashboard")
    processes = [start("scheduler", "--port", "0", "--host", "127.0.0.1", *common)]
    try:
        for i in range(2):
            local = str(folder / f"worker{i}")
            processes.append(
                start("worker", *common, "--nthreads", "1", "--local-directory", local)
            )
        with distributed.Client(scheduler_file=file, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address
    finally:
        for each in reversed(processes):
            each.terminate()
        for each in processes:
            each.wait(30)


@pytest.fixture
def client(address):
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def write_shoot(folder: Path, *kinds: int) -> Path:
    for level, kind in enumerate(kinds):
        write_photograph(folder / f"{level}.png", picture(kind, level))
    return folder


def n_worked(log: Path) -> Counter:
    return Counter(int(line) for line in log.read_text().split())


def test_the_pool_is_that_of_the_cluster(client):
    with joblib.parallel_config(backend="dask", client=client):
        pool = active_pool(None)
    assert isinstance(pool, ClusterPool)
    assert pool.n_workers == 2


def test_a_worker_that_is_killed_loses_nothing(client, log, tmp_path):
    folder = write_shoot(tmp_path / "in", *[CALM] * 5, BLOCKING, *[CALM] * 6)
    workers = set(client.run(os.getpid).values())
    killed = []

    def kill():
        end = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and time.monotonic() < end:
            time.sleep(0.02)
        killed.append(int((tmp_path / "pid").read_text()))
        (tmp_path / "go").touch()
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with joblib.parallel_config(backend="dask", client=client):
        summary = process(folder, Mapper(str(log), 0.1), tmp_path / "out")
    thread.join()
    assert set(killed) < workers
    assert (summary.n_done, summary.n_kept, summary.n_failed) == (12, 0, 0)
    rows = list(summary.rows())
    assert sorted(int(Path(row["photo"]).stem) for row in rows) == list(range(12))
    for row in rows:
        for name in row["results"]:
            assert (tmp_path / "out" / name).stat().st_size > 0
    # Begun again: what was in flight, and nothing else.
    worked = n_worked(log)
    assert worked.pop(5) == 2
    assert set(worked.values()) == {1}
    with joblib.parallel_config(backend="dask", client=client):
        again = process(folder, Mapper(str(log), 0.1), tmp_path / "out")
    # The pause is a parameter too, and the same.
    assert (again.n_done, again.n_kept) == (0, 12)


def test_a_photograph_that_kills_its_worker_is_set_aside(client, log, tmp_path):
    folder = write_shoot(tmp_path / "in", CALM, DEADLY, CALM, CALM)
    with joblib.parallel_config(backend="dask", client=client):
        summary = process(folder, Mapper(str(log)), tmp_path / "out")
    assert (summary.n_done, summary.n_failed) == (3, 1)
    (failed,) = (row for row in summary.rows() if row["status"] == "failed")
    assert failed["error"] == (
        f"{folder / '1.png'}: its worker died each time it worked on this photograph, "
        f"also alone; it may need more memory than there is, or crash a library."
    )
    assert n_worked(log)[1] == 2


def test_results_are_those_of_this_machine(address, tmp_path, small_photo, capsys):
    for i in range(3):
        write_photograph(tmp_path / "in" / f"{i}.png", small_photo[i * 9 :])
    common = ("batch", str(tmp_path / "in"), "--quiet", "--picture", "shallow")
    assert main([*common, "-o", str(tmp_path / "here")]) == 0
    there = ("-o", str(tmp_path / "there"), "--scheduler", address)
    assert main([*common, *there]) == 0
    assert "3 photographs" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "here").glob("*_*")}
    assert len(names) == 3 * 4
    for name in names:
        assert (tmp_path / "there" / name).read_bytes() == (
            tmp_path / "here" / name
        ).read_bytes()


def test_no_scheduler(tmp_path, small_photo, capsys):
    write_photograph(tmp_path / "a.png", small_photo)
    arguments = ["batch", str(tmp_path / "a.png"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    error = capsys.readouterr().err
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in error
    assert "Traceback" not in error


def test_the_lines_of_the_guide(address, tmp_path):
    guide = (ROOT / "docs" / "guide" / "scaling.rst").read_text()
    (block,) = re.findall(r"code-block:: python\n\n((?:   .*\n|\n)+)", guide)
    block = textwrap.dedent(block).replace("tcp://HOST:8786", address)
    write_shoot(tmp_path / "shoot", CALM, CALM)
    names: dict = {"process": process, "steps": LaplacianVarianceMapper()}
    exec(block.replace("/shared", str(tmp_path)), names)
    names["client"].close()
    assert names["summary"].n_done == 2
    assert (tmp_path / "maps" / "report.csv").is_file()

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skdefocus import PatchBlurClassifier
from skdefocus._shared.threads import (
    available_threads,
    limited_threads,
    run_in_parts,
    single_threaded,
)
from skdefocus.classifier import sessions


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """As on a machine of two cores whose libraries use both."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(2):
        yield


def blas_threads() -> set[int]:
    return {
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }


def test_threads_of_a_process(monkeypatch):
    assert available_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert available_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "several")
    assert available_threads() == 2


def test_one_thread_inside_and_as_before_outside():
    before = blas_threads()
    assert before != {1}
    with single_threaded():
        assert available_threads() == 1
        assert blas_threads() == {1}
    assert available_threads() == 2
    assert blas_threads() == before


def test_the_first_to_leave_lets_no_other_loose():
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with single_threaded():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    with single_threaded():
        thread.start()
        entered.wait()
    assert available_threads() == 1
    assert blas_threads() == {1}
    leave.set()
    thread.join()
    assert available_threads() == 2


def test_an_error_inside_leaves_no_trace():
    with pytest.raises(ValueError, match="inside"), single_threaded():
        raise ValueError("inside")
    assert available_threads() == 2


def test_numba_has_one_thread_inside_and_as_before_outside():
    numba = pytest.importorskip("numba")
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    before = numba.get_num_threads()
    with single_threaded():
        assert numba.get_num_threads() == 1
    assert numba.get_num_threads() == before


def test_numba_is_left_alone_where_it_is_not_installed(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setattr("skdefocus._shared.threads.find_spec", lambda name: None)
    with single_threaded():
        assert "numba" not in sys.modules


def test_networks_run_with_one_thread_inside():
    sessions._sessions.clear()
    classifier = PatchBlurClassifier.pretrained()
    gray = np.random.default_rng(0).random((64, 80), np.float32)
    with single_threaded():
        alone = classifier.predict_proba_image(gray)
    assert [n_threads for _, n_threads in sessions._sessions] == [1]
    np.testing.assert_array_equal(classifier.predict_proba_image(gray), alone)
    assert [n_threads for _, n_threads in sessions._sessions] == [1, 2]


def test_a_limit_holds_for_one_thread_alone():
    seen = []
    with limited_threads(1):
        assert available_threads() == 1
        with limited_threads(None):
            assert available_threads() == 1
        other = threading.Thread(target=lambda: seen.append(available_threads()))
        other.start()
        other.join()
    assert seen == [2]
    assert available_threads() == 2


@pytest.mark.parametrize("length", [1, 9, 10, 11, 100])
@pytest.mark.parametrize("n_threads", [1, 2, 3, 16])
def test_parts_cover_a_range_once(length, n_threads):
    counts, firsts = np.zeros(length, int), []

    def count(first, last):
        assert first < last
        firsts.append(first)
        counts[first:last] += 1

    with limited_threads(n_threads):
        run_in_parts(count, length, 10)
    assert (counts == 1).all()
    assert all(first % 10 == 0 for first in firsts)
    assert len(firsts) == min(n_threads, -(-length // 10))


@pytest.mark.parametrize("bad", [0, 10, 20])
def test_an_error_in_a_part_comes_out_when_all_have_ended(bad):
    ended = []

    def work(first, last):
        if first == bad:
            raise MemoryError(f"part {first}")
        ended.append(first)

    with limited_threads(3), pytest.raises(MemoryError, match=f"part {bad}"):
        run_in_parts(work, 30, 10)
    assert sorted(ended) == [first for first in (0, 10, 20) if first != bad]


def test_parts_run_in_a_forked_process_too():
    code = """
import multiprocessing
from skdefocus._shared.threads import limited_threads, run_in_parts

def count(_):
    found = []
    with limited_threads(3):
        run_in_parts(lambda first, last: found.append(first), 30, 10)
    return len(found)

count(0)
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map_async(count, [0]).get(timeout=60) == [3]
"""
    # Python warns of forks from processes with threads.
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_parts_of_parts_do_not_wait_for_each_other():
    done = []

    def inner(first, last):
        time.sleep(0.001)
        done.extend(range(first, last))

    def outer(first, last):
        for _ in range(first, last):
            run_in_parts(inner, 8, 1)

    def work():
        with limited_threads(4):
            run_in_parts(outer, 16, 1)

    # In a thread of its own, so that waiting for ever is seen.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert sorted(done) == sorted(list(range(8)) * 16)

"""Long work waits for long work alone."""

from __future__ import annotations

import threading

import pytest

from skdefocus.app.workers import Workers

# Longer than any machine takes, so that only a defect reaches it.
LIMIT = 60


@pytest.fixture
def workers():
    workers = Workers()
    yield workers
    workers.close()


@pytest.fixture
def gate():
    """Opened at the end whatever happens, so that no thread waits forever."""
    gate = threading.Event()
    yield gate
    gate.set()


def held_by(gate, begun=None):
    def work():
        if begun is not None:
            begun.release()
        assert gate.wait(LIMIT)
        return threading.current_thread().name

    return work


def test_long_work_is_done_one_at_a_time_and_in_order(workers, gate):
    begun, order = threading.Semaphore(0), []
    first = workers.long.submit(held_by(gate, begun))
    others = [workers.long.submit(order.append, number) for number in range(5)]
    assert begun.acquire(timeout=LIMIT)
    assert not any(other.running() or other.done() for other in others)
    gate.set()
    others[-1].result(LIMIT)
    assert first.done()
    assert order == [0, 1, 2, 3, 4]


def test_quick_work_does_not_wait_for_long_work(workers, gate):
    begun = threading.Semaphore(0)
    held = workers.long.submit(held_by(gate, begun))
    assert begun.acquire(timeout=LIMIT)
    assert workers.quick.submit(lambda: "a picture").result(LIMIT) == "a picture"
    assert not held.done()


def test_two_pictures_are_drawn_at_a_time(workers, gate):
    begun = threading.Semaphore(0)
    held = [workers.quick.submit(held_by(gate, begun)) for _ in range(3)]
    for _ in range(2):
        assert begun.acquire(timeout=LIMIT)
    assert [work.running() for work in held] == [True, True, False]
    gate.set()
    assert len({work.result(LIMIT) for work in held}) == 2


def test_threads_tell_whose_they_are(workers, gate):
    gate.set()
    for name in ("long", "quick"):
        found = getattr(workers, name).submit(held_by(gate)).result(LIMIT)
        assert found.startswith(f"skdefocus-{name}")


def test_an_error_is_the_job_s_own(workers):
    failed = workers.long.submit(int, "no number")
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(LIMIT)
    assert workers.long.submit(int, "7").result(LIMIT) == 7


@pytest.mark.parametrize("name", ["long", "quick"])
def test_closing_finishes_what_is_begun_and_drops_what_waits(gate, name):
    workers, begun = Workers(), threading.Semaphore(0)
    pool, n_threads = getattr(workers, name), {"long": 1, "quick": 2}[name]
    held = [pool.submit(held_by(gate, begun)) for _ in range(n_threads)]
    waiting = [pool.submit(held_by(gate)) for _ in range(3)]
    for _ in held:
        assert begun.acquire(timeout=LIMIT)
    closing = threading.Thread(target=workers.close)
    closing.start()
    # What waits is dropped at once, what is begun is waited for.
    for work in waiting:
        with pytest.raises(BaseException, match=r"^$"):
            work.result(LIMIT)
        assert work.cancelled()
    assert closing.is_alive()
    assert not any(work.done() for work in held)
    gate.set()
    closing.join(LIMIT)
    assert not closing.is_alive()
    assert all(work.result(0).startswith("skdefocus-") for work in held)


def test_nothing_is_begun_once_they_are_closed():
    workers = Workers()
    workers.close()
    for pool in (workers.long, workers.quick):
        with pytest.raises(RuntimeError, match="after shutdown"):
            pool.submit(int)
    # Closing again does no harm.
    workers.close()

"""Sessions are made once per process, for threads and forks alike."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.classifier import sessions
from skdefocus.classifier.sessions import open_session
from skdefocus.filters.conditions import clean_conditions

FORK = """
import os, numpy as np
from skdefocus import PatchBlurClassifier
from skdefocus.classifier import sessions
gray = np.random.default_rng(0).random((64, 80), np.float32)
expected = PatchBlurClassifier.pretrained().predict_proba_image(gray)
assert len(sessions._sessions) == 1
child = os.fork()
if not child:
    assert not sessions._sessions
    found = PatchBlurClassifier.pretrained().predict_proba_image(gray)
    os._exit(0 if np.array_equal(found, expected) else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def network():
    network = PatchBlurClassifier.pretrained().network_
    return network.onnx, network.sha256


@pytest.fixture(autouse=True)
def fresh():
    sessions._sessions.clear()
    yield
    sessions._sessions.clear()


@pytest.fixture
def made(monkeypatch):
    """How many threads each session was made with."""
    made = []
    make = sessions._make_session

    def count(onnx, n_threads):
        made.append(n_threads)
        return make(onnx, n_threads)

    monkeypatch.setattr(sessions, "_make_session", count)
    return made


def test_one_for_each_number_of_threads(network, made):
    one = open_session(*network, 1)
    assert open_session(*network, 1) is one
    assert open_session(*network, 2) is not one
    assert open_session(*network, 1) is one
    assert made == [1, 2]


def test_mappers_of_the_same_network_share_it(small_photo, made):
    for _ in range(3):
        SlidingWindowMapper().transform([small_photo])
    SlidingWindowMapper(PatchBlurClassifier.pretrained()).transform([small_photo])
    assert len(made) == 1


def test_threads_that_ask_at_once_get_the_same(network, made):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: open_session(*network, 1), range(32)))
    assert len(set(map(id, found))) == 1
    assert made == [1]


def test_the_one_that_was_not_used_for_longest_is_dropped(network, made):
    for n_threads in (1, 2, 1, 3, 1, 2):
        open_session(*network, n_threads, most=2)
    # 3 replaced 2, for 1 had been used since; then 2 replaced 3.
    assert made == [1, 2, 3, 2]
    assert len(sessions._sessions) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="forks with threads are for Linux")
def test_a_forked_process_makes_its_own():
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "0"


def test_a_session_that_is_dropped_while_it_runs_finishes(network, made):
    session = open_session(*network, 1, most=1)
    open_session(*network, 2, most=1)
    inputs = {
        "patches": np.zeros((1, 1, 32, 32), np.float32),
        "conditions": clean_conditions(1)[:, :, np.newaxis, np.newaxis],
    }
    assert session.run(None, inputs)[0].shape[0] == 1

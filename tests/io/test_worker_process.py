from __future__ import annotations

import io
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tiff_writer import write_tiff
from skdefocus.io import worker_process
from skdefocus.io.messages import receive, unpack_photograph
from skdefocus.io.refusal import Refusal, check_pixels
from skdefocus.io.worker_limits import BYTES_PER_PIXEL
from tests.io.pictures import smooth, write_any

ROOT = Path(__file__).parents[2]
on_posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def messages(request, *limit, most_values=10**6):
    """All that is sent for a request."""
    answers = io.BytesIO()
    whole = {"n_bytes": 100, "max_pixels": 10**5, **request}
    worker_process.answer(whole, answers, *limit)
    end = answers.tell()
    answers.seek(0)
    found = []
    while answers.tell() < end:
        found.append(receive(answers, most_values))
    return found


@pytest.fixture
def picture(tmp_path):
    path = write_any(tmp_path / "x.exr", smooth().astype(np.float32) / 255)
    return {"task": "decode", "format": "EXR", "path": str(path)}


def test_pixels_are_told_and_limited_before_the_photograph_comes(picture):
    limits = []
    found = messages(picture, lambda *limit: limits.append(limit))
    (told, _), (message, arrays) = found
    assert (told["kind"], told["n_pixels"]) == ("pixels", 40 * 56)
    assert limits == [(40 * 56, 100 + BYTES_PER_PIXEL * 40 * 56)]
    photograph = unpack_photograph(message, arrays)
    assert (photograph.file_format, photograph.image.shape) == ("EXR", (40, 56, 3))


def test_the_largest_picture_in_a_file_counts(picture, monkeypatch):
    def decode(path, name, max_pixels):
        for width in (10, 30, 20):
            check_pixels(width, 10, max_pixels)
        raise Refusal("is odd.")

    limits = []
    monkeypatch.setattr(worker_process, "decode", decode)
    messages(picture, lambda n_pixels, n_bytes: limits.append(n_pixels))
    assert limits == [100, 300]


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (Refusal("is blue."), "refusal", "is blue."),
        (MemoryError(), "memory", None),
        (OSError("first\nsecond"), "error", "first"),
        (KeyError(), "error", "KeyError"),
    ],
)
def test_what_a_decoder_raises_is_sent(picture, monkeypatch, raised, kind, text):
    def decode(*_):
        raise raised

    monkeypatch.setattr(worker_process, "decode", decode)
    ((message, arrays),) = messages(picture)
    assert (message["kind"], message.get("text"), arrays) == (kind, text, [])


def test_who_asks_no_more_is_no_error_of_the_file(picture):
    class Gone(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        worker_process.answer({**picture, "n_bytes": 0, "max_pixels": 10**5}, Gone())


def test_a_raw_file_without_a_preview_gives_nothing(tmp_path):
    pytest.importorskip("rawpy", reason="the extra raw is not installed")
    path = write_any(tmp_path / "x.dng", smooth(120, 160))
    found = messages({"task": "preview", "path": str(path)})
    assert found[-1][0]["kind"] == "nothing"
    path = write_any(tmp_path / "x.dng", smooth(120, 160), preview=(160, 120))
    found = messages({"task": "preview", "path": str(path)})
    assert found[-1][1][0].shape == (120, 160, 3)


def test_pages_of_a_tiff(tmp_path):
    pytest.importorskip("tifffile", reason="the extra tiff is not installed")
    pytest.importorskip("imagecodecs", reason="the extra tiff is not installed")
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 1), np.uint16)
    path = tmp_path / "x.tif"
    write_tiff(path, samples, 16, 1, compression=(34925, lzma.compress))
    request = {"task": "page", "index": 0, "path": str(path), "n_values": 600}
    ((message, arrays),) = messages(request)
    assert message["kind"] == "page"
    np.testing.assert_array_equal(arrays[0], samples[..., 0])
    ((message, _),) = messages({**request, "n_values": 599})
    assert message["text"] == "its pixels have the shape (20, 30)"


@pytest.fixture
def start(tmp_path):
    folder = tmp_path / "temporary"
    module = "skdefocus.io.worker_process"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(os.getpid()), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        yield process, folder
        process.kill()


def test_it_serves_until_there_are_no_more_requests(start, picture):
    process, folder = start
    assert receive(process.stdout)[0]["kind"] == "ready"
    for _ in range(2):
        request = {**picture, "n_pixels": 0, "n_bytes": 0, "max_pixels": 10**5}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        while (message := receive(process.stdout, 10**6)[0])["kind"] == "pixels":
            pass
        assert message["kind"] == "photograph"
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert not folder.exists()


@on_posix
def test_a_decoder_ends_on_time_without_anybody_else(tmp_path):
    # By the system's clock, whatever the decoder lets Python do.
    script = (
        "from skdefocus.io.worker_process import _limit, _leave_no_core\n"
        "_leave_no_core(); _limit(0.2, None); sum(range(10**15))"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGALRM
    assert time.monotonic() - start < 30


def test_the_limit_is_set_anew_for_each_request(monkeypatch, picture, tmp_path):
    set_to = []
    monkeypatch.setattr(worker_process, "_limit", lambda *limit: set_to.append(limit))

    def decode(path, name, max_pixels):
        check_pixels(1000, 100, max_pixels)
        raise Refusal("is large.")

    monkeypatch.setattr(worker_process, "decode", decode)
    request = {**picture, "n_pixels": 0, "n_bytes": 10**6, "max_pixels": 10**6}
    folder = tmp_path / "temporary"
    lines = [json.dumps(request).encode()] * 2
    worker_process._serve(lines, io.BytesIO(), str(folder))
    assert not folder.exists()
    first, second, last = set_to[:3]
    assert [n_bytes for _, n_bytes in set_to[3:]] == [first[1], second[1], None]
    assert 60 < first[0] < second[0]
    assert second[1] - first[1] == 4 * BYTES_PER_PIXEL * 10**5
    assert last == (0, None)

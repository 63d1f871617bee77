"""One process decodes what is given to it, is replaced, and ends with the program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest

from skdefocus.io import read_image, read_photograph, worker
from skdefocus.io.read import read_raw_preview
from tests.io.odd_worker import odd_file
from tests.io.pictures import smooth, write_any
from tests.io.processes import has_gone, is_there, number_of, on_posix

ROOT = Path(__file__).parents[2]
on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits of memory as Linux has them"
)


def test_one_process_reads_all_files(started):
    numbers = {number_of(started("fine")) for _ in range(5)}
    assert len(numbers) == 1
    assert os.getpid() not in numbers


@on_posix
def test_a_process_that_died_meanwhile_is_replaced(started):
    number = number_of(started("fine"))
    os.kill(number, signal.SIGKILL)
    assert number_of(started("fine")) != number
    assert not is_there(number)


@on_posix
def test_what_a_used_process_dies_of_is_tried_in_a_new_one(odd):
    # An earlier file may have spoiled it.
    with pytest.raises(ValueError, match="crashes its decoder"):
        odd("once")
    odd("fine")
    assert odd("once").image.shape == (3, 4)


@on_linux
def test_memory_has_a_limit(started):
    with pytest.raises(ValueError, match="takes more memory than its pixels should"):
        started("memory")
    assert started("fine").image.shape == (3, 4)


def test_threads_get_their_own_photographs(started):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(started, [str(level) for level in range(24)]))
    assert [photograph.image[0, 0] for photograph in found] == list(range(24))
    assert len({number_of(photograph) for photograph in found}) == 1


def test_at_the_end_of_the_program_no_process_is_started(odd):
    worker._host.close()
    with pytest.raises(ValueError, match="the program is at its end"):
        odd("fine")


def run(tmp_path, text, *, wait=True):
    """Run a script that reads odd files."""
    script = tmp_path / "script.py"
    begin = (
        "import json, os, signal, sys, threading, time\n"
        "from pathlib import Path\n"
        "from skdefocus.io import decoder_process, read_photograph\n"
        "from tests.io.odd_worker import odd_file\n"
        "decoder_process._MODULE = 'tests.io.odd_worker'\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "def read(word):\n"
        "    path = odd_file(folder / f'{os.getpid()}-{word}.avif', word)\n"
        "    return read_photograph(path).notes[0]\n"
    )
    script.write_text(begin + textwrap.dedent(text))
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if not wait:
        return process
    printed, problem = process.communicate(timeout=120)
    assert (process.returncode, problem) == (0, "")
    return json.loads(printed)


@on_posix
def test_it_ends_with_the_program(tmp_path):
    number = run(tmp_path, "print(read('fine'))")
    assert not is_there(number)


@on_posix
@pytest.mark.parametrize("word", ["fine", "sleep"])
def test_it_ends_with_a_program_that_is_killed(tmp_path, word):
    script = f"print(read('fine'), flush=True); read({word!r}); time.sleep(600)"
    with run(tmp_path, script, wait=False) as process:
        try:
            number = int(process.stdout.readline())
            assert is_there(number)
        finally:
            process.kill()
        assert has_gone(number)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_has_a_process_of_its_own(tmp_path):
    # While a thread of the parent has a file decoded.
    found = run(
        tmp_path,
        """
        import warnings
        warnings.simplefilter("ignore")  # Of threads and forks.
        first = read("fine")
        slow = []
        thread = threading.Thread(target=lambda: slow.append(read("large")))
        thread.start()
        time.sleep(0.5)
        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.write(writing, read("fine").encode() + b" " + read("fine").encode())
            sys.exit()
        thread.join()
        os.waitpid(child, 0)
        forked = os.read(reading, 100).decode().split()
        print(json.dumps([first, slow[0], read("fine"), *forked]))
        """,
    )
    parent, child = found[0], found[3]
    assert found == [parent, parent, parent, child, child]
    assert parent != child
    assert has_gone(int(child))


@on_posix
def test_a_fork_does_not_keep_the_process_of_its_parent(tmp_path):
    # Its copies of the pipes would let that one wait for more.
    number, child = run(
        tmp_path,
        """
        first = int(read("fine"))
        if not (child := os.fork()):
            os.close(1), os.close(2)
            time.sleep(600)
        print(json.dumps([first, child]))
        """,
    )
    try:
        assert has_gone(number)
        assert is_there(child)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.slow
def test_workers_of_a_pool_have_one_each(tmp_path):
    image = smooth()
    path = write_any(tmp_path / "x.exr", image.astype(np.float32) / 255)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(read_image)(path) for _ in "1234")
    expected = read_image(path)
    for one in found:
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("ending", [".dng", ".heic", ".avif", ".jxl", ".jp2", ".exr"])
def test_photographs_are_the_same_as_in_this_process(tmp_path, ending, monkeypatch):
    from skdefocus.io.decoders import missing_extra
    from tests.io.pictures import Here

    if missing_extra(tmp_path / f"x{ending}") is not None:
        pytest.skip("its extra is not installed")
    image = smooth().astype("float32") / 255 if ending == ".exr" else smooth()
    path = write_any(tmp_path / f"x{ending}", image)
    apart = read_photograph(path)
    monkeypatch.setattr(worker, "_host", Here())
    here = read_photograph(path)
    np.testing.assert_array_equal(apart.image, here.image)
    assert apart.image.dtype == here.image.dtype
    assert apart.image.flags.writeable
    for name in ("file_format", "icc_profile", "bits", "metadata", "notes"):
        assert getattr(apart, name) == getattr(here, name)


def test_a_preview_comes_from_it_too(tmp_path):
    pytest.importorskip("rawpy", reason="the extra raw is not installed")
    light = smooth(120, 160, bits=16)
    found = read_raw_preview(write_any(tmp_path / "x.dng", light, preview=(160, 120)))
    assert found.image.shape == (120, 160, 3)
    assert read_raw_preview(write_any(tmp_path / "y.dng", light)) is None


def test_a_sentence_has_the_name_that_was_given(tmp_path, monkeypatch):
    odd_file(tmp_path / "x.avif", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"^x\.avif is damaged .* file 'x\.avif'\.$"):
        read_photograph("x.avif")


@on_posix
def test_names_that_mean_another_file_to_another_process(odd, tmp_path):
    path = odd_file(tmp_path / "x.avif", "7")
    with path.open("rb") as file:
        found = read_photograph(f"/dev/fd/{file.fileno()}")
    assert found.image[0, 0] == 7

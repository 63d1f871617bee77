from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys

import pytest

from skdefocus.app import serve
from skdefocus.cli.main import main


def test_without_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "panel", None)
    assert main(["app", "--no-browser"]) == 2
    error = capsys.readouterr().err
    assert error == (
        "skdefocus: the tuning page needs the extra 'app': pip install "
        "'skdefocus[app]'.\n"
    )


def test_photographs_that_cannot_be_read(tmp_path, capsys):
    pytest.importorskip("panel", reason="needs the extra 'app'")
    path = tmp_path / "text.jpg"
    path.write_text("not an image")
    assert main(["app", str(path), "--no-browser"]) == 2
    assert "text.jpg is not an image that can be read" in capsys.readouterr().err
    assert main(["app", "--port", "70000", "--no-browser"]) == 2
    assert "port must be from 0 to 65535; got 70000" in capsys.readouterr().err


def test_the_limit_of_pixels_is_that_of_the_page(capsys):
    with pytest.raises(SystemExit):
        main(["app", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    # The literal in the help spares it an import.
    assert "refuse larger photographs (default: 200 million)" in told
    limit = inspect.signature(serve).parameters["max_pixels"].default
    assert limit == 200_000_000


@pytest.mark.parametrize("opens", [True, False])
def test_serving(monkeypatch, capsys, opens):
    pytest.importorskip("panel", reason="needs the extra 'app'")
    from skdefocus.app.server import TuningServer

    visited = []
    monkeypatch.setattr("webbrowser.open", visited.append)

    def run(server):
        server.stop()
        original(server)

    original = TuningServer.run
    monkeypatch.setattr(TuningServer, "run", run)
    assert main(["app", *([] if opens else ["--no-browser"])]) == 0
    address = capsys.readouterr().out.split(" ")[0]
    assert address.startswith("http://127.0.0.1:")
    assert visited == ([address] if opens else [])


def test_the_library_is_imported_by_the_verb_alone():
    code = (
        "import sys, skdefocus.cli.main, skdefocus.app.session\n"
        "print({'panel', 'bokeh', 'tornado'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_leaves_nothing(tmp_path, stop):
    pytest.importorskip("panel", reason="needs the extra 'app'")
    process = subprocess.Popen(
        [sys.executable, "-m", "skdefocus", "app", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        assert [path.name[:14] for path in tmp_path.iterdir()] == ["skdefocus-app-"]
        process.send_signal(stop)
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []

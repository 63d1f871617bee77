"""The verb on folders: its report, and what it goes on from."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skdefocus import CombinedMapper, GlobalRefiner
from skdefocus.filters import blur
from skdefocus.io import read_image, write_photograph
from tests.cli import running


def run(*arguments: object) -> int:
    return running.run("batch", *arguments)


@pytest.fixture
def folder(tmp_path, small_photo):
    soft = blur(small_photo / np.float32(255), 3.0)
    write_photograph(tmp_path / "in" / "100" / "soft.png", soft)
    write_photograph(tmp_path / "in" / "sharp.jpg", small_photo)
    return tmp_path / "in"


@pytest.mark.slow
def test_a_folder_and_its_report(folder, out, capsys, small_photo):
    pictures = ("--picture", "sharpened", "--picture", "overview", "--picture", "mask")
    assert run(folder, "-o", out, *pictures, "--jobs", 2) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("2 photographs in ")
    assert lines[0].endswith(" s: 2 done")
    assert lines[1].split() == ["sharpest", "in", "focus", "photograph"]
    assert [line.split()[-1] for line in lines[2:4]] == [
        str(folder / "sharp.jpg"),
        str(folder / "100" / "soft.png"),
    ]
    assert lines[4] == f"report: {out / 'report.csv'}, report.jsonl"
    assert "2/2" in captured.err
    assert "photo" in captured.err
    names = {path.name for path in (out / "100").iterdir()}
    assert names == {
        f"soft_{name}"
        for name in (
            *("map.png", "map16.png", "sigma.tif"),
            *("sharpened.png", "focus_mask.png", "overview.png"),
        )
    }
    image = read_image(folder / "100" / "soft.png")
    steps = make_pipeline(CombinedMapper(), GlobalRefiner())
    (sample,) = steps.fit_transform([image])
    found = read_image(out / "100" / "soft_sigma.tif")
    np.testing.assert_array_equal(found, sample.blur_map)
    with (out / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["sharpest_sigma"]) < float(rows[1]["sharpest_sigma"])

    # Whatever the number of workers was.
    again = (folder, "-o", out, *pictures, "--jobs", 1, "--quiet")
    assert run(*again) == 0
    captured = capsys.readouterr()
    assert "0 done, 2 kept from an earlier run" in captured.out
    assert captured.err == ""
    assert run(*again, "--again") == 0
    assert "2 done" in capsys.readouterr().out


def test_confidence_and_the_share_of_unknown_pixels(folder, out, capsys):
    pictures = ("--picture", "confidence", "--picture", "mask")
    classes = ("--set", "segmenter__unknown=class")
    shares = {}
    for below in (0.25, 1):
        limit = ("--set", f"segmenter__unknown_below={below}")
        command = (folder, "-o", out, *pictures, *classes, *limit, "--jobs", 1)
        assert run(*command, "--quiet") == 0
        with (out / "report.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        shares[below] = [float(row["share_unknown"]) for row in rows]
        noted = [row["notes"] for row in rows]
    assert all(share < 0.9 for share in shares[0.25])
    assert all(share > 0.95 for share in shares[1])
    error = capsys.readouterr().err
    for note in noted:
        assert "nearly nothing can be judged" in note
        assert error.count(note) == 1
    confidence = read_image(out / "sharp_confidence.png")
    assert confidence.dtype == np.uint8
    assert np.ptp(confidence) > 100
    # Files of masks have two values, whatever the segmenter makes of unknown pixels.
    mask = read_image(out / "sharp_focus_mask.png")
    assert set(np.unique(mask)) <= {0, 255}


def test_bad_files_are_told_and_stop_nothing(folder, out, capsys):
    (folder / "a_bad.jpg").write_bytes(b"no photograph")
    whole = (folder / "sharp.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    settings = ("--picture", "sharpened", "--set", "sharpener__beta1=0.9")
    assert run(folder, "-o", out, *settings, "--jobs", 1) == 1
    captured = capsys.readouterr()
    assert "4 photographs" in captured.out
    assert "2 done, 2 failed" in captured.out
    for told in (
        f"skdefocus: {folder / 'a_bad.jpg'} is not an image that can be read",
        f"skdefocus: {folder / 'cut.jpg'} is damaged or truncated",
        f"skdefocus: {folder / 'sharp.jpg'}: beta1 (0.9) is above beta2",
    ):
        assert told in captured.err
    rows = [
        json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()
    ]
    assert [row["status"] for row in rows] == ["done", "done", "failed", "failed"]


def test_all_failed(tmp_path, out, capsys):
    (tmp_path / "bad.jpg").write_bytes(b"")
    assert run(tmp_path / "bad.jpg", "-o", out, "--quiet") == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1].startswith("report: ")
    assert "bad.jpg is empty" in captured.err


def test_only_the_sharpest_are_shown(tmp_path, small_photo, out, capsys):
    for i in range(7):
        write_photograph(tmp_path / "in" / f"{i}.png", small_photo[:40, i : i + 40])
    assert run(tmp_path / "in", "-o", out, "--subject", "4,4,20,20", "--jobs", 1) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 1 + 5 + 1 + 1
    assert lines[-2] == "  ... and 2 more"
    rows = [
        json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()
    ]
    boxes = {
        tuple(row[f"sharpest_{side}"] for side in ("left", "width")) for row in rows
    }
    # Within the subject.
    assert all(left >= 4 and left + width <= 24 for left, width in boxes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--subject", "nowhere.png"], "subject mask nowhere.png does not exist"),
        (["--picture", "negative"], "invalid choice: 'negative'"),
        (["--jobs", "0"], "--jobs must be at least 1"),
        (["--set", "segmenter__unknown_below=2"], "'unknown_below' parameter of Def"),
        (["--set", "segmenter__x=1"], "DefocusSegmenter has no parameter 'x'; known"),
    ],
)
def test_usage(folder, out, refused, arguments, message):
    refused(message, "batch", folder, "-o", out, *arguments)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="interrupts by a POSIX signal")
def test_an_interrupt_from_the_keyboard(tmp_path, small_photo, out):
    for i in range(40):
        write_photograph(tmp_path / "in" / f"{i}.png", small_photo[: 40 + i])
    # Where the tests themselves run in the background, interrupts are ignored.
    heed = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); "
    call = f"{heed}import sys; from skdefocus.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", call, "batch", tmp_path / "in"]
    # In a group of its own, as a shell does it: its workers are interrupted too.
    started = subprocess.Popen(
        [*map(str, command), "-o", str(out), "--jobs", "2"],
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    while started.poll() is None and len(list(out.glob("*_sigma.tif"))) < 4:
        time.sleep(0.02)
    os.killpg(started.pid, signal.SIGINT)
    error = started.communicate(timeout=60)[1]
    assert started.returncode == 130
    assert "stopped; the same command goes on from here" in error
    assert "Traceback" not in error
    done = (out / "report.jsonl").read_text().splitlines()
    assert len(done) < 40
    assert run(tmp_path / "in", "-o", out, "--quiet", "--jobs", 2) == 0
    kept = [
        json.loads(line)["status"]
        for line in (out / "report.jsonl").read_text().splitlines()
    ]
    assert len(kept) == 40
    # Of four whose files are there at most two are still without their record.
    assert kept.count("kept") >= max(2, len(done))


def test_another_run_in_the_same_folder(folder, out, capsys):
    from skdefocus.batch.output_folder import open_run

    with open_run(out):
        assert run(folder, "-o", out) == 2
    assert "another run is writing to" in capsys.readouterr().err


def test_clusters_need_the_extra(folder, out, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(folder, "-o", out, "--scheduler", "tcp://localhost:8786") == 2
    assert "pip install 'skdefocus[cluster]'" in capsys.readouterr().err

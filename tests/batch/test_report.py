from __future__ import annotations

import csv
import os

import pytest

from skdefocus.batch import COLUMNS, MEASURES
from skdefocus.batch.output_folder import open_run
from skdefocus.batch.report import Report, read_rows


def row(photo: str, sharpest: float, **others) -> dict:
    figures = dict.fromkeys(MEASURES, 1.0) | {"unit": "px", "sharpest_sigma": sharpest}
    return {"photo": photo, "status": "done", "notes": [], "error": "", **figures} | (
        others
    )


def failed(photo: str) -> dict:
    return {"photo": photo, "status": "failed", "error": "It is.", "notes": []}


def write(tmp_path, rows):
    with open_run(tmp_path) as run:
        report = Report(run)
        for each in rows:
            report.add(each)
        return report.write()


def test_the_sharpest_come_first_and_failures_last(tmp_path):
    rows = [failed("z"), row("soft", 3.0), failed("a"), row("sharp", 0.2)]
    rows += [row("same", 0.2), row("softer", 0.2, sigma_p50=0.9)]
    table, lines = write(tmp_path, rows)
    order = ["softer", "same", "sharp", "soft", "a", "z"]
    assert [each["photo"] for each in read_rows(lines)] == order
    with table.open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [each["photo"] for each in read] == order
    assert tuple(read[0]) == COLUMNS
    assert read[1]["sharpest_sigma"] == "0.2"
    assert read[-1] == dict.fromkeys(COLUMNS, "") | {
        "photo": "z",
        "status": "failed",
        "error": "It is.",
    }
    assert {path.name for path in tmp_path.iterdir()} == {
        ".skdefocus",
        "report.csv",
        "report.jsonl",
    }


def test_no_name_breaks_a_report(tmp_path):
    names = ['a,"b"\n.jpg', "Blüte 花.jpg", os.fsdecode(b"\xff.jpg")]
    table, lines = write(
        tmp_path, [row(name, i, notes=["One.", "Two."]) for i, name in enumerate(names)]
    )
    assert [each["photo"] for each in read_rows(lines)] == names
    with table.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        read = list(csv.DictReader(file))
    assert [each["photo"] for each in read] == names
    assert read[0]["notes"] == "One. Two."


def test_a_report_of_nothing(tmp_path):
    table, lines = write(tmp_path, [])
    assert table.read_text().splitlines() == [",".join(COLUMNS)]
    assert list(read_rows(lines)) == []


@pytest.mark.parametrize("name", ["report.csv", "report.jsonl"])
def test_a_report_of_somebody_else_s_is_never_replaced(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match=f"{name} exists and was not written by"):
        write(tmp_path, [])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    # Nor one that comes while photographs are measured.
    (tmp_path / name).unlink()
    with open_run(tmp_path) as run:
        report = Report(run)
        (tmp_path / name).write_text("mine")
        with pytest.raises(ValueError, match=f"{name} exists and was not written by"):
            report.write()
    assert (tmp_path / name).read_text() == "mine"
    assert len([path for path in tmp_path.iterdir() if path.name[0] != "."]) == 1


def test_the_report_of_an_earlier_run_is_replaced_unless_it_was_edited(tmp_path):
    for _ in "ab":
        table, _ = write(tmp_path, [failed("a")])
        table, _ = write(tmp_path, [])
    table.write_text(table.read_text().replace("photo", "Photo"))
    with pytest.raises(ValueError, match=r"report\.csv was changed or replaced after"):
        write(tmp_path, [])

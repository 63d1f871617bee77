"""The report of a run: one row for each photograph, the sharpest first."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .._shared.files import staged
from .measure import MEASURES
from .run_folder import RunFolder

__all__ = ["COLUMNS", "Report", "read_rows"]

COLUMNS = (
    *("photo", "status", "source", "others", "width", "height", *MEASURES),
    # What one pixel of sigma is in the file _map16.png.
    "map16_steps_per_px",
    *("seconds", "error", "notes"),
)
_NAMES = ("report.csv", "report.jsonl")
_ORDER = ("sharpest_sigma", "sigma_p50", "sigma_mean")


class Report:
    """Rows as they come, kept on disk, and sorted at the end.

    Parameters
    ----------
    folder : RunFolder
        The run's. Rows wait in it: in memory there is only what they are sorted by.

    Raises
    ------
    ValueError
        If a report is there that skdefocus did not write.
    """

    def __init__(self, folder: RunFolder) -> None:
        folder.check_report([folder.out / name for name in _NAMES])
        self._folder = folder
        self._rows = (folder.work / "rows.jsonl").open("w+b")
        self._order: list[tuple[Any, ...]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in the row of a photograph."""
        sharpness = [row.get(name) for name in _ORDER]
        failed = None in sharpness
        key = (failed, *([] if failed else sharpness), str(row["photo"]))
        self._order.append((*key, self._rows.tell()))
        # Names that are not text in UTF-8 survive as escapes.
        self._rows.write(json.dumps(dict(row)).encode() + b"\n")

    def write(self) -> tuple[Path, Path]:
        """Write the report; both files are moved into place whole.

        Returns
        -------
        csv, jsonl : Path
            ``report.csv``, with the columns `COLUMNS`, and ``report.jsonl``, with the
            names of the results besides.

        Raises
        ------
        ValueError
            If a report has come meanwhile that skdefocus did not write.
        """
        self._order.sort()
        with (
            self._rows,
            staged(self._folder.out, within=self._folder.work) as stage,
        ):
            table, lines = (stage(name) for name in _NAMES)
            with (
                table.open(
                    "w", newline="", encoding="utf-8", errors="surrogateescape"
                ) as table_file,
                lines.open("wb") as lines_file,
            ):
                writer = csv.writer(table_file)
                writer.writerow(COLUMNS)
                for *_, offset in self._order:
                    self._rows.seek(offset)
                    line = self._rows.readline()
                    lines_file.write(line)
                    row = json.loads(line)
                    row["notes"] = " ".join(row["notes"])
                    row["others"] = " ".join(row.get("others", ()))
                    writer.writerow(row.get(name) for name in COLUMNS)
            self._folder.claim_report(stage.targets, stage.waiting)
        table, lines = stage.targets
        return table, lines


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read a report in JSON lines, one row at a time.

    Parameters
    ----------
    path : Path
        ``report.jsonl``.

    Yields
    ------
    dict of str to object
        One for each photograph.
    """
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)

"""What a run keeps in its output folder: who runs, what is started, what is finished.

Everything lies in a hidden folder, ``.skdefocus``, in files that are moved into place
whole; nothing in it is needed to use the results.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._shared.files import replace_file

__all__ = ["RunFolder", "open_run"]

_HIDDEN = ".skdefocus"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, as its workers use it too.

    Attributes
    ----------
    out : Path
        The output folder, absolute.
    run : str
        Name of this run.
    """

    out: Path
    run: str

    @property
    def work(self) -> Path:
        """Where this run keeps what no one needs after it."""
        return self.out / _HIDDEN / "runs" / self.run

    def is_current(self) -> bool:
        """Whether this is the run that the output folder belongs to."""
        try:
            text = (self.out / _HIDDEN / "current").read_text()
        except OSError:
            return False
        return text == self.run

    # What is started. A note that outlives its worker tells what it was working on.

    def _note(self, index: int, attempt: int) -> Path:
        return self.work / "started" / f"{index}-{attempt}"

    def note(self, index: int, attempt: int) -> bool:
        """Note that a photograph is started; False if that was noted before."""
        try:
            self._note(index, attempt).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def is_noted(self, index: int, attempt: int) -> bool:
        """Whether a photograph is started and not finished."""
        return self._note(index, attempt).exists()

    def erase_note(self, index: int, attempt: int) -> None:
        """Erase the note of a photograph that is finished."""
        self._note(index, attempt).unlink(missing_ok=True)

    # What is finished: one record for each name of results.

    def _record(self, target: str) -> Path:
        digest = hashlib.sha256(os.fsencode(target)).hexdigest()
        return self.out / _HIDDEN / "finished" / digest[:2] / f"{digest[2:]}.json"

    def read_record(self, target: str) -> dict[str, Any]:
        """Read the record of a target; empty if there is none that can be read."""
        try:
            record = json.loads(self._record(target).read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def finished(
        self, target: str, keys: Mapping[str, str]
    ) -> dict[str, dict[str, Any]]:
        """Give the products that are finished: of this work, with their files there.

        Parameters
        ----------
        target : str
            What names of results begin with.
        keys : mapping of str to str
            The products that are wanted, each with the key of its work.

        Returns
        -------
        dict of str to dict
            What is recorded of each: ``key``, ``sizes`` of its files by name, and
            ``figures``.
        """
        products = self.read_record(target).get("products", {})
        return {
            name: products[name]
            for name, key in keys.items()
            if name in products
            and products[name]["key"] == key
            and self._are_there(products[name]["sizes"])
        }

    def _are_there(self, sizes: Mapping[str, int]) -> bool:
        try:
            found = {name: (self.out / name).stat().st_size for name in sizes}
        except OSError:
            return False
        return found == dict(sizes)

    def claim(self, target: str, files: Sequence[Path]) -> None:
        """Say which files are about to be replaced; they count as unfinished now.

        Raises
        ------
        ValueError
            If one of them is there and was not written by skdefocus.
        OSError
            If another run has taken the output folder over.
        """
        names = self._names(files)
        record = self.read_record(target)
        owned = record.get("owned", [])
        for name, path in zip(names, files, strict=True):
            if name not in owned and os.path.lexists(path):
                raise ValueError(
                    f"{path} exists and was not written by skdefocus; move it away or "
                    f"give another output folder."
                )
        products = {
            product: about
            for product, about in record.get("products", {}).items()
            if not set(names) & set(about["sizes"])
        }
        owned = sorted({*owned, *names})
        self._write(target, {**record, "owned": owned, "products": products})
        if not self.is_current():
            raise OSError(f"another run has taken over {self.out}.")

    def finish(
        self,
        target: str,
        made: Mapping[str, Sequence[Path]],
        keys: Mapping[str, str],
        row: Mapping[str, Any],
        figures: Mapping[str, Any],
    ) -> dict[str, dict[str, Any]]:
        """Record products that are finished, with their files in place.

        Parameters
        ----------
        target : str
            What names of results begin with.
        made : mapping of str to sequence of Path
            The files of each product.
        keys : mapping of str to str
            Keys of their work.
        row : mapping
            What the report says of the photograph, but for its figures.
        figures : mapping
            Of the product "figures", if that was made.

        Returns
        -------
        dict of str to dict
            What is recorded of the products that are wanted, as `finished` gives it.
        """
        record = self.read_record(target)
        products = record.get("products", {})
        for product, files in made.items():
            sizes = [path.stat().st_size for path in files]
            products[product] = {
                "key": keys[product],
                "sizes": dict(zip(self._names(files), sizes, strict=True)),
            }
            if product == "figures":
                products[product]["figures"] = dict(figures)
        owned = record.get("owned", [])
        self._write(target, {"owned": owned, "products": products, "row": dict(row)})
        return {product: products[product] for product in keys if product in products}

    def _names(self, files: Iterable[Path]) -> list[str]:
        return [path.relative_to(self.out).as_posix() for path in files]

    def _write(self, target: str, record: dict[str, Any]) -> None:
        replace_file(self._record(target), json.dumps(record).encode())


@contextmanager
def open_run(out: Path) -> Iterator[RunFolder]:
    """Begin a run in an output folder; at its end remove what was only for it.

    Nothing is left of a run that wrote no result, in a folder where none was before.

    Parameters
    ----------
    out : Path
        The output folder, absolute; made if needed.

    Yields
    ------
    RunFolder
        The run's.

    Raises
    ------
    BlockingIOError
        If another run is at work in it.
    """
    hidden = out / _HIDDEN
    made = [folder for folder in (hidden, *hidden.parents) if not folder.exists()]
    hidden.mkdir(parents=True, exist_ok=True)
    with (hidden / "lock").open("ab") as lock:
        _lock(lock, out)
        folder = RunFolder(out, secrets.token_hex(8))
        # A worker that outlives a killed run finds itself replaced and writes nothing.
        replace_file(hidden / "current", folder.run.encode())
        shutil.rmtree(hidden / "runs", ignore_errors=True)
        for half_written in (hidden / "finished").glob("*/.*"):
            half_written.unlink(missing_ok=True)
        (folder.work / "started").mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder.work, ignore_errors=True)
            if hidden in made and not (hidden / "finished").exists():
                shutil.rmtree(hidden, ignore_errors=True)
                for empty in made[1:]:
                    # Unless there is something in it, such as a report.
                    with suppress(OSError):
                        empty.rmdir()


def _lock(file: Any, out: Path) -> None:
    """Lock a file until it is closed, or its process ends however it ends."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(
            f"another run is writing to {out}; wait for it, or give another folder."
        ) from None
    except OSError:
        # A file system without locks: the name of the current run has to do.
        return

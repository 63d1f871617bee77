"""What a run keeps in its output folder: what is started, what is finished.

Everything lies in a hidden folder, ``.skdefocus``, in files that are moved into place
whole; nothing in it is needed to use the results.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .._shared.files import replace_file
from .keys import file_key

__all__ = ["HIDDEN", "RunFolder", "recorded_files"]

HIDDEN = ".skdefocus"
# What is written once for all photographs, and not below the records of targets.
_REPORT = "report.json"
# Changes whenever records have another shape; those of another format are not read.
_FORMAT = 1


def recorded_files(folder: Path) -> set[Path]:
    """List what runs wrote to a folder, by their records.

    Parameters
    ----------
    folder : Path
        Any folder.

    Returns
    -------
    set of Path
        Results, some of which may be gone; empty if it is no output folder.
    """
    records = (folder / HIDDEN / "finished").glob("*/*.json")
    owned = (_read_json(path).get("owned", ()) for path in records)
    return {folder / name for names in owned for name in names}


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
        return self.out / HIDDEN / "runs" / self.run

    def has_records(self) -> bool:
        """Whether this run, or an earlier one, wrote a result or a report."""
        names = ("finished", _REPORT)
        return any((self.out / HIDDEN / name).exists() for name in names)

    def is_current(self) -> bool:
        """Whether this is the run that the output folder belongs to."""
        try:
            text = (self.out / HIDDEN / "current").read_text()
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

    # What is finished: one record for each name of results, whatever its capitals.
    #
    #   source    path and SHA-256 of the photograph, and paths of its other files
    #   owned     SHA-256 of what was written, by the file's name; two of them while
    #             a file is being replaced
    #   products  of each its key, which is empty while it is being made, size and
    #             time of its files by name, and figures
    #   row       what the report says of the photograph

    def _record(self, target: str) -> Path:
        # Some file systems do not tell A from a.
        digest = hashlib.sha256(os.fsencode(target.casefold())).hexdigest()
        return self.out / HIDDEN / "finished" / digest[:2] / f"{digest[2:]}.json"

    def read_record(self, target: str) -> dict[str, Any]:
        """Read the record of a target; empty if there is none that can be read."""
        return _read_json(self._record(target))

    def check_source(
        self, target: str, photo: Path, content: str, others: Iterable[Path] = ()
    ) -> None:
        """Refuse a photograph whose results would replace those of another one.

        A photograph that was moved is the same one, and so is one that was edited in
        its place, or that only differs in its ending from one that is gone. Results of
        a file that is still there and only differs in its ending may be replaced while
        nobody has edited them: a run over both makes them again under another name.

        Parameters
        ----------
        target : str
            What names of its results begin with.
        photo : Path
            The photograph.
        content : str
            Its `file_key`.
        others : iterable of Path
            Other files of the same photograph.

        Raises
        ------
        ValueError
            If results of a file of another path and another content are there.
        """
        record = self.read_record(target)
        source, now = record.get("source"), _source(photo, content, others)
        if source is None or source["path"] == now["path"]:
            return
        if source["sha256"] == content:
            self._write(target, {**record, "source": now})
            return
        known = {source["path"], *source["others"]}
        if known & {now["path"], *now["others"]}:
            return
        if _without_ending(source["path"]) == _without_ending(now["path"]):
            if os.path.lexists(source["path"]):
                self.check_files(target, record["owned"])
            return
        for name in record["owned"]:
            if os.path.lexists(self.out / name):
                raise ValueError(
                    f"{photo}: {self.out / name} is a result of another photograph of "
                    f"the same name, {source['path']}; move it away or give another "
                    f"output folder."
                )

    def check_files(self, target: str, names: Iterable[str]) -> None:
        """Refuse to replace files that are not what skdefocus wrote.

        Parameters
        ----------
        target : str
            What names of results begin with.
        names : iterable of str
            Files below the output folder; they need not be there.

        Raises
        ------
        ValueError
            If one of them is there and is not what skdefocus wrote.
        """
        owned = self.read_record(target).get("owned", {})
        for name in names:
            self._own_content(self.out / name, owned)

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
            What is recorded of each: ``key``, size and time of its ``files`` by name,
            and ``figures``.
        """
        record = self.read_record(target)
        products, owned = record.get("products", {}), record.get("owned", {})
        finished, is_copy = {}, False
        for name, key in keys.items():
            if name not in products or products[name]["key"] != key:
                continue
            before = products[name]["files"]
            stamps = {
                file: self._stamp_if_unchanged(file, stamp, owned.get(file, ()))
                for file, stamp in before.items()
            }
            if None not in stamps.values():
                is_copy |= stamps != before
                finished[name] = products[name] = {**products[name], "files": stamps}
        if is_copy:
            # So that the next run need not read its files again.
            with suppress(OSError):
                self._write(target, record)
        return finished

    def _stamp_if_unchanged(
        self, name: str, stamp: Sequence[int], contents: Sequence[str]
    ) -> Sequence[int] | None:
        path = self.out / name
        try:
            now = _stamp(path)
            if now == stamp:
                return now
            # A copy of the folder has other times.
            is_same = now[0] == stamp[0] and file_key(path) in contents
        except OSError:
            return None
        return now if is_same else None

    def claim(
        self,
        target: str,
        made: Mapping[str, Sequence[Path]],
        waiting: Path,
        photo: Path,
        content: str,
        others: Iterable[Path] = (),
    ) -> None:
        """Say which files are about to be replaced; they count as unfinished now.

        Parameters
        ----------
        target : str
            What names of results begin with.
        made : mapping of str to sequence of Path
            Where the files of each product go.
        waiting : Path
            The folder in which they wait.
        photo : Path
            The photograph that they are made of.
        content : str
            Its `file_key`.
        others : iterable of Path
            Other files of the same photograph.

        Raises
        ------
        ValueError
            If one of them is there and is not what skdefocus wrote.
        OSError
            If another run has taken the output folder over.
        """
        record = self.read_record(target)
        files = [path for paths in made.values() for path in paths]
        owned = self._claimed(record.get("owned", {}), files, waiting)
        products = record.get("products", {})
        for product, paths in made.items():
            # Names of before stay known until what they are replaced by is there.
            before = products.get(product, {}).get("files", {})
            new = {name: [0, 0] for name in self._names(paths)}
            products[product] = {"key": "", "files": {**before, **new}}
        for product, about in products.items():
            if product not in made and set(self._names(files)) & set(about["files"]):
                about["key"] = ""
        source = _source(photo, content, others)
        self._write(
            target, {**record, "source": source, "owned": owned, "products": products}
        )
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

        A file that one of them had before in another format is removed, if it is as it
        was written.

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
        products, owned = record.get("products", {}), record.get("owned", {})
        before: set[str] = set()
        stems: set[str] = set()
        for product, files in made.items():
            before.update(products.get(product, {}).get("files", {}))
            names = self._names(files)
            stems.update(map(_stem, names))
            stamps = {
                name: _stamp(path) for name, path in zip(names, files, strict=True)
            }
            products[product] = {"key": keys[product], "files": stamps}
            if product == "figures":
                products[product]["figures"] = dict(figures)
            owned |= {name: owned[name][-1:] for name in names}
        for name in before.difference(*(each["files"] for each in products.values())):
            if _stem(name) in stems:
                self._remove(name, owned)
        record |= {"owned": owned, "products": products, "row": dict(row)}
        self._write(target, record)
        return {product: products[product] for product in keys if product in products}

    def _remove(self, name: str, owned: dict[str, list[str]]) -> None:
        """Remove a file of before, unless it is not what skdefocus wrote."""
        path = self.out / name
        try:
            self._own_content(path, owned)
            path.unlink(missing_ok=True)
        except (OSError, ValueError):
            return
        owned.pop(name, None)

    # What is written once for all photographs.

    def check_report(self, files: Sequence[Path]) -> None:
        """Refuse to replace a report that an earlier run did not write.

        Raises
        ------
        ValueError
            If one of its files is there and is not what skdefocus wrote.
        """
        owned = _read_json(self.out / HIDDEN / _REPORT)
        for path in files:
            self._own_content(path, owned)

    def claim_report(self, files: Sequence[Path], waiting: Path) -> None:
        """Say that the files of the report are about to be replaced.

        Raises
        ------
        ValueError
            If one of them is there and is not what skdefocus wrote.
        """
        record = self.out / HIDDEN / _REPORT
        owned = self._claimed(_read_json(record), files, waiting)
        _write_json(record, owned)

    def _claimed(
        self, owned: Mapping[str, list[str]], files: Sequence[Path], waiting: Path
    ) -> dict[str, list[str]]:
        """Add to what is owned the content of files that are about to be replaced."""
        claimed = dict(owned)
        for name, path in zip(self._names(files), files, strict=True):
            # Whenever the run is killed, the one or the other is there.
            found = self._own_content(path, owned)
            new = file_key(waiting / path.name)
            claimed[name] = [new] if found is None else [found, new]
        return claimed

    def _own_content(self, path: Path, owned: Mapping[str, list[str]]) -> str | None:
        """Give the `file_key` of a file that skdefocus wrote; None if there is none."""
        if not os.path.lexists(path):
            return None
        (name,) = self._names([path])
        if name not in owned:
            raise ValueError(
                f"{path} exists and was not written by skdefocus; move it away or "
                f"give another output folder."
            )
        content = file_key(path) if path.is_file() else ""
        if content not in owned[name]:
            raise ValueError(
                f"{path} was changed or replaced after skdefocus wrote it; move it "
                f"away or give another output folder."
            )
        return content

    def _names(self, files: Iterable[Path]) -> list[str]:
        return [path.relative_to(self.out).as_posix() for path in files]

    def _write(self, target: str, record: dict[str, Any]) -> None:
        _write_json(self._record(target), record)


def _write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record with its format and its own SHA-256."""
    replace_file(path, json.dumps(_sealed(record)).encode())


def _read_json(path: Path) -> dict[str, Any]:
    """Read a record; empty if there is none, or it is not as it was written."""
    try:
        found = json.loads(path.read_bytes())
        record = found["record"]
        is_whole = isinstance(record, dict) and found == _sealed(record)
        return record if is_whole else {}
    # JSON of whatever shape and depth.
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


def _sealed(record: Any) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    return {"format": _FORMAT, "sha256": digest, "record": record}


def _source(photo: Path, content: str, others: Iterable[Path]) -> dict[str, Any]:
    paths = [os.path.realpath(other) for other in others]
    return {"path": os.path.realpath(photo), "sha256": content, "others": paths}


def _without_ending(path: str) -> tuple[str, str]:
    """Give the folder of a photograph and its name in whatever format."""
    # Cameras and cards differ in capitals.
    return os.path.dirname(path), Path(path).stem.casefold()


def _stamp(path: Path) -> list[int]:
    """Give size and time of a file."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _stem(name: str) -> str:
    """Give what a file is called in whatever format."""
    return PurePosixPath(name).with_suffix("").as_posix()

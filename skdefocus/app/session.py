"""One tab of the page: what it has open, and answers to what it asks.

Free of the page's library: messages come and go as dictionaries.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..batch.pipeline import describe_error
from ..sample import UNKNOWN
from .answers import VIEWS, opened_answer, picture_answer
from .export import export_product
from .opened import OpenedPhotograph
from .preview import Preview
from .recipe import PRODUCTS, check_product
from .settings import Settings
from .workers import Workers

__all__ = ["Session"]

_LOG = logging.getLogger(__name__)


class Session:
    """State of one tab.

    Parameters
    ----------
    workers : Workers
        Threads to compute in.
    read : callable
        ``read(file, path)`` opens a photograph: `path` is what it is called in code.
    tell : callable
        Takes a message for the page; called from any thread.
    folder : Path
        For files of this tab alone; removed by `close`.
    known : mapping of str to Path
        Photographs that can be opened by name: "sample", and "given" where the command
        line gave one.
    max_pixels : int
        Written into code and command line.

    Attributes
    ----------
    token : str
        Secret that the page shows when it uploads or fetches a file.
    closed : bool
        Whether the tab is gone.
    on_close : callable
        Called when it goes.
    opened : OpenedPhotograph or None
        What is open.
    settings : Settings
        What is set.
    """

    def __init__(
        self,
        workers: Workers,
        read: Callable[[Path, str], OpenedPhotograph],
        tell: Callable[[dict[str, Any]], None],
        folder: Path,
        known: Mapping[str, Path],
        *,
        max_pixels: int,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self.closed = False
        self.on_close: Callable[[], Any] = lambda: None
        self.opened: OpenedPhotograph | None = None
        self.settings = Settings()
        self._preview: Preview | None = None
        self._workers, self._read, self._tell = workers, read, tell
        self._folder, self._known = folder / self.token, known
        self._limit = {"max_pixels": max_pixels}
        self._files: dict[str, Path] = {}
        self._latest = 0

    def handle(self, message: Any) -> None:
        """Answer a message of the page; what cannot be done is told in one sentence.

        Parameters
        ----------
        message : mapping
            With its "kind", and what that kind needs.
        """
        kinds = {
            "open": self._open_known,
            "settings": self._set,
            "focus": self._focus,
            "probe": self._probe,
            "export": self._export,
        }
        try:
            kind = message.get("kind") if isinstance(message, Mapping) else None
            if kind not in kinds:
                raise ValueError(f"the page sent something unknown, {kind!r}.")
            kinds[kind](message)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            number = message.get("number") if isinstance(message, Mapping) else None
            self._complain(_sentence(error), number)

    def upload_path(self, name: str) -> Path:
        """Choose where an uploaded photograph goes.

        Parameters
        ----------
        name : str
            As the browser tells it.

        Returns
        -------
        Path
            In a folder of its own, with a harmless name and the same ending.
        """
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder / _harmless(name)

    def open_upload(self, file: Path) -> None:
        """Open an uploaded photograph; its file is removed once it is read.

        Parameters
        ----------
        file : Path
            From `upload_path`.
        """
        self._open(file, file.name, lambda: shutil.rmtree(file.parent, True))

    def file(self, token: str) -> Path | None:
        """Hand out an exported file, once.

        Parameters
        ----------
        token : str
            From the message "exported".

        Returns
        -------
        Path or None
            The file; who takes it removes its folder.
        """
        return self._files.pop(token, None)

    def close(self) -> None:
        """Forget everything, and remove the tab's files."""
        self.closed = True
        self.opened = self._preview = None
        self._files.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.on_close()

    def _open_known(self, message: Mapping[str, Any]) -> None:
        source = message["source"]
        if source not in self._known:
            raise ValueError(f"there is no photograph {source!r} to open.")
        path = self._known[source]
        self._open(path, str(path))

    def _open(
        self, file: Path, path: str, cleanup: Callable[[], None] = lambda: None
    ) -> None:
        self._latest += 1
        number = self._latest
        name = Path(path).name
        self._answer({"kind": "working", "text": f"Mapping the blur of {name}."})

        def read() -> dict[str, Any] | None:
            try:
                if self.closed or number != self._latest:
                    return None
                opened = self._read(file, path)
            finally:
                cleanup()
            preview = Preview(opened)
            if self.closed or number != self._latest:
                return None
            self.opened, self._preview = opened, preview
            self.settings = opened.first_settings()
            return opened_answer(opened, preview, self.settings)

        self._run(self._workers.long, read, file)

    def _set(self, message: Mapping[str, Any]) -> None:
        self.settings = self.settings.changed(message["values"])
        self._draw(message)

    def _focus(self, message: Mapping[str, Any]) -> None:
        opened, _ = self._current()
        sigma = opened.rendered_at(message["x"], message["y"])
        self.settings = self.settings.focused_at(sigma)
        self._draw(message)

    def _probe(self, message: Mapping[str, Any]) -> None:
        opened, _ = self._current()
        sigma, confidence = opened.at(message["x"], message["y"])
        probed = {"sigma": sigma, "confidence": confidence}
        self._answer({"kind": "probed", **probed, "unknown": confidence < UNKNOWN})

    def _draw(self, message: Mapping[str, Any]) -> None:
        _, preview = self._current()
        settings, view, number = self.settings, message["view"], message.get("number")
        product = message.get("product", VIEWS.get(view))
        if view not in VIEWS or product not in PRODUCTS:
            raise ValueError(f"there is no view {view!r} of {product!r}.")

        def draw() -> dict[str, Any]:
            answer = picture_answer(preview, settings, view, product, **self._limit)
            if message["kind"] == "focus":
                answer["focused"] = settings.c0
            return {**answer, "number": number}

        self._run(self._workers.quick, draw, number=number)

    def _export(self, message: Mapping[str, Any]) -> None:
        opened, _ = self._current()
        settings, product = self.settings, message["product"]
        check_product(product)
        self._answer(
            {"kind": "working", "text": f"Rendering the {PRODUCTS[product][1]}."}
        )

        def export() -> dict[str, Any] | None:
            if self.closed:
                return None
            folder = self._folder / secrets.token_hex(8)
            folder.mkdir(parents=True)
            try:
                path = export_product(opened, settings, product, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            if self.closed:
                shutil.rmtree(self._folder, ignore_errors=True)
                return None
            token = secrets.token_urlsafe(24)
            self._files[token] = path
            return {"kind": "exported", "file": token, "name": path.name}

        self._run(self._workers.long, export)

    def _current(self) -> tuple[OpenedPhotograph, Preview]:
        if self.opened is None or self._preview is None:
            raise ValueError("open a photograph first.")
        return self.opened, self._preview

    def _run(
        self,
        executor: Executor,
        job: Callable[[], dict[str, Any] | None],
        file: Path | None = None,
        number: Any = None,
    ) -> None:
        """Do a job in a thread; its result, or why it failed, goes to the page."""

        def run() -> None:
            try:
                answer = job()
            except Exception as error:
                if not isinstance(error, ValueError | OSError | MemoryError):
                    _LOG.exception("a job of the page failed")
                self._complain(_sentence(error, file), number)
                return
            if answer is not None:
                self._answer(answer)

        executor.submit(run)

    def _complain(self, text: str, number: Any) -> None:
        self._answer({"kind": "problem", "text": text, "number": number})

    def _answer(self, message: dict[str, Any]) -> None:
        if not self.closed:
            self._tell(message)


def _harmless(name: str) -> str:
    """Keep of a name what any file system takes, and its ending."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip()
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = ending, ""
    # A name counts in bytes; accents take two of them, many scripts three.
    stem, ending = stem.strip(". ")[:60] or "photograph", ending[:10]
    return f"{stem}.{ending}" if ending else stem


def _sentence(error: Exception, file: Path | None = None) -> str:
    """Say what went wrong, without the server's own folders."""
    if file is None:
        text = describe_error(error, Path())
        return text.removeprefix(".: ").replace("X[0]: ", "")
    return describe_error(error, file).replace(str(file), file.name)

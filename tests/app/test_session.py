"""A tab without a browser."""

from __future__ import annotations

import queue
import time

import pytest

from skdefocus import UNKNOWN
from skdefocus.app.opened import open_photograph
from skdefocus.app.session import Session
from skdefocus.app.workers import Workers


class Tab:
    """A session, and the messages that it sends."""

    def __init__(self, workers, folder, known, read=None):
        self.messages: queue.Queue = queue.Queue()

        def read_file(file, path):
            return open_photograph(file, path=path, max_pixels=1_000_000)

        self.session = Session(
            workers,
            read or read_file,
            self.messages.put,
            folder,
            known,
            max_pixels=1_000_000,
        )

    def ask(self, kind: str, **fields):
        """Send a message and wait for the answer that is not about waiting."""
        self.session.handle({"kind": kind, **fields})
        return self.answer()

    def answer(self):
        while (message := self.messages.get(timeout=60))["kind"] == "working":
            assert message["text"].endswith(".")
        return message


@pytest.fixture
def workers():
    workers = Workers()
    yield workers
    workers.close()


@pytest.fixture
def tab(workers, tmp_path, photo_path):
    tab = Tab(workers, tmp_path / "files", {"sample": photo_path})
    yield tab
    tab.session.close()
    folder = tmp_path / "files"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_opening_and_moving(tab):
    opened = tab.ask("open", source="sample")
    assert opened["kind"] == "opened"
    assert (opened["width"], opened["height"], opened["bits"]) == (300, 200, 8)
    assert opened["settings"]["gain"] == 2.0
    for view in ("map", "mask", "sharpen", "shallow"):
        values = {"gain": 1.5, "c1": opened["settings"]["c1"] + 1}
        picture = tab.ask("settings", view=view, values=values, number=7)
        assert (picture["kind"], picture["number"]) == ("picture", 7)
        assert picture["settings"]["gain"] == 1.5
        assert ("image" in picture) == (view != "map")
        assert ("curve" in picture) == (view in ("sharpen", "shallow"))
        assert "make_pipeline" in picture["python"]
        assert picture["command"].startswith("skdefocus ")
    picture = tab.ask("settings", view="map", values={}, number=8, product="sharpened")
    assert "sharpener__gain=1.5" in picture["command"]


def test_focus_and_probe(tab):
    tab.ask("open", source="sample")
    probed = tab.ask("probe", x=0.5, y=0.5)
    assert probed["kind"] == "probed"
    assert not probed["unknown"]
    guessed = tab.ask("probe", x=0.9, y=0.1)
    assert guessed["unknown"] == (guessed["confidence"] < UNKNOWN)
    focused = tab.ask("focus", x=0.5, y=0.5, view="shallow", number=1)
    assert focused["settings"]["c0"] == pytest.approx(probed["sigma"], abs=0.011)
    assert focused["settings"]["c1"] >= focused["settings"]["c0"] + 0.5


def test_export_is_handed_out_once(tab):
    tab.ask("open", source="sample")
    exported = tab.ask("export", product="mask")
    assert exported["name"] == "my flower_focus_mask.png"
    path = tab.session.file(exported["file"])
    assert path.is_file()
    assert tab.session.file(exported["file"]) is None
    assert tab.session.file("guess") is None


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (None, "the page sent something unknown, None"),
        ({"kind": "delete"}, "the page sent something unknown, 'delete'"),
        ({"kind": "open", "source": "/etc/passwd"}, "no photograph '/etc/passwd'"),
        ({"kind": "settings", "values": {}, "view": "map"}, "open a photograph first"),
        ({"kind": "probe", "x": 0, "y": 0}, "open a photograph first"),
        ({"kind": "focus", "x": 0, "y": 0}, "open a photograph first"),
        ({"kind": "export", "product": "map"}, "open a photograph first"),
    ],
)
def test_what_cannot_be_done(tab, message, text):
    tab.session.handle(message)
    answer = tab.answer()
    assert answer["kind"] == "problem"
    assert text in answer["text"]


def test_messages_that_are_wrong_once_something_is_open(tab):
    tab.ask("open", source="sample")
    for kind, fields, text in (
        ("settings", {"values": {"gain": 99}, "view": "map"}, "gain must be a number"),
        ("settings", {"values": {}, "view": "back"}, "there is no view 'back'"),
        ("settings", {"values": 3, "view": "map"}, ""),
        ("settings", {}, ""),
        ("probe", {"x": 7, "y": 0}, "lies outside"),
        ("probe", {"x": "left", "y": 0}, ""),
        ("export", {"product": "x"}, "there is no product 'x'"),
    ):
        answer = tab.ask(kind, number=5, **fields)
        assert answer["kind"] == "problem"
        assert answer["number"] == 5
        assert text in answer["text"]
    assert tab.session.settings.gain == 2.0


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("empty.jpg", b"", "empty.jpg is empty"),
        ("text.png", b"not an image", "text.png is not an image that can be read"),
        ("x.cr2", b"II*\0 raw", "x.cr2 is damaged or truncated"),
        ("x.heic", b"\0\0\0\x18ftypheic", "x.heic is damaged or truncated"),
    ],
)
def test_hostile_uploads(tab, name, content, text):
    path = tab.session.upload_path(name)
    path.write_bytes(content)
    tab.session.open_upload(path)
    answer = tab.answer()
    assert answer["kind"] == "problem"
    assert answer["text"].startswith(text)
    assert not path.parent.exists()


def test_uploads_are_removed_once_read(tab, photo_path):
    path = tab.session.upload_path("holiday.jpg")
    path.write_bytes(photo_path.read_bytes())
    tab.session.open_upload(path)
    opened = tab.answer()
    assert (opened["kind"], opened["name"]) == ("opened", "holiday.jpg")
    assert not path.parent.exists()
    picture = tab.ask("settings", view="map", values={}, number=1)
    assert "skdefocus map holiday.jpg -o out" in picture["command"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a b.JPG", "a b.JPG"),
        ("..", "photograph"),
        ("", "photograph"),
        (".hidden.png", "hidden.png"),
        ("a\nb\0?.tif", "ab.tif"),
        ("é" * 300 + ".jpeg", "é" * 60 + ".jpeg"),
    ],
)
def test_names_of_uploads_are_harmless(tab, given, kept):
    path = tab.session.upload_path(given)
    assert path.name == kept
    path.write_bytes(b"")


def test_a_defect_is_told_too(workers, tmp_path, caplog):
    def read(file, path):
        raise RuntimeError("defect")

    tab = Tab(workers, tmp_path, {"sample": tmp_path / "a.png"}, read)
    answer = tab.ask("open", source="sample")
    assert (answer["kind"], answer["text"]) == (
        "problem",
        "a.png: RuntimeError: defect",
    )
    assert "a job of the page failed" in caplog.text


def test_the_last_photograph_wins(workers, tmp_path, photo_path, deep_path):
    read = []

    def read_slowly(file, path):
        read.append(path)
        time.sleep(0.1)
        return open_photograph(file, path=path, max_pixels=1_000_000)

    known = {"sample": photo_path, "given": deep_path}
    tab = Tab(workers, tmp_path, known, read_slowly)
    for source in ("sample", "sample", "given"):
        tab.session.handle({"kind": "open", "source": source})
    assert tab.answer()["name"] == "deep.tif"
    # The second had not been begun.
    assert len(read) == 2


def test_a_closed_tab_stays_silent(workers, tmp_path, photo_path):
    tab = Tab(workers, tmp_path, {"sample": photo_path})
    tab.ask("open", source="sample")
    tab.session.handle({"kind": "export", "product": "sigma"})
    tab.session.handle({"kind": "open", "source": "sample"})
    tab.session.close()
    workers.long.submit(lambda: None).result(timeout=60)
    left = [tab.messages.get_nowait()["kind"] for _ in range(tab.messages.qsize())]
    assert set(left) <= {"working"}
    assert list(tmp_path.iterdir()) == []


def test_two_tabs_keep_apart(workers, tmp_path, photo_path, deep_path):
    one = Tab(workers, tmp_path, {"sample": photo_path})
    two = Tab(workers, tmp_path, {"sample": deep_path})
    assert one.session.token != two.session.token
    one.ask("open", source="sample")
    two.ask("open", source="sample")
    one.ask("settings", view="sharpen", values={"gain": 4}, number=1)
    picture = two.ask("settings", view="sharpen", values={}, number=1)
    assert picture["settings"]["gain"] == 2.0
    exported = one.ask("export", product="mask")
    assert two.session.file(exported["file"]) is None
    two.session.close()
    assert one.session.file(exported["file"]).is_file()

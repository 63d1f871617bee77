"""The page, driven as a person would in a real browser."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from skdefocus import estimate_blur_map, shallow_focus, sharpen
from skdefocus.app.opened import open_photograph
from skdefocus.cli.main import main
from skdefocus.io import read_photograph, write_photograph

from ..chromium import open_chromium
from .serving import serving

pytestmark = pytest.mark.slow

VIEWS = ("map", "mask", "sharpen", "shallow")


@pytest.fixture(scope="module")
def browser():
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(photo_path):
    with serving(photo_path) as server:
        yield server


@pytest.fixture
def new_tab(browser, server):
    """Opens tabs; fails when one complains, or asks anyone but the server."""
    trouble, requests = [], []
    contexts = []

    def open_tab(width: int = 1280, height: int = 860):
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()

        def listen(message):
            if message.type in ("error", "warning"):
                trouble.append(message.text)

        def fail(request):
            # A picture that is overtaken by the next, or a link that is a download.
            if request.failure != "net::ERR_ABORTED":
                trouble.append(f"{request.url}: {request.failure}")

        page.on("console", listen)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", fail)
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.goto(server.address)
        page.wait_for_selector("#tool[data-number]", state="attached", timeout=60_000)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert trouble == []
    own = {f"127.0.0.1:{server.port}"}
    asked = {urlsplit(url).netloc for url in requests if not url.startswith("blob:")}
    assert asked == own
    assert any(url.startswith("ws:") for url in requests)


def look_at(page, view: str) -> None:
    number = page.get_attribute("#tool", "data-number")
    page.locator(f'input[name="view"][value="{view}"]').check(force=True)
    answered(page, number)


def answered(page, number: str) -> None:
    page.wait_for_function(
        "n => document.getElementById('tool').dataset.number !== n",
        arg=number,
        timeout=30_000,
    )


def move(page, slider: str, key: str = "ArrowRight", times: int = 1) -> None:
    for _ in range(times):
        number = page.get_attribute("#tool", "data-number")
        page.locator(f"#{slider}").press(key)
        answered(page, number)


def export(page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_tuning_from_beginning_to_end(new_tab, tmp_path, photo_path, monkeypatch):
    page = new_tab()
    assert "my flower.jpg, 300 x 200" in page.inner_text("#facts")
    original = read_photograph(photo_path)
    blur_map = estimate_blur_map(original.image)
    filled = open_photograph(photo_path, max_pixels=100_000).filled

    look_at(page, "sharpen")
    before = page.get_attribute("#shown", "src")
    curve = page.get_attribute("#chart .curve", "d")
    move(page, "gain", times=3)
    move(page, "beta1", "ArrowLeft")
    assert page.get_attribute("#shown", "src") != before
    assert page.get_attribute("#chart .curve", "d") != curve
    assert page.inner_text("#gain-value") == "2.15"
    assert page.inner_text("#beta1-value") == "0.095 = 1.8 px"
    exported = export(page, tmp_path / "page")
    expected = sharpen(original.image, blur_map, gain=2.15, beta1=0.095)
    write_photograph(tmp_path / "function.jpg", expected, like=original)
    assert exported.name == "my flower_sharpened.jpg"
    assert exported.read_bytes() == (tmp_path / "function.jpg").read_bytes()

    look_at(page, "shallow")
    number = page.get_attribute("#tool", "data-number")
    box = page.locator("#pick").bounding_box()
    # The middle of a pixel: between two of them either may be meant.
    page.mouse.click(
        box["x"] + 270.5 / 300 * box["width"], box["y"] + 40.5 / 200 * box["height"]
    )
    answered(page, number)
    sigma = float(filled[40, 270])
    said = re.match(r"In focus up to ([\d.]+) px", page.inner_text("#status"))
    c0 = float(said[1])
    assert sigma <= c0 <= sigma + 0.011
    assert page.inner_text("#c0-value") == f"{c0:.2f} px"
    exported = export(page, tmp_path / "page")
    c1 = float(page.inner_text("#c1-value").split()[0])
    pivot = round(max(10.0, c1 / 0.7), 2)
    disc = round(0.01 * float(np.hypot(200, 300)), 2)
    expected = shallow_focus(
        original.image, filled, c0=c0, c1=c1, pivot=pivot, disc_sigma=disc
    )
    write_photograph(tmp_path / "shallow.jpg", expected, like=original)
    assert exported.read_bytes() == (tmp_path / "shallow.jpg").read_bytes()

    monkeypatch.chdir(tmp_path)
    words = shlex.split(page.text_content("#command"))
    assert main([*words[1:], "--quiet"]) == 0
    assert (tmp_path / "out" / exported.name).read_bytes() == exported.read_bytes()
    exec(compile(page.text_content("#python"), "page.py", "exec"), {})
    assert (tmp_path / exported.name).read_bytes() == exported.read_bytes()


def test_the_mask_follows_its_threshold(new_tab, tmp_path):
    page = new_tab()
    look_at(page, "mask")
    notes = [page.inner_text("#mask-note")]
    for key, times in (("End", 1), ("Home", 1), ("ArrowRight", 3)):
        move(page, "threshold", key=key, times=times)
        notes.append(page.inner_text("#mask-note"))
    first, at_most, at_least, last = (int(text.split(" %")[0]) for text in notes)
    assert at_most < first < last < at_least
    mask = read_photograph(export(page, tmp_path)).image
    assert set(np.unique(mask)) == {0, 255}
    # The page tells what is out of focus; the file is white where in focus.
    assert 100 * np.mean(mask == 0) == pytest.approx(last, abs=0.51)


def test_map_confidence_and_what_lies_under_the_pointer(new_tab):
    page = new_tab()
    blur = page.get_attribute("#layer", "src")
    assert "hatched where unknown" in page.get_attribute("#layer", "alt")
    assert "hatched: unknown" in page.inner_text("#map-bar")
    page.get_by_role("radio", name="Confidence").check()
    page.wait_for_function("s => document.getElementById('layer').src !== s", arg=blur)
    assert "Confidence" in page.get_attribute("#layer", "alt")
    page.locator("#opacity").press("End")
    assert page.inner_text("#opacity-value") == "100 %"
    page.get_by_role("radio", name="Nothing").check()
    page.wait_for_selector("#layer", state="hidden")
    # From the keyboard alone.
    page.locator("#pick").press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.getElementById('status').textContent.includes('sigma is')"
    )


def test_the_divider_from_the_keyboard_and_by_dragging(new_tab):
    page = new_tab()
    look_at(page, "sharpen")
    split = page.get_by_role("slider", name=re.compile("Divider"))
    split.press("ArrowRight")
    assert split.input_value() == "51"
    assert (
        page.locator("#stage").evaluate("e => e.style.getPropertyValue('--split')")
        == "51%"
    )
    box = page.locator("#stage").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.51 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    page.mouse.up()
    assert abs(float(split.input_value()) - 25) <= 1


def test_sliders_keep_their_order(new_tab):
    page = new_tab()
    look_at(page, "sharpen")
    move(page, "beta1", "End")
    assert page.inner_text("#beta2-value").startswith("1.000")
    look_at(page, "shallow")
    move(page, "c1", "Home")
    assert page.inner_text("#c0-value") == "0.00 px"
    page.get_by_role("button", name="Back to the first settings").click()
    page.wait_for_function(
        "() => document.getElementById('beta2-value').textContent.startsWith('0.270')"
    )
    assert page.inner_text("#problem") == ""


def test_hurry_leaves_nothing_behind(new_tab):
    page = new_tab()
    for _ in range(3):
        for view in ("shallow", "map", "sharpen", "mask"):
            page.locator(f'input[name="view"][value="{view}"]').check(force=True)
            slider = {"shallow": "c1", "sharpen": "gain", "mask": "threshold"}.get(view)
            for _ in range(5 if slider else 0):
                page.locator(f"#{slider}").press("ArrowRight")
    page.locator('input[name="view"][value="sharpen"]').check(force=True)
    page.locator("#gain").press("Home")
    # The last question is answered last, however many were on the way.
    page.wait_for_function(
        "() => document.getElementById('command').textContent.includes('gain=0.0')",
        timeout=30_000,
    )
    page.wait_for_selector('#shown[alt="Sharpened photograph"]', timeout=30_000)
    move(page, "gain")


def test_two_tabs_do_not_disturb_each_other(new_tab, tmp_path, deep_path):
    one, two = new_tab(), new_tab()
    look_at(one, "sharpen")
    look_at(two, "sharpen")
    move(one, "gain", times=2)
    two.set_input_files("#file", deep_path)
    two.wait_for_function(
        "() => document.getElementById('facts').textContent.includes('16 bit')"
    )
    assert "my flower.jpg" in one.inner_text("#facts")
    assert two.inner_text("#gain-value") == "2.00"
    move(two, "gain", "Home")
    move(one, "gain")
    assert one.inner_text("#gain-value") == "2.15"
    exported = export(two, tmp_path)
    assert exported.name == "deep_sharpened.tif"
    # Without gain the photograph stays as it was, all of its 16 bits.
    before, after = read_photograph(deep_path), read_photograph(exported)
    np.testing.assert_array_equal(after.image, before.image)
    assert after.icc_profile == before.icc_profile


def test_files_that_cannot_be_used_get_a_sentence(new_tab, tmp_path):
    page = new_tab()
    for name, text in (("a.jpg", "is not an image that can"), ("b.cr2", "is damaged")):
        (tmp_path / name).write_bytes(b"no photograph")
        page.set_input_files("#file", tmp_path / name)
        page.wait_for_function(
            "t => document.getElementById('problem').textContent.includes(t)", arg=text
        )
        assert page.inner_text("#problem").startswith(name)
        assert page.get_by_role("alert").count() == 1
    # The photograph that was open stays so.
    look_at(page, "sharpen")
    assert "my flower.jpg" in page.inner_text("#facts")
    page.get_by_role("button", name="Sample").click()
    page.wait_for_function(
        "() => document.getElementById('facts').textContent.includes('640 x 427')"
    )
    assert page.inner_text("#problem") == ""


@pytest.mark.parametrize("width", [390, 1280])
def test_no_wider_than_the_window(new_tab, width):
    page = new_tab(width, 844)
    for view in VIEWS:
        if view != "map":
            look_at(page, view)
        for element in page.locator("details").all():
            element.evaluate("e => { e.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.body.scrollWidth") <= width
        right = page.evaluate(
            "Math.max(...[...document.querySelectorAll('main *')]"
            ".map(e => e.getBoundingClientRect().right))"
        )
        assert right <= width + 12  # The thumb of the divider at its end.


def test_every_control_has_a_name_and_is_reached_by_the_keyboard(new_tab):
    page = new_tab()
    look_at(page, "shallow")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input, select, button, summary')]
        .filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label')
            && !e.textContent.trim()).map(e => e.outerHTML)"""
    )
    assert unnamed == []
    missing = page.evaluate(
        """() => [...document.images].filter(e => e.src && !e.alt).map(e => e.id)"""
    )
    assert missing == []
    page.locator("body").press("Tab")
    reached = []
    for _ in range(40):
        focused = page.evaluate(
            """() => { const e = document.activeElement
            const seen = e.labels?.[0] && e.id === 'file' ? e.labels[0] : e
            const next = e.name === 'view' ? e.nextElementSibling : seen
            if (e === document.body) return ['the page', 'none']
            return [e.id || e.name || e.textContent.trim(),
                    getComputedStyle(next).outlineStyle] }"""
        )
        if focused[0] in [name for name, _ in reached]:
            break
        reached.append(focused)
        page.keyboard.press("Tab")
    names = [name for name, _ in reached]
    for name in ("file", "sample", "pick", "split", "view", "c0", "c1", "strength"):
        assert name in names
    for name in ("subject_gain", "reset", "product", "export", "The same as a command"):
        assert name in names
    # The divider shows its focus on its handle alone.
    unseen = {name for name, outline in reached if outline == "none"}
    assert unseen <= {"split", "the page"}
    assert page.get_by_role("status").count() == 1


def test_the_map_is_computed_once_for_all_tabs(new_tab, server, photo_path):
    pages = [new_tab(), new_tab()]
    sessions = server.sessions.values()
    opened = [
        s.opened for s in sessions if s.opened and s.opened.path == str(photo_path)
    ]
    assert len(opened) >= len(pages)
    assert len({id(photograph) for photograph in opened}) == 1

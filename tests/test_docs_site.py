"""The built documentation in a real browser, and that the checker can fail.

SKDEFOCUS_SITE names the folder of the built site; see CONTRIBUTING.md.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chromium import open_chromium
from tests.site_checker import check_site

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
</head><body id="top">%s</body></html>"""


@pytest.fixture(scope="module")
def browser():
    with open_chromium() as opened:
        yield opened


def check(browser, folder: Path, body: str) -> list[str]:
    folder.joinpath("index.html").write_text(PAGE % body)
    return check_site(browser, folder)


def test_the_documentation(browser):
    folder = os.environ.get("SKDEFOCUS_SITE")
    if not folder:
        pytest.skip("SKDEFOCUS_SITE does not name the folder of the built site")
    problems = check_site(browser, Path(folder))
    assert not problems, "\n".join(problems)


def test_a_good_page_has_no_problems(browser, tmp_path):
    tmp_path.joinpath("sub").mkdir()
    tmp_path.joinpath("sub", "other.html").write_text(PAGE % "")
    tmp_path.joinpath("_static").mkdir()
    tmp_path.joinpath("_static", "part.html").write_text(
        "<a href='nowhere'>no page</a>"
    )
    body = (
        "<a href='#top'>a</a> <a href='sub/other.html#top'>b</a> <a href='./'>c</a>"
        "<a href='https://example.org/nowhere'>other sites are not asked</a>"
    )
    assert check(browser, tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<div style='width: 500px'>wide</div>", "at 390 px: 508 px wide: <div style"),
        (
            "<main style='overflow: auto'><h1>A</h1><p style='width: 500px'>a</main>",
            "at 390 px: 500 px wide: <p style",
        ),
        ("<pre>" + 300 * "wide" + "</pre>", "at 1280 px: "),
        ("<img src='nowhere.png' alt=''>", "missing image: http://127.0.0.1"),
        ("<img src='nowhere.png' alt='' loading='lazy'>", "missing image: "),
        ("<script src='nowhere.js'></script>", "status 404: http://127.0.0.1"),
        ("<script>console.error('oh')</script>", "console: oh"),
        ("<script>throw new Error('oh')</script>", "page error: oh"),
        (
            "<script src='https://cdn.invalid/x.js'></script>",
            "request to elsewhere: https://cdn.invalid/x.js",
        ),
        (
            "<script src='http://127.0.0.1:9/x.js'></script>",
            "failed (net::ERR_UNSAFE_PORT): http://127.0.0.1:9/x.js",
        ),
        (
            "<style>@import url('https://fonts.invalid/x.css')</style>",
            "request to elsewhere: https://fonts.invalid/x.css",
        ),
        ("<a href='nowhere.html'>a</a>", "link to nowhere.html, which is not there"),
        ("<a href='#nowhere'>a</a>", "link to index.html#nowhere, which is not there"),
    ],
)
def test_what_is_wrong_is_found(browser, tmp_path, body, expected):
    problems = check(browser, tmp_path, body)
    assert any(expected in problem for problem in problems), problems


def test_a_page_may_be_too_wide_for_one_window_only(browser, tmp_path):
    (problem,) = check(browser, tmp_path, "<div style='width: 500px'>wide</div>")
    assert problem.startswith("index.html at 390 px")


def test_a_folder_without_pages_is_refused(browser, tmp_path):
    with pytest.raises(ValueError, match="must hold a built site; it holds no page"):
        check_site(browser, tmp_path)

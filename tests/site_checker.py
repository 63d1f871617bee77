"""Open every page of a built site in a real browser, and list what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.chromium import serve

# A telephone and a desktop, in pixels.
WIDTHS = (390, 1280)
_ELSEWHERE = re.compile(r"^(?!data:|blob:|about:|\w+://127\.0\.0\.1[:/])")
# Images that wait for the reader to scroll are loaded too. A page is also too wide if
# not the window but a part around its title scrolls sideways. Its widest part is told.
_LOOK = """async () => {
    await Promise.all([...document.images].map(image => {
        image.loading = "eager";
        return image.complete || new Promise(done => {
            image.onload = image.onerror = done;
        });
    }));
    const root = document.documentElement;
    const around = [];
    let part = document.querySelector("h1") || root;
    for (; part; part = part.parentElement) around.push(part);
    const wide = around.find(part => part === root
        ? root.scrollWidth > window.innerWidth
        : getComputedStyle(part).overflowX !== "visible"
            && part.scrollWidth > part.clientWidth);
    const ends = [...document.body.querySelectorAll("*")].map(
        part => [part.getBoundingClientRect().right, part.outerHTML.slice(0, 80)]);
    const widest = ends.reduce((a, b) => a[0] > b[0] ? a : b, [0, ""]);
    return {
        missing: [...document.images].filter(i => !i.naturalWidth).map(i => i.src),
        wide: wide ? `${wide.scrollWidth} px wide: ${widest[1]}` : "",
        links: [...document.querySelectorAll("a[href]")].map(a => a.href),
        names: [...document.querySelectorAll("[id], a[name]")].map(
            part => part.id || part.name),
    };
}"""


# What the theme or a download holds is no page.
_NOT_PAGES = frozenset({"_static", "_downloads", "_sources"})
# Pages of the reference, alike but for their text.
_ALIKE = "generated/"


class _Listener:
    """Collects what a browser's page reports while one address after another opens."""

    def __init__(self, page: Any) -> None:
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        if _ELSEWHERE.match(request.url):
            self._note(f"request to elsewhere: {request.url}")

    def _failed(self, request: Any) -> None:
        # What is still on its way when the next page opens is given up: an icon, say.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"failed ({request.failure}): {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self._note(f"status {response.status}: {response.url}")


def _pages(folder: Path) -> list[str]:
    """Pages of the site, by their path."""
    names = (path.relative_to(folder) for path in folder.rglob("*.html"))
    return sorted(n.as_posix() for n in names if n.parts[0] not in _NOT_PAGES)


def _check_links(folder: Path, origin: str, seen: dict[str, Any]) -> list[str]:
    """Links within the site whose page or anchor is not there."""
    problems = []
    for page, found in seen.items():
        for link in sorted({*found["links"]}):
            if not link.startswith(origin):
                continue
            parts = urlsplit(link)
            target = unquote(parts.path).lstrip("/")
            if target.endswith("/") or not target:
                target += "index.html"
            name = unquote(parts.fragment)
            if not (folder / target).is_file():
                problems.append(f"{page}: link to {target}, which is not there")
            elif name and target in seen and name not in seen[target]["names"]:
                problems.append(f"{page}: link to {target}#{name}, which is not there")
    return problems


def check_site(browser: Any, folder: Path) -> list[str]:
    """Open every page at every width, and follow the links between pages.

    The pages of the reference, one for each public name, come from two templates. They
    are opened in the narrow window, which is then widened; all others are opened anew
    in each. That keeps the check of some 150 pages at about a minute.

    Parameters
    ----------
    browser : playwright Browser
        Open.
    folder : Path
        The built site.

    Returns
    -------
    list of str
        One line for each problem: console and page errors, images and requests that
        fail, requests to anywhere but 127.0.0.1, pages wider than their window, links
        and anchors that lead nowhere. Links to other sites are not followed.

    Raises
    ------
    ValueError
        If the folder holds no page.
    """
    pages = _pages(folder)
    if not pages:
        raise ValueError(f"{folder} must hold a built site; it holds no page.")
    problems: list[str] = []
    seen: dict[str, Any] = {}
    with serve(folder) as origin:
        page = browser.new_page()
        listener = _Listener(page)
        for name in pages:
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                if width == WIDTHS[0] or not name.startswith(_ALIKE):
                    page.goto(f"{origin}/{name}", wait_until="load")
                seen[name] = found = page.evaluate(_LOOK)
                reported, listener.problems = listener.problems, []
                reported += [f"missing image: {url}" for url in found["missing"]]
                reported += [found["wide"]] if found["wide"] else []
                problems += [f"{name} at {width} px: {line}" for line in reported]
        page.close()
        problems += _check_links(folder, origin, seen)
    return problems

"""Opens the built site in Chromium: python -m tests.docs.crawl [--all].

What must hold of each page: nothing overflows it, no code is cut off, the console has no error, nothing is asked of
another host, and axe finds no violation. Every kind of page is opened narrow and wide, light and dark, the others
once; `--all` opens all pages in all states.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
BROWSERS = 2
# One page of each kind: with code, tables, pictures, cards, terminals, signatures, commands.
KINDS = (
    "",
    "404.html",
    "quickstart/",
    "architecture/",
    "configuration/",
    "resources/entities/",
    "api/client/",
    "cli-reference/",
    "tasks/find-a-person/",
    "decisions/",
)
# What is wider than the page; and code that is cut off, unless it scrolls and the keyboard reaches it.
MEASURE = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll('pre code')]
    .filter(code => code.scrollWidth > code.clientWidth + 1 && code.offsetParent && code.tabIndex < 0
                    && (code.parentElement.tabIndex < 0))
    .map(code => code.textContent.slice(0, 60));
  return {wide, cut};
}"""
VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map(each => `${each.id}: ${each.nodes.slice(0, 3).map(node => node.target.join(' ') +
    ' ' + (node.any[0] ? node.any[0].message : '')).join(' | ')} (${each.nodes.length})`);
}"""


class State(NamedTuple):
    """A page as somebody opens it."""

    place: str
    width: int
    scheme: str

    def __str__(self) -> str:
        return f"/{self.place} at {self.width} px, {self.scheme}"


def main() -> int:
    states = [*states_of(every_place(), is_whole="--all" in sys.argv)]
    with serving(SITE) as origin, ThreadPoolExecutor(BROWSERS) as pool:
        parts = [states[start::BROWSERS] for start in range(BROWSERS)]
        problems = [each for part in pool.map(functools.partial(crawl, origin), parts) for each in part]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(problems)} problems in {len(states)} states of {len({state.place for state in states})} pages")
    return 1 if problems else 0


def every_place() -> list[str]:
    places = sorted(str(page.relative_to(SITE)) for page in SITE.rglob("*.html"))
    return [place.removesuffix("index.html") for place in places]


def states_of(places: list[str], *, is_whole: bool) -> Iterator[State]:
    missing = {*KINDS} - {*places}
    if missing:
        raise SystemExit(f"the site has no {', '.join(missing)}: is it built, and KINDS true?")
    for number, place in enumerate(places):
        if is_whole or place in KINDS:
            yield from (State(place, *how) for how in product(WIDTHS, SCHEMES))
        else:
            yield State(place, WIDTHS[number % 2], SCHEMES[number // 2 % 2])


def crawl(origin: str, states: list[State]) -> list[str]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("there is no chromium; run: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        problems = [f"{state}: {problem}" for state in states for problem in look_at(browser, origin, state)]
        browser.close()
    return problems


def look_at(browser: Browser, origin: str, state: State) -> Iterator[str]:
    with browser.new_context(
        viewport={"width": state.width, "height": 900}, color_scheme=state.scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        heard = listen(page, origin)
        page.goto(f"{origin}/{state.place}", wait_until="load")
        page.wait_for_timeout(150)
        page.evaluate(AXE)
        measured: dict[str, Any] = page.evaluate(MEASURE)
        if measured["wide"] > 0:
            yield f"{measured['wide']} px wider than the window"
        yield from (f"code is cut off: {code!r}" for code in measured["cut"])
        yield from (f"axe: {violation}" for violation in page.evaluate(VIOLATIONS))
        yield from heard


def listen(page: Page, origin: str) -> list[str]:
    """What a page asks of other hosts and writes to its console, from now on."""
    heard: list[str] = []

    def hear_request(request: Request) -> None:
        if not request.url.startswith((origin, "data:", "blob:")):
            heard.append(f"asks another host: {request.url}")

    def hear_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            heard.append(f"console: {message.text}")

    page.on("request", hear_request)
    page.on("console", hear_message)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    return heard


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


if __name__ == "__main__":
    sys.exit(main())

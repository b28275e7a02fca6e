"""Browser fixtures: Debian's Chromium, no Internet, Vietnamese, phone first.

The headless shell is taken where it is: the same engine without the windows, menus and tab strips that `--headless=new` draws
for nobody, so that a page in a context of its own costs a quarter.

In the conftest of the root, once: `from nhip.testing.browser import browsing, chromium, pytest_pyfunc_call`.
Playwright keeps an event loop running in the thread that it is used from, which no asynchronous test could stand beside: tests
that ask for `browsing` therefore run in a thread of their own, and a fixture that opens pages does so by
`browsing.run(function)`.

Wait on `data-ready`, never on time; what a page is expected to come to may take a minute, as the machine may have other work.
`axe` runs the WCAG 2.2 A and AA rules (axe-core from the `axe-playwright-python` wheel).
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
    "--disable-gpu",
)
"""Without a graphics processor pages are drawn in software, at two thirds of the cost of emulating one; no page needs WebGL."""
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SIZES = {"360": (360, 740), "1280": (1280, 800), "1920": (1920, 1080)}
LOCALES = {"vi": "vi-VN", "en": "en-GB"}
_HERE = ("127.0.0.1", "localhost", "::1")
PATIENCE_MS = 60_000
SCRIPTS = ("*.js", "*.js?*", "*.mjs", "*.mjs?*")
"""Addresses of scripts; the content security policy lets no other place hold any."""
_kept: dict[tuple[Any, ...], tuple[Page, ExitStack, Any]] = {}
_thread = ThreadPoolExecutor(1, "browser")
T = TypeVar("T")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that drive the browser in its thread."""
    if "browsing" not in pyfuncitem.fixturenames:
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    _thread.submit(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names}).result()
    return True


def launching() -> dict[str, Any]:
    """How Playwright starts the browser of this machine: the headless shell, or all of Chromium. Raises FileNotFoundError."""
    for name in BROWSERS:
        if path := shutil.which(name):
            whole = () if name.endswith("-headless-shell") else ("--headless=new",)
            return {"executable_path": path, "args": [*whole, *FLAGS]}
    raise FileNotFoundError("Chromium is not installed (apt-get install chromium-headless-shell)")


class Browsing:
    """Opens pages in contexts of their own and remembers what left the machine (nothing may)."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.refused: list[str] = []

    @staticmethod
    def run(function: Callable[[], T]) -> T:
        """Call `function` in the browser's thread; for fixtures that open pages."""
        return _thread.submit(function).result()

    @contextmanager
    def page(
        self,
        *,
        size: str = "360",
        lang: str = "vi",
        theme: str = "light",
        scripts: Literal["on", "blocked", "off"] = "on",
        state: Any = None,
    ) -> Iterator[Page]:
        """A page of `size` 360, 1280 or 1920; `state` is another context's `storage_state()`, to stay signed in.

        `scripts="off"` switches JavaScript off in the browser. axe itself needs it: `scripts="blocked"` withholds only the
        page's own scripts, which the content security policy guarantees to be all there is.
        """
        width, height = SIZES[size]
        context = self._browser.new_context(
            locale=LOCALES[lang],
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts != "off",
            storage_state=state,
            has_touch=size == "360",
            reduced_motion="reduce",
        )
        context.on("request", self._only_here)
        context.set_default_timeout(PATIENCE_MS)
        try:
            page = context.new_page()
            if (
                scripts == "blocked"
            ):  # by the browser itself: each routed request is a trip through Python, past the cache
                session = context.new_cdp_session(page)
                session.send("Network.enable")
                session.send("Network.setBlockedURLs", {"urls": list(SCRIPTS)})
            yield page
        finally:
            context.close()

    @contextmanager
    def visit(
        self,
        *,
        size: str = "360",
        lang: str = "vi",
        theme: str = "light",
        scripts: Literal["on", "blocked"] = "on",
        state: Any = None,
    ) -> Iterator[Page]:
        """As `page`, for tests that only look: the page stays for the next visit, as opening one costs as much as five."""
        key = (size, lang, theme, scripts, id(state))
        if key not in _kept or _kept[key][0].is_closed():
            stack = ExitStack()
            opened = stack.enter_context(self.page(size=size, lang=lang, theme=theme, scripts=scripts, state=state))
            opened.context.remove_listener("request", self._only_here)
            _kept[key] = (opened, stack, state)  # the state too: a number is a thing's while the thing lives
        page = _kept[key][0]
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.context.on("request", self._only_here)
        try:
            yield page
        finally:
            if not page.is_closed():
                page.goto("about:blank")
                page.context.remove_listener("request", self._only_here)

    def _only_here(self, request: Request) -> None:
        """Remember what left the machine; the browser's resolver keeps it from arriving."""
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob", "about") and place.hostname not in _HERE:
            self.refused.append(request.url)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session."""
    try:
        options = launching()
    except FileNotFoundError as none:
        pytest.skip(str(none))
    expect.set_options(timeout=PATIENCE_MS)
    playwright = _thread.submit(sync_playwright().start).result()
    browser = _thread.submit(playwright.chromium.launch, **options).result()
    yield browser
    _thread.submit(_close_kept).result()
    _thread.submit(browser.close).result()
    _thread.submit(playwright.stop).result()


def _close_kept() -> None:
    for _page, stack, _state in _kept.values():
        stack.close()
    _kept.clear()


@pytest.fixture
def browsing(chromium: Browser) -> Iterator[Browsing]:
    """Pages for one test; fails it when a page asked for anything outside this machine."""
    opened = Browsing(chromium)
    yield opened
    assert opened.refused == [], "pages asked for addresses outside this machine"


def ready(page: Page) -> None:
    """Wait until the page's islands run."""
    page.locator("body[data-ready='1']").wait_for(state="attached")


def axe(page: Page) -> list[str]:
    """What breaks WCAG 2.2 A or AA on this page: `rule target summary`, empty when nothing does (not with scripts "off")."""
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(_axe_source())
    violations = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(found => found.violations)",
        list(WCAG),
    )
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


@cache
def _axe_source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def screenshots(browsing: Browsing, url: str, name: str, folder: Path, state: Any = None) -> list[Path]:
    """The whole page at each size, in both themes and languages: `name-360-light-vi.png` and so on."""
    made = []
    for size in SIZES:
        for theme in ("light", "dark"):
            for lang in LOCALES:
                with browsing.page(size=size, theme=theme, lang=lang, state=state) as page:
                    page.goto(url)
                    ready(page)
                    page.evaluate("document.fonts.ready")
                    path = folder / f"{name}-{size}-{theme}-{lang}.png"
                    page.screenshot(path=path, full_page=True)
                    made.append(path)
    return made


def sideways(page: Page) -> int:
    """Pixels by which the page is wider than its window; 0 on a page that reflows (WCAG 2.2, 1.4.10)."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

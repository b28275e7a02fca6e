"""A story composed in the browser without code, with and without scripts; read, embedded, and by the rules of access."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, Route, expect

from nhip.testing.browser import ready
from tests.e2e.looks import breaks_nothing, by_turns
from tests.e2e.opened import NAME, open_schools
from tests.e2e.pages import vi
from tests.e2e.waiting import leave

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shared(site) -> str:
    return open_schools(site)


def _press(page: Page, text: str) -> None:
    leave(page, page.get_by_role("main").get_by_role("button", name=vi(text), exact=True).first)


def _begun(page: Page, root: str, title: str) -> None:
    page.goto(root + "/console/stories")
    page.get_by_role("link", name=vi("New story")).click()
    page.get_by_label(vi("Title"), exact=True).fill(title)
    _press(page, "Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def _block(page: Page, no: int):
    return page.locator(f"#b{no}")


@pytest.fixture(scope="module")
def story(site, shared, chromium) -> str:
    """A published story, composed without scripts; gives its path."""
    from nhip.testing.browser import Browsing

    browsing = Browsing(chromium)

    def compose() -> str:
        with browsing.page(size="1280", scripts="off", state=site.state) as page:
            _begun(page, shared, "Trường học ở đâu")
            _press(page, "Text")
            _block(page, 0).get_by_label(vi("Text"), exact=True).fill("## Mở đầu\n\nCó **trường**.")
            _press(page, "Chart")
            _block(page, 1).get_by_label(vi("Open dataset")).select_option(NAME)
            _press(page, "Show what I typed")
            _block(page, 1).get_by_label(vi("Grouped by"), exact=True).select_option("cap")
            _press(page, "Number")
            _block(page, 2).get_by_label(vi("Open dataset")).select_option(NAME)
            _press(page, "Table")
            _block(page, 3).get_by_label(vi("Open dataset")).select_option(NAME)
            _press(page, "Save")
            expect(_block(page, 1).locator("svg[role=img]")).to_be_visible()
            leave(page, _block(page, 2).get_by_role("button", name=re.compile(vi("Up"))))
            expect(_block(page, 1).locator("h2")).to_contain_text(vi("Number"))
            _press(page, "Publish")
            leave(page, page.get_by_role("link", name=vi("As readers see it")))
            return page.url.removeprefix(shared)

    return Browsing.run(compose)


def test_a_story_is_found_on_the_front_door_and_read_on_a_phone(browsing, shared, story) -> None:
    with browsing.page(scripts="off") as page:
        page.goto(shared + "/")
        # by its address: a worker that comes back to these tests tells the story once more
        page.locator(f'main a[href="{story}"]').first.click()
        expect(page).to_have_url(shared + story)
        expect(page.get_by_role("heading", name="Mở đầu")).to_be_visible()
        expect(page.locator("svg[role=img]")).to_be_visible()
        page.get_by_text(vi("As a table")).click()
        expect(page.get_by_role("region").first).to_contain_text("Tiểu học")


def test_with_scripts_the_preview_follows_each_choice(browsing, site, shared) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        _begun(page, shared, "Xem ngay")
        _press(page, "Chart")
        ready(page)
        _block(page, 0).get_by_label(vi("Open dataset")).select_option(NAME)
        by = _block(page, 0).get_by_label(vi("Grouped by"), exact=True)
        expect(by).to_be_visible()
        by.select_option("cap")
        expect(_block(page, 0).locator("svg[role=img]")).to_be_visible()
        expect(by).to_have_value("cap")


def test_what_is_chosen_and_typed_while_the_preview_is_under_way_stays(browsing, site, shared) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        _begun(page, shared, "Vừa gõ vừa xem")
        _press(page, "Chart")
        ready(page)
        lead = page.get_by_label(vi("A sentence under it"))

        def typed_meanwhile(route: Route) -> None:
            lead.fill("Gõ trong lúc chờ")
            route.continue_()

        page.route("**/console/stories/*", typed_meanwhile, times=1)
        _block(page, 0).get_by_label(vi("Open dataset")).select_option(NAME)
        expect(_block(page, 0).get_by_label(vi("Grouped by"), exact=True)).to_be_visible()
        expect(lead).to_have_value("Gõ trong lúc chờ")
        page.reload()
        expect(lead).to_have_value("Gõ trong lúc chờ")


def test_what_is_chosen_before_the_scripts_have_come_is_shown_when_they_have(browsing, site, shared) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        _begun(page, shared, "Chọn trước khi tải xong")
        _press(page, "Chart")

        def chosen_meanwhile(route: Route) -> None:
            _block(page, 0).get_by_label(vi("Open dataset")).select_option(NAME)
            route.continue_()

        page.route("**/htmx*.js", chosen_meanwhile, times=1)
        page.reload()
        expect(_block(page, 0).get_by_label(vi("Grouped by"), exact=True)).to_be_visible()


def test_a_frame_of_another_website_shows_the_embedded_story_alone(browsing, shared, story) -> None:
    with elsewhere(shared + story) as other, browsing.page(size="1280") as page:
        page.goto(f"{other}/embed")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Trường học ở đâu")
        expect(frame.locator("svg[role=img]")).to_be_visible()
        page.goto(f"{other}/")
        expect(frame.get_by_role("heading", name="Trường học ở đâu")).to_have_count(0)


@contextmanager
def elsewhere(framed: str) -> Iterator[str]:
    """Another website: its page `/x` holds `framed/x` in a frame."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!doctype html><title>x</title><iframe src="{framed}{self.path.rstrip("/")}"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("lang", "theme", "scripts"), [("vi", "light", "on"), ("en", "dark", "blocked")])
def test_every_page_breaks_no_rule(browsing, site, shared, story, lang, theme, scripts) -> None:
    editor = f"/console/stories{story.removeprefix('/story')}"
    pages = [("/stories", None), (story, None), (f"{story}/embed", None)]
    pages += [(path, site.state) for path in ("/console/stories", "/console/stories/new", editor)]
    for number, (path, state) in enumerate(pages):
        with browsing.visit(size="1920", lang=lang, theme=theme, scripts=scripts, state=state) as page:
            page.goto(shared + path)
            assert page.locator("html").get_attribute("lang") == lang and page.locator("h1").count() == 1, path
            breaks_nothing(page, path, by_turns(number, scripts))

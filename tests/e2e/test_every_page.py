"""What holds on every page of the console: WCAG 2.2 AA, reflow, head and headings, little script, a quiet console."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Response

from nhip.testing.browser import ready
from tests.e2e.looks import breaks_nothing, by_turns
from tests.e2e.pages import DATASET, filled, ids_from, templates

pytestmark = pytest.mark.e2e
SCRIPT_KB = 25
SAMPLE = [
    "/console",
    f"/console/datasets/{DATASET}",
    f"/console/datasets/{DATASET}/findings?rule=enum&column=cap&severity=error",
    f"/console/datasets/{DATASET}/contract",
    "/console/sources/new?kind=sql",
    "/console/upload",
]


@pytest.fixture(scope="module")
def ids(site) -> dict[str, str]:
    with site.client() as client:
        return ids_from(client.get(f"/console/datasets/{DATASET}").text)


@pytest.mark.parametrize("template", templates())
def test_every_page_breaks_no_rule(browsing, site, ids, template) -> None:
    with browsing.visit(size="1920", state=site.state) as page, listening(page) as (said, scripts):
        for path in filled(template, ids):
            scripts.clear()
            answer = page.goto(site.url + path)
            ready(page)
            assert answer is not None and answer.status == 200, path
            _head_is_whole(page, path)
            breaks_nothing(page, path)
            assert said == [], path
            assert 0 < sum(scripts) <= SCRIPT_KB * 1024, path


@pytest.mark.parametrize(("number", "template"), [*enumerate(templates())])
def test_every_page_without_its_scripts_breaks_no_rule(browsing, site, ids, number, template) -> None:
    with browsing.visit(size="1920", state=site.state, scripts="blocked") as page:
        for variant, path in enumerate(filled(template, ids)[:2]):
            page.goto(site.url + path)
            assert page.locator("body[data-ready]").count() == 0, "a script ran"
            _head_is_whole(page, path)
            breaks_nothing(page, path, by_turns(number + variant))


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("en", "light"), ("vi", "dark")])
def test_both_languages_and_themes_break_no_rule(browsing, site, lang, theme) -> None:
    with browsing.visit(size="1920", lang=lang, theme=theme, state=site.state) as page:
        for path in SAMPLE:
            page.goto(site.url + path)
            ready(page)
            assert page.locator("html").get_attribute("lang") == lang
            breaks_nothing(page, path)


def test_pages_that_refuse_break_no_rule(browsing, site) -> None:
    """Forms that come back with errors, and addresses where there is nothing."""
    with browsing.page(size="1920", state=site.state) as page:
        for path in ("/console/upload", "/console/sources/new?kind=folder"):
            page.goto(site.url + path)
            page.locator("main form").last.locator("button[type=submit]").last.click()
            page.get_by_role("alert").wait_for()
            _head_is_whole(page, path)
            breaks_nothing(page, path)
        for path in ("/console/datasets/khong-co", "/console/deliveries/1", "/console/nowhere"):
            answer = page.goto(site.url + path)
            assert answer is not None and answer.status == 404, path
            _head_is_whole(page, path)
            breaks_nothing(page, path)


@contextmanager
def listening(page: Page) -> Iterator[tuple[list[str], list[int]]]:
    """What the browser complains of on `page` (the content security policy among it), and bytes of its scripts, packed; without
    the library of a map that opens by itself, which comes when it likes."""
    said: list[str] = []
    scripts: list[int] = []

    def loaded(answer: Response) -> None:
        if answer.request.resource_type == "script" and not any(name in answer.url for name in ("htmx", "leaflet")):
            scripts.append(len(gzip.compress(answer.body())))

    ears: dict[Any, Callable[[Any], None]] = {
        "console": lambda line: said.append(line.text) if line.type in ("error", "warning") else None,
        "pageerror": lambda error: said.append(str(error)),
        "requestfinished": lambda request: loaded(request.response()) if request.response() else None,
    }
    for event, ear in ears.items():
        page.on(event, ear)
    try:
        yield said, scripts
    finally:
        for event, ear in ears.items():
            page.remove_listener(event, ear)


def _head_is_whole(page: Page, path: str) -> None:
    assert page.locator("html").get_attribute("lang") in ("vi", "en"), path
    assert page.locator("h1").count() == 1, path
    assert len(page.locator("h1").inner_text().strip()) > 2, path
    assert page.title().count("·") >= 1 and len(page.title().split("·")[0].strip()) > 1, path

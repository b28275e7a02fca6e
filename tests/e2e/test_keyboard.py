"""The keyboard leads everywhere: rows, filter, list of keys, palette, the way past the navigation."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from nhip.testing.browser import ready
from tests.e2e.pages import DATASET, vi

pytestmark = pytest.mark.e2e


def test_j_k_and_enter_walk_the_rows(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console/queue")
        ready(page)
        rows = page.locator("main .row-link")
        page.keyboard.press("j")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("j")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/findings$"))


def test_slash_goes_to_the_filter_and_letters_stay_letters(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console/datasets")
        ready(page)
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("jk?/")
        expect(page.locator("#q")).to_have_value("jk?/")


def test_the_list_of_keys_and_the_palette(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console")
        ready(page)
        page.keyboard.press("?")
        expect(page.locator("#keyboard")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#keyboard")).to_be_hidden()
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-input")).to_be_focused()
        page.keyboard.type("gui du")
        page.keyboard.press("Enter")
        expect(page).to_have_url(site.url + "/console/upload")
        expect(page.get_by_role("heading", level=1)).to_have_text(vi("Send data"))


def test_the_first_tab_skips_the_navigation(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + f"/console/datasets/{DATASET}/findings")
        ready(page)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["/console", f"/console/datasets/{DATASET}/contract", "/console/sources/new?kind=sql"])
def test_focus_goes_down_the_page_and_is_seen(browsing, site, path) -> None:
    """Tab follows the order of the document, reaches everything and never hides (WCAG 2.4.3, 2.4.7, 2.4.11)."""
    with browsing.page(size="1280", state=site.state) as page:
        page.route("**/live", lambda route: route.abort())  # what changes meanwhile would be in another order
        page.goto(site.url + path)
        ready(page)
        page.keyboard.press("Tab")
        stops = page.evaluate(
            """[...document.querySelectorAll(`a[href], button, input:not([type=hidden]), select, textarea, summary,
                [tabindex="0"]`)].filter(e => e.checkVisibility({visibilityProperty: true})).length"""
        )
        order, seen = [], 0
        for _stop in range(stops):
            at, outlined = page.evaluate(
                """() => {
                    const e = document.activeElement, s = getComputedStyle(e);
                    const ringed = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
                    return [[...document.querySelectorAll('*')].indexOf(e), ringed];
                }"""
            )
            order.append(at)
            seen += outlined
            page.keyboard.press("Tab")
        assert order == sorted(order), "focus jumps back"
        assert len(set(order)) == stops, "focus is trapped"
        assert seen == stops, "a focused element has no ring"

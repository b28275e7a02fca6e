"""The officer's mending: typing what a cell should say, taking suggestions, seeing the virtues move, taking back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from nhip.testing.browser import ready
from tests.e2e.pages import vi
from tests.e2e.waiting import PATIENCE_S, leave, until

pytestmark = pytest.mark.e2e
BASE = "/console/datasets/lop-hoc"
ENUM = f"{BASE}/findings?rule=enum&column=cap&severity=error"


def rule(name: str, column: str) -> str:
    return f"{BASE}/findings?rule={name}&column={column}&severity=error"


def virtue(site, name: str) -> float:
    """The score in force, as the page of evidence prints it."""
    with site.client() as client:
        text = client.get(f"{BASE}/virtues/{name}?lang=en").text
    shown = re.search(r"\d+(\.\d+)?", re.sub(r"<[^>]+>", " ", text.split('class="value"', 1)[1]))
    assert shown is not None
    return float(shown[0])


def findings(page: Page, site) -> int:
    page.goto(site.url + BASE + "/findings")
    return int(page.locator(".tabs [aria-current] .count").inner_text())


def saved(page: Page) -> None:
    leave(page, page.get_by_role("button", name=vi("Save corrections")))


def gone(page: Page, site, address: str) -> None:
    """Wait until the list at `address` has no finding any more."""
    page.goto(site.url + address)
    until(page, lambda: page.locator("main input[name^=cell-]").count() == 0)


@pytest.fixture
def untouched(site) -> Iterator[None]:
    """Take every correction of the dataset back, one after the other, so that each test begins with what was delivered."""
    yield
    with site.client() as client:
        while undo := re.search(rf"{BASE}/corrections/[0-9a-f-]{{36}}/undo", client.get(BASE + "/findings").text):
            assert client.post(undo[0]).status_code == 303
            deadline = time.monotonic() + PATIENCE_S
            while vi("being processed") in client.get(BASE).text:
                assert time.monotonic() < deadline, "the worker does not end"


@pytest.mark.parametrize(("scripts", "size"), [("on", "360"), ("off", "360"), ("on", "1280")])
def test_a_typed_correction_moves_the_virtue_and_can_be_taken_back(browsing, site, untouched, scripts, size) -> None:
    before = virtue(site, "accurate")
    with browsing.page(scripts=scripts, size=size, state=site.state) as page:
        page.goto(site.url + rule("maximum", "hoc_sinh"))
        page.locator("input[name=now-1]").fill("99")
        saved(page)
        expect(page.get_by_role("status").first).to_be_visible()
        expect(page.locator("#corrections ~ .table, #corrections")).not_to_have_count(0)
        gone(page, site, rule("maximum", "hoc_sinh"))
        page.goto(site.url + BASE + "/findings")
        change = page.get_by_role("table", name=vi("Corrections in force")).locator("tbody tr")
        expect(change).to_have_count(1)
        expect(change).to_contain_text("9999")
        expect(change).to_contain_text("99")
        expect(change).to_contain_text("admin")
        assert virtue(site, "accurate") >= before
        leave(page, change.get_by_role("button", name=vi("Take back")))
        expect(page.get_by_role("status").first).to_contain_text(vi("The correction is taken back."))
        page.goto(site.url + rule("maximum", "hoc_sinh"))
        until(page, lambda: page.locator("main input[name^=cell-]").count() == 1)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_one_suggestion_is_taken_and_the_others_wait(browsing, site, untouched, scripts) -> None:
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + ENUM)
        expect(page.locator("input[name^=cell-]")).to_have_count(2)
        taken = page.locator("button[name=take]:not([value=all])").first
        expect(taken).to_contain_text("Tiểu học")
        leave(page, taken)
        page.goto(site.url + ENUM)
        until(page, lambda: page.locator("input[name^=cell-]").count() == 1)
        expect(page.get_by_role("main")).to_contain_text("Mâm non")


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_all_suggestions_are_taken_at_once(browsing, site, untouched, scripts) -> None:
    before = virtue(site, "consistent")
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + ENUM)
        leave(page, page.get_by_role("button", name=vi("Take every suggestion on this page")))
        expect(page.get_by_role("status").first).to_contain_text("2")
        gone(page, site, ENUM)
        assert virtue(site, "consistent") > before
        page.goto(site.url + BASE + "/rows")
        expect(page.get_by_role("row").filter(has_text="T33")).to_contain_text("Mầm non")
        assert findings(page, site) == 4


def test_a_cell_is_put_right_in_its_row(browsing, site, untouched) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + rule("required", "ten"))
        leave(page, page.locator("main a[href*='/rows/']").first)
        page.locator("input[value$=':ten'] ~ input[name^=now-]").fill("Trường số 34")
        saved(page)
        gone(page, site, rule("required", "ten"))
        page.goto(site.url + BASE + "/rows")
        expect(page.get_by_role("row").filter(has_text="T34")).to_contain_text("Trường số 34")


def test_the_raw_bytes_never_change(browsing, site, untouched) -> None:
    with browsing.page(state=site.state) as page:
        page.goto(site.url + BASE)
        raw = page.locator("a[href^='/console/deliveries/']").first.get_attribute("href")
        before = page.request.get(f"{site.url}{raw}/raw").body()
        page.goto(site.url + rule("minimum", "hoc_sinh"))
        page.locator("input[name=now-1]").fill("5")
        saved(page)
        gone(page, site, rule("minimum", "hoc_sinh"))
        assert page.request.get(f"{site.url}{raw}/raw").body() == before


def test_saving_nothing_says_so(browsing, site) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + rule("minimum", "hoc_sinh"))
        saved(page)
        expect(page.get_by_role("status").first).to_contain_text(
            vi("Nothing was changed: type what a cell should say first.")
        )


def test_the_way_back_brings_what_was_typed(browsing, site) -> None:
    """Browsers keep it unless the field forbids it: where personal data are shown, and in lists, whose rows move."""
    for path, field in (
        (f"{BASE}/rows/2", "input[name=now-2]"),
        ("/console/sources/new?kind=folder", "#f-set-path"),
    ):
        with browsing.page(size="1280", state=site.state) as page:
            page.goto(site.url + path)
            page.locator(field).fill("gõ dở dang")
            page.goto(site.url + "/console/queue")
            page.go_back()
            ready(page)
            assert page.locator(field).input_value() == "gõ dở dang", path

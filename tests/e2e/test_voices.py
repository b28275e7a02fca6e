"""What people do with open data, as they do it: ask, comment, rate, follow, cite — on a phone, with and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.looks import breaks_nothing, by_turns
from tests.e2e.opened import NAME, open_schools
from tests.e2e.pages import vi
from tests.e2e.waiting import leave

pytestmark = pytest.mark.e2e
PAGES = (
    "/data-requests",
    "/data-requests/new",
    "/data-requests/{no}",
    f"/dataset/{NAME}/comments",
    f"/dataset/{NAME}/versions",
    f"/dataset/{NAME}/versions/2",
    f"/follow?dataset={NAME}",
    "/follow/asked",
    "/unsubscribe/x",
)
DESK = (
    "/console/voices",
    "/console/voices?show=comments",
    "/console/voices?show=tasks",
    "/console/voices/letters",
    "/console/voices/requests/{no}",
)


@pytest.fixture(scope="module")
def shared(site) -> str:
    return open_schools(site)


def _pressed(page: Page, text: str) -> None:
    leave(page, page.get_by_role("main").get_by_role("button", name=vi(text), exact=True))


def _number(browsing, site, title: str) -> str:
    """Of a request, as an official finds it in the list."""
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console/voices")
        link = page.locator("a.row-link", has_text=title).get_attribute("href")
        assert link is not None
        return link.rpartition("/")[2]


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_citizen_asks_an_official_shows_and_answers_the_citizen_reads(browsing, site, shared, scripts) -> None:
    title = f"Sân chơi trẻ em {scripts}"
    with browsing.page(scripts=scripts) as citizen:
        citizen.goto(shared + "/data-requests")
        citizen.get_by_role("link", name=vi("Ask for data")).click()
        _pressed(citizen, "Send the request")
        expect(citizen.get_by_role("alert")).to_be_visible()
        citizen.get_by_label(vi("Which data, in a few words")).fill(title)
        citizen.get_by_label(vi("What should be in them")).fill("Vị trí, diện tích. Gọi tôi 0905 123 456.")
        _pressed(citizen, "Send the request")
        expect(citizen).to_have_url(re.compile(r"/data-requests/mine/"))
        mine = citizen.url
        no = _number(browsing, site, title)
        with browsing.page(size="1280", scripts=scripts, state=site.state) as official:
            official.goto(f"{shared}/console/voices/requests/{no}")
            official.get_by_label(vi("The request"), exact=True).fill("Vị trí, diện tích.")
            _pressed(official, "Show it")
            _pressed(official, "We work on it")
            official.get_by_text(vi("They cannot be open")).click()
            official.get_by_role("textbox", name=vi("Reason")).first.fill("Chưa có ai đo")
            _pressed(official, "Refuse")
        citizen.goto(f"{shared}/data-requests?state=refused")
        citizen.get_by_role("link", name=title).click()
        expect(citizen.get_by_role("main")).to_contain_text("Chưa có ai đo")
        expect(citizen.get_by_role("main")).not_to_contain_text("0905")
        citizen.goto(mine)
        expect(citizen.get_by_role("main")).to_contain_text("Chưa có ai đo")


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_reader_says_what_is_wrong_and_rates(browsing, shared, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        page.goto(f"{shared}/dataset/{NAME}")
        page.get_by_role("link", name=vi("Ask about these data, tell what is wrong, read what others said")).click()
        page.get_by_label(vi("Something is wrong in the data")).check()
        page.get_by_label(vi("Your comment")).fill("Trường số 5 đã đóng cửa")
        _pressed(page, "Send the comment")
        expect(page.get_by_role("status").first).to_contain_text(
            vi("Thank you. The agency looks at your comment before it is shown.")
        )
        expect(page.get_by_role("main")).not_to_contain_text("Trường số 5")
        page.get_by_label(vi("4: good")).check()
        _pressed(page, "Send")
        expect(page.get_by_label(vi("4: good"))).to_be_checked()


def test_without_a_mail_server_the_feed_is_offered(browsing, shared) -> None:
    with browsing.page() as page:
        page.goto(f"{shared}/dataset/{NAME}")
        page.get_by_role("link", name=vi("Follow changes by e-mail or feed")).click()
        expect(page.get_by_role("main")).to_contain_text(f"/dataset/{NAME}/changes.atom")
        expect(page.locator("input[name=email]")).to_have_count(0)


@pytest.mark.parametrize(("lang", "theme", "scripts"), [("vi", "light", "on"), ("en", "dark", "blocked")])
def test_every_page_breaks_no_rule(browsing, site, shared, lang, theme, scripts) -> None:
    no = _shown(browsing, site, shared)
    with browsing.visit(size="1920", lang=lang, theme=theme, scripts=scripts, state=None) as page:
        _break_nothing(page, shared, [path.format(no=no) for path in PAGES], lang, scripts)
    with browsing.visit(size="1920", lang=lang, theme=theme, scripts=scripts, state=site.state) as page:
        _break_nothing(page, shared, [path.format(no=no) for path in DESK], lang, scripts)


def _shown(browsing, site, shared: str) -> str:
    """A request that is shown and open; made where there is none."""
    with browsing.page() as page:
        page.goto(shared + "/data-requests")
        if page.locator("h3 a").count() == 0:
            page.goto(shared + "/data-requests/new")
            page.get_by_label(vi("Which data, in a few words")).fill("Ghế đá công viên")
            page.get_by_label(vi("What should be in them")).fill("Vị trí")
            _pressed(page, "Send the request")
            no = _number(browsing, site, "Ghế đá công viên")
            with browsing.page(size="1280", state=site.state) as official:
                official.goto(f"{shared}/console/voices/requests/{no}")
                _pressed(official, "Show it")
            page.goto(shared + "/data-requests")
        return str(page.locator("h3 a").first.get_attribute("href")).rpartition("/")[2]


def _break_nothing(page: Page, root: str, paths: list[str], lang: str, scripts: str) -> None:
    for number, path in enumerate(paths):
        page.goto(root + path)
        assert page.locator("html").get_attribute("lang") == lang and page.locator("h1").count() == 1, path
        breaks_nothing(page, path, by_turns(number, scripts))

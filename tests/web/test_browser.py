"""The gallery in a real browser: axe, reflow, keyboard, themes, live parts, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from nhip.testing.browser import axe, ready, sideways

pytestmark = pytest.mark.e2e
PATHS = ["/gallery", "/gallery/form", "/public", "/signin", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", ["360", "1920"])
@pytest.mark.parametrize(("theme", "scripts"), [("light", "on"), ("dark", "on"), ("light", "blocked")])
def test_pages_break_no_rule_and_never_scroll_sideways(browsing, gallery_url, path, size, theme, scripts) -> None:
    with browsing.visit(size=size, theme=theme, scripts=scripts) as page:
        page.goto(gallery_url + path)
        if scripts == "on":
            ready(page)
        assert axe(page) == []
        assert sideways(page) == 0


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_open_menus_and_dialogs_break_no_rule(browsing, gallery_url, lang) -> None:
    with browsing.page(size="1280", lang=lang) as page:
        page.goto(gallery_url + "/gallery")
        ready(page)
        page.locator(".menu-look > summary").click()
        assert axe(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        assert axe(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#keyboard")).to_be_visible()
        assert axe(page) == []


def test_a_wrong_form_is_understood(browsing, gallery_url) -> None:
    with browsing.page() as page:
        page.goto(gallery_url + "/gallery/form")
        ready(page)
        page.get_by_label("Hẹn gửi (ngày)").fill("bảy")
        page.get_by_role("button", name="Lưu nguồn").click()
        ready(page)
        expect(page.get_by_role("alert")).to_be_focused()
        expect(page.get_by_label("Hẹn gửi (ngày)")).to_have_value("bảy")
        assert axe(page) == []
        page.get_by_role("alert").get_by_role("link").nth(1).click()
        expect(page.get_by_label("Hẹn gửi (ngày)")).to_be_focused()


def test_everything_works_without_javascript(browsing, gallery_url) -> None:
    with browsing.page(scripts="off") as page:
        page.goto(gallery_url + "/gallery")
        page.get_by_text("Trình đơn", exact=True).click()
        page.get_by_role("link", name="Sample form").click()
        expect(page).to_have_url(re.compile("/gallery/form$"))
        page.get_by_label("Tên nguồn").fill("Sở Y tế")
        page.get_by_label("Hẹn gửi (ngày)").fill("7")
        page.get_by_role("button", name="Lưu nguồn").click()
        expect(page.get_by_role("status")).to_contain_text("Sở Y tế")
        page.locator(".menu-look > summary").click()
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.locator(".menu-look > summary").click()
        page.get_by_role("link", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_theme_changes_at_once_and_stays(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        page.goto(gallery_url + "/gallery")
        ready(page)
        before = page.evaluate(
            "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor"
        )
        page.locator(".menu-look > summary").click()
        page.get_by_role("link", name="Tối").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.url.endswith("/gallery")
        after = page.evaluate(
            "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor"
        )
        assert before != after
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_keyboard_leads_everywhere(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        page.goto(gallery_url + "/gallery")
        ready(page)
        rows = page.locator("main .row-link")
        page.keyboard.press("j")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("/")
        expect(page.get_by_label("Tên", exact=True)).to_be_focused()
        page.keyboard.type("jk?/")
        expect(page.get_by_label("Tên", exact=True)).to_have_value("jk?/")
        page.keyboard.press("Control+k")
        page.keyboard.type("citi")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/public$"))


def test_the_first_tab_skips_to_the_content(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        page.goto(gallery_url + "/gallery")
        ready(page)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_live_parts_are_fetched_again(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        with page.expect_response(lambda answer: "/live?topic=" in answer.url):
            page.goto(gallery_url + "/gallery")
        ready(page)
        page.evaluate("document.querySelector('#live-datasets').dataset.old = '1'")
        page.request.post(gallery_url + "/gallery/publish")
        expect(page.locator("#live-datasets[data-old]")).to_have_count(0)
        expect(page.locator("#live-datasets time")).to_be_visible()


def test_our_typeface_is_used_with_tabular_figures(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        page.goto(gallery_url + "/gallery")
        ready(page)
        page.evaluate("document.fonts.ready")
        faces = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family + f.weight)")
        assert {"Be Vietnam Pro400", "Be Vietnam Pro600"} <= {face.replace('"', "") for face in faces}
        widths = page.evaluate(
            """() => ['1111', '0000', '7777'].map(text => {
                const cell = document.querySelector('td.number').cloneNode();
                cell.textContent = text; cell.style.display = 'inline-block'; document.body.append(cell);
                return cell.getBoundingClientRect().width;
            })"""
        )
        assert len(set(widths)) == 1


def test_targets_are_large_enough(browsing, gallery_url) -> None:
    """WCAG 2.2, 2.5.8: 24 px everywhere; ours: buttons and fields 44 px on a phone."""
    with browsing.page(size="360") as page:
        for path in ("/gallery", "/gallery/form", "/public"):
            page.goto(gallery_url + path)
            ready(page)
            small = page.evaluate(
                """() => [...document.querySelectorAll('.button, .input, .nav a, summary.menu')]
                    .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
                    .map(e => e.outerHTML.slice(0, 80))"""
            )
            assert small == []


def test_console_rows_are_dense_on_a_desk(browsing, gallery_url) -> None:
    with browsing.page(size="1920") as page:
        page.goto(gallery_url + "/gallery")
        heights = page.evaluate(
            "[...document.querySelectorAll('.table.scroll tbody tr')].map(r => r.getBoundingClientRect().height)"
        )
        assert min(heights) <= 37


def test_the_policy_allows_all_that_pages_do(browsing, gallery_url) -> None:
    with browsing.page(size="1280") as page:
        complaints: list[str] = []
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in ("/gallery", "/gallery/form", "/public"):
            page.goto(gallery_url + path)
            ready(page)
        page.keyboard.press("Control+k")
        assert complaints == []


def test_paper_is_light_whatever_the_theme(browsing, gallery_url) -> None:
    with browsing.page(size="1280", theme="dark") as page:
        page.goto(gallery_url + "/gallery?theme=dark")
        page.emulate_media(media="print", color_scheme="dark")
        ground, ink = page.evaluate(
            "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
        )
        assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
        assert not page.locator(".topbar").is_visible()
        assert axe(page) == []

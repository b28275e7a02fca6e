"""Sources by the form: adding, trying, running; wrong settings keep what was typed; a secret never comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import sample
from tests.e2e.pages import vi
from tests.e2e.waiting import leave, until

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])


def fill_head(page, name: str, dataset: str) -> None:
    page.locator("#f-name").fill(name)
    page.locator("#f-agency").select_option(sample.HEALTH_AGENCY)
    page.locator("#f-dataset").select_option(dataset)


def add(page) -> None:
    leave(page, page.get_by_role("main").get_by_role("button", name=vi("Add the source")))


@BOTH
def test_a_folder_is_added_tried_and_run(browsing, site, scripts, tmp_path) -> None:
    name, code = f"thu-muc-{scripts}", f"TC-{scripts}"
    (tmp_path / f"tiem-{scripts}.csv").write_bytes(
        sample.table(f"{code},Điểm tiêm {scripts},Tiểu học,01/02/2020,3\n", rows=11)
    )
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + "/console/sources")
        page.get_by_role("main").get_by_role("link", name=vi("Add a source")).click()
        leave(page, page.get_by_role("main").get_by_role("link", name=vi("Folder")).first)
        fill_head(page, name, "tiem-chung")
        page.locator("#f-set-path").fill(str(tmp_path))
        more = page.locator("main details:not([open]) summary")
        if page.locator("#f-set-settle_seconds").is_hidden():
            more.first.click()
        page.locator("#f-set-settle_seconds").fill("0")
        add(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        leave(page, page.get_by_role("button", name=vi("Try it")))
        expect(page.get_by_role("main")).to_contain_text(vi("It can be reached"))
        expect(page.get_by_role("main")).to_contain_text(f"tiem-{scripts}.csv")
        leave(page, page.get_by_role("button", name=vi("Fetch now")))
        page.goto(site.url + "/console/datasets/tiem-chung")
        until(page, lambda: page.get_by_text(f"tiem-{scripts}.csv").count() > 0)
        page.goto(site.url + "/console/datasets/tiem-chung/rows")
        until(page, lambda: code in page.inner_text("main"))


def test_a_source_that_cannot_be_reached_says_why(browsing, site) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(f"{site.url}/console/sources/{sample.SOURCE}")
        leave(page, page.get_by_role("button", name=vi("Try it")))
        expect(page.get_by_role("main")).to_contain_text(vi("It cannot be reached"))
        expect(page.get_by_role("main")).to_contain_text("/nowhere/tiem-chung")


@BOTH
def test_wrong_settings_keep_what_was_typed(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + "/console/sources/new?kind=http")
        fill_head(page, "Tên Có Dấu", "tiem-chung")
        page.locator("#f-set-url").fill("gopher://example.org/tệp")
        add(page)
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("#f-name")).to_have_value("Tên Có Dấu")
        expect(page.locator("#f-set-url")).to_have_value("gopher://example.org/tệp")
        expect(page.locator("#f-agency")).to_have_value(sample.HEALTH_AGENCY)
        expect(page.locator("#f-dataset")).to_have_value("tiem-chung")


def test_a_secret_is_never_shown_again(browsing, site) -> None:
    secret = "Bi-mat-khong-ai-thay-42"
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + "/console/sources/new?kind=sql")
        fill_head(page, "", "tiem-chung")
        page.locator("#f-secret-password").fill(secret)
        add(page)
        expect(page.get_by_role("alert")).to_be_visible()
        assert secret not in page.content(), "a form that comes back must not carry the secret"
        fill_head(page, "kho-du-lieu", "tiem-chung")
        page.locator("#f-set-engine").select_option("postgresql")
        for field, text in {
            "host": "192.0.2.7",
            "database": "y_te",
            "username": "doc",
            "query": "select 1 as ma",
        }.items():
            page.locator(f"#f-set-{field}").fill(text)
        page.locator("#f-secret-password").fill(secret)
        add(page)
        page.wait_for_url(site.url + "/console/sources/kho-du-lieu")
        expect(page.get_by_role("main")).to_contain_text(vi("kept, never shown"))
        leave(page, page.get_by_role("button", name=vi("Try it")))
        expect(page.get_by_role("main")).to_contain_text(vi("It cannot be reached"))
        assert secret not in page.content()
        for path in ("/console/sources", "/console/sources/kho-du-lieu", "/console/sources/new?kind=sql"):
            page.goto(site.url + path)
            assert secret not in page.content(), path
    kept = [file for file in site.settings.data_dir.rglob("*") if file.is_file() and "postgres" not in file.parts]
    assert not [file for file in kept if secret.encode() in file.read_bytes()], "no file outside the database holds it"

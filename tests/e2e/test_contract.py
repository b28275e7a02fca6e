"""Editing a contract: what it would find appears while it is typed; a broken one is told and kept as it was typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nhip.datasets.contract.template import write_template
from nhip.datasets.contract.yaml import load
from nhip.testing.browser import ready
from tests.e2e import sample
from tests.e2e.pages import vi
from tests.e2e.waiting import leave, until

pytestmark = pytest.mark.e2e
BASE = "/console/datasets/phong-kham"
PAGE = BASE + "/contract"
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])


def editor(page: Page):
    return page.locator("#f-yaml")


def stricter(text: str, most: int) -> str:
    return re.sub(r"maximum: \d+", f"maximum: {most}", text)


def test_the_preview_follows_the_typing(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + PAGE)
        ready(page)
        text = editor(page).input_value()
        expect(page.locator("#preview")).not_to_contain_text("hoc_sinh")
        editor(page).fill(stricter(text, 105))
        expect(page.locator("#preview a[href*='rule=maximum']")).to_be_visible()
        expect(page.locator("#preview")).to_contain_text(vi("Against the contract in force"))
        editor(page).fill("schema: [")
        expect(page.locator("#preview")).to_contain_text(vi("This contract cannot be used yet"))
        expect(editor(page)).to_have_value("schema: [")
        page.goto(site.url + PAGE)
        assert editor(page).input_value() == text, "a preview saves nothing"


def test_without_scripts_a_button_shows_the_preview(browsing, site) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + PAGE)
        text = stricter(editor(page).input_value(), 105)
        editor(page).fill(text)
        leave(page, page.get_by_role("button", name=vi("Preview")))
        expect(page.locator("#preview a[href*='rule=maximum']")).to_be_visible()
        expect(editor(page)).to_have_value(text)


@BOTH
def test_a_broken_contract_is_told_beside_the_field_and_nothing_is_lost(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + PAGE)
        broken = editor(page).input_value().replace("kind: DataContract", "kind: [DataContract")
        editor(page).fill(broken)
        page.locator("#f-note").fill("thử xem")
        leave(page, page.get_by_role("button", name=vi("Put in force")))
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("#e-yaml")).not_to_be_empty()
        expect(editor(page)).to_have_value(broken)
        expect(page.locator("#f-note")).to_have_value("thử xem")


def test_a_saved_contract_is_in_force_and_finds(browsing, site) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + PAGE)
        text = editor(page).input_value()
        for most, found in ((106, True), (5000, False)):
            page.goto(site.url + PAGE)
            editor(page).fill(stricter(text, most))
            page.locator("#f-note").fill(f"nhiều nhất {most}")
            page.get_by_role("button", name=vi("Put in force")).click()
            page.wait_for_url(site.url + BASE)
            page.goto(site.url + BASE + "/findings")
            until(page, lambda found=found: (page.locator("a[href*='rule=maximum']").count() > 0) is found)
        page.goto(site.url + PAGE)
        expect(page.get_by_role("main")).to_contain_text("nhiều nhất 106")


@BOTH
def test_the_excel_template_goes_out_and_comes_back(browsing, site, scripts, tmp_path) -> None:
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + PAGE)
        with page.expect_download() as arriving:
            page.locator("a[href$='contract.xlsx']").click()
        assert Path(arriving.value.path()).read_bytes().startswith(b"PK")
        filled = tmp_path / "mau.xlsx"
        write_template(filled, load(stricter(sample.contract("phong-kham", "Phòng khám"), 104)))
        page.locator("#f-template").set_input_files(filled)
        leave(page, page.get_by_role("button", name=vi("Read into the editor")))
        expect(editor(page)).to_have_value(re.compile(r"maximum: 104"))
        expect(page.locator("#preview a[href*='rule=maximum']")).to_be_visible()
        page.locator("#f-template").set_input_files({"name": "x.xlsx", "mimeType": "", "buffer": b"PK\x03\x04"})
        leave(page, page.get_by_role("button", name=vi("Read into the editor")))
        expect(page.locator("#e-template")).not_to_be_empty()

"""Sức khỏe dữ liệu: from the city down to the raw cell, every number with its evidence."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from nhip.console.common import VIRTUES
from tests.e2e import sample
from tests.e2e.pages import DATASET, vi

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])


def test_the_matrix_shows_each_agency_by_the_six_virtues(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console")
        matrix = page.get_by_role("table", name=vi("Agencies and virtues"))
        expect(matrix.get_by_role("columnheader")).to_have_text([vi("Agency"), *map(vi, VIRTUES.values())])
        for name, _english in sample.AGENCIES.values():
            row = matrix.get_by_role("row", name=name)
            expect(row.get_by_role("cell")).to_have_count(6)
            for cell in row.get_by_role("cell").all():
                assert re.search(r"\d|—", cell.inner_text())


@BOTH
def test_a_cell_leads_down_to_the_raw_cell(browsing, site, scripts) -> None:
    agency = sample.AGENCIES[sample.SCHOOLS_AGENCY][0]
    with browsing.page(size="1280", scripts=scripts, state=site.state) as page:
        page.goto(site.url + "/console")
        row = page.get_by_role("table", name=vi("Agencies and virtues")).get_by_role("row", name=agency)
        row.get_by_role("cell").first.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(agency)
        table = page.get_by_role("table", name=vi("Datasets and virtues"))
        expect(table.get_by_role("row")).to_have_count(4)
        table.get_by_role("row", name="Trường học").get_by_role("cell").first.get_by_role("link").click()
        expect(page).to_have_url(site.url + f"/console/datasets/{DATASET}/virtues/accurate")
        expect(page.get_by_role("main")).to_contain_text(re.compile(r"100 × \("))
        page.locator("main a[href*='rule=maximum']").first.click()
        expect(page.get_by_role("main")).to_contain_text("9999")
        page.locator("main tbody a.row-link").first.click()
        expect(page).to_have_url(re.compile(rf"/console/datasets/{DATASET}/rows/\d+$"))
        cell = page.get_by_role("row").filter(has_text="hoc_sinh")
        expect(cell).to_contain_text("9999")
        expect(page.get_by_role("main")).to_contain_text("Tieu hoc")


def test_the_raw_bytes_are_what_was_sent(site) -> None:
    with site.client() as client:
        overview = client.get(f"/console/datasets/{DATASET}").text
        sent = {body for _name, body in sample.DELIVERIES[DATASET]}
        got = {
            client.get(f"{path}/raw").content
            for path in set(re.findall(r"/console/deliveries/[0-9a-f-]{36}", overview))
        }
    assert got == sent


def test_old_letters_are_read(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console/datasets/giao-vien/rows")
        expect(page.get_by_role("table")).to_contain_text("Nơi làm việc")
        expect(page.get_by_role("table")).not_to_contain_text(
            "Nguyễn Thị Hồng Thủy"
        )  # a name: shown for a purpose only
        page.goto(site.url + "/console/datasets/giao-vien")
        page.get_by_role("link", name="gv-abc.txt").click()
        expect(page.get_by_role("main")).to_contain_text("tcvn3", ignore_case=True)


def test_a_note_above_the_table_is_not_data(browsing, site) -> None:
    with browsing.page(state=site.state) as page:
        page.goto(site.url + "/console/datasets/co-so-y-te/rows")
        expect(page.get_by_role("table").locator("tbody tr")).to_have_count(25)
        expect(page.get_by_role("table")).not_to_contain_text("Kèm theo")


@BOTH
def test_a_drop_is_told_and_can_be_put_off_the_list(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + "/console")
        seen = page.get_by_role("button", name=vi("Seen"))
        before = seen.count()
        assert before >= 1
        seen.first.click()
        expect(page.get_by_role("status").first).to_contain_text(vi("The alert is off the list."))
        expect(seen).to_have_count(before - 1)


def test_words_narrow_the_datasets_without_marks(browsing, site) -> None:
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(site.url + "/console/datasets")
        page.locator("#q").fill("tiem chung")
        page.keyboard.press("Enter")
        expect(page.locator("main tbody tr")).to_have_count(1)
        expect(page.locator("main tbody")).to_contain_text("Điểm tiêm chủng")

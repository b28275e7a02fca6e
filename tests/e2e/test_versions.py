"""Versions: what changed, putting an old one in force and back, downloads that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import expect

from nhip.testing.browser import sideways
from tests.e2e.pages import DATASET, vi
from tests.e2e.waiting import leave, until

pytestmark = pytest.mark.e2e
BASE = f"/console/datasets/{DATASET}"


def rows_of(body: bytes) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read UTF-8"
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_on_paper_no_row_or_column_is_cut_off(browsing, site) -> None:
    """Paper does not scroll."""
    with browsing.page(size="1280", state=site.state) as page:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 700, "height": 1000})
        page.goto(f"{site.url}{BASE}/rows")
        box = page.locator(".table.wide").first
        assert box.evaluate("e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]") == [0, 0]
        assert sideways(page) == 0


def test_a_difference_names_each_row(browsing, site) -> None:
    with browsing.page(size="1280", scripts="off", state=site.state) as page:
        page.goto(site.url + BASE + "/versions")
        leave(page, page.locator("main a.row-link[href$='/versions/2']"))
        table = page.get_by_role("table", name=vi("Rows that differ"))
        expect(table.locator("tbody tr")).to_have_count(10)
        expect(table.get_by_role("row").filter(has_text="T31")).to_contain_text(vi("added"))
        expect(table.get_by_role("row").filter(has_text="T30")).to_contain_text(vi("removed"))


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_an_old_version_is_put_in_force_and_back(browsing, site, scripts) -> None:
    base = "/console/datasets/phong-kham"
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + base + "/versions")
        count = page.locator("main tbody tr").count()
        leave(page, page.locator("tr", has=page.locator("a[href$='/versions/1']")).get_by_role("button"))
        expect(page.locator("main tbody tr")).to_have_count(count + 1)
        expect(page.locator("main tbody tr").first).to_contain_text(vi("rows of version {no}", no=1))
        expect(page.locator("main tbody tr").first).to_contain_text(vi("in force"))
        page.goto(site.url + base + "/rows")
        expect(page.get_by_role("table")).not_to_contain_text("T40")
        page.goto(site.url + base + "/versions")
        leave(page, page.locator("tr", has=page.locator("a[href$='/versions/1']")).get_by_role("button"))
        leave(page, page.locator("#notices").get_by_role("button"))
        until(page, lambda: page.locator("main tbody tr").count() >= count + 2)
        leave(page, page.locator("tr", has=page.locator("a[href$='/versions/2']")).get_by_role("button"))


def test_undo_of_a_restore_brings_the_rows_back(browsing, site) -> None:
    base = "/console/datasets/phong-kham"
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + base + "/versions")
        leave(page, page.locator("tr", has=page.locator("a[href$='/versions/1']")).get_by_role("button"))
        page.goto(site.url + base + "/rows")
        expect(page.get_by_role("table")).not_to_contain_text("T40")
        page.goto(site.url + base + "/versions")
        leave(page, page.locator("tr", has=page.locator("a[href$='/versions/2']")).get_by_role("button"))
        page.goto(site.url + base + "/rows")
        expect(page.get_by_role("table")).to_contain_text("T40")


def test_formulas_in_a_download_are_only_text(site) -> None:
    with site.client() as client:
        answer = client.get(BASE + "/versions/2/export.csv")
        assert "attachment" in answer.headers["content-disposition"]
        head, *rows = rows_of(answer.content)
        assert head[:2] == ["ma", "ten"]
        cells = {row[0]: row for row in rows}
        assert cells["T31"][1] == "'=1+1"
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+@\t\r")]


def test_findings_are_downloaded_whole(site) -> None:
    with site.client() as client:
        head, *rows = rows_of(client.get(BASE + "/findings.csv").content)
    assert {"row", "column", "rule", "value", "suggestion"} <= set(head)
    by_rule = [row[head.index("rule")] for row in rows]
    assert by_rule.count("enum") == 2 and by_rule.count("maximum") == 1
    wrong = next(row for row in rows if row[head.index("value")] == "Tieu hoc")
    assert wrong[head.index("suggestion")] == "Tiểu học"
    below = next(row for row in rows if row[head.index("rule")] == "minimum")
    assert below[head.index("value")] in ("-5", "'-5")


def test_a_page_of_a_version_that_never_was_is_404(site) -> None:
    with site.client() as client:
        for path in ("/versions/99", "/versions/0", "/versions/99/export.csv", "/versions/2?since=99"):
            assert client.get(BASE + path).status_code == 404, path
        assert client.post(BASE + "/versions/99/restore").status_code == 404

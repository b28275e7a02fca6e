"""Sending files: a new dataset of a new agency, an old one, the same file again, and one that cannot be used."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import sample
from tests.e2e.pages import vi
from tests.e2e.waiting import leave, until

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])


def choose(page: Page, name: str, body: bytes) -> None:
    page.locator("#f-file").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": body})


def send(page: Page) -> None:
    page.get_by_role("main").get_by_role("button", name=vi("Send"), exact=True).click()
    page.wait_for_url(re.compile("/console/deliveries/"))


def settled(page: Page, text: str, scripts: str) -> None:
    """Wait until the delivery's page says `text`: by itself with scripts, by loading again without."""
    if scripts == "off":
        until(page, lambda: text in page.inner_text("main"))
    expect(page.get_by_role("main")).to_contain_text(text)


@BOTH
def test_a_new_dataset_of_a_new_agency(browsing, site, scripts) -> None:
    title = f"Thư viện công cộng {scripts}"
    with browsing.page(scripts=scripts, state=site.state) as page:
        page.goto(site.url + "/console/upload")
        choose(
            page,
            "thu-vien.csv",
            "Mã,Tên thư viện,Số sách\nTV1,Thư viện Tổng hợp,120000\nTV2,Thư viện Phú Hội,3500\n".encode(),
        )
        page.locator("#f-title").fill(title)
        page.locator("#f-agency_name").fill(f"Trung tâm Văn hóa {scripts}")
        send(page)
        expect(page.get_by_role("status").first).to_contain_text("thu-vien.csv")
        settled(page, vi("In the version"), scripts)
        leave(page, page.get_by_role("link", name=vi("See the dataset")))
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        page.goto(page.url + "/rows")
        expect(page.get_by_role("table")).to_contain_text("Thư viện Phú Hội")


def test_what_was_typed_stays_when_something_is_missing(browsing, site) -> None:
    with browsing.page(scripts="off", state=site.state) as page:
        page.goto(site.url + "/console/upload")
        page.locator("#f-title").fill("Danh sách chưa có tệp")
        page.get_by_role("main").get_by_role("button", name=vi("Send"), exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(vi("Choose a file."))
        expect(page.locator("#e-file")).to_contain_text(vi("Choose a file."))
        expect(page.locator("#f-title")).to_have_value("Danh sách chưa có tệp")


def test_a_file_for_a_dataset_and_the_same_file_again(browsing, site) -> None:
    body = sample.table(rows=12)
    with browsing.page(state=site.state) as page:
        page.goto(site.url + "/console/datasets/tiem-chung")
        page.get_by_role("main").get_by_role("link", name=vi("Send data")).first.click()
        expect(page.locator("#f-dataset")).to_have_value("tiem-chung")
        choose(page, "tiem-1.csv", body)
        send(page)
        settled(page, vi("In the version"), "on")
        first = page.url
        page.goto(site.url + "/console/upload?dataset=tiem-chung")
        choose(page, "tiem-1-ban-sao.csv", body)
        send(page)
        assert page.url == first
        expect(page.get_by_role("status").first).to_contain_text(vi("These bytes are here already; nothing changed."))


@pytest.mark.parametrize(
    ("filename", "body"),
    [
        ("rong.csv", b""),
        ("hong.xlsx", b"PK\x03\x04" + b"x" * 400),
        ("anh.csv", b"\x89PNG\r\n\x1a\n" + bytes(300)),
        ("cot-khac.csv", "Cột lạ,Cột khác\n1,2\n".encode()),
    ],
)
def test_a_file_that_cannot_be_used_says_why(browsing, site, filename, body) -> None:
    with browsing.page(state=site.state) as page:
        page.goto(site.url + "/console/upload?dataset=phong-kham")
        choose(page, filename, body)
        send(page)
        settled(page, vi("This file could not be used"), "on")
        said = page.get_by_role("main").inner_text()
        assert "Traceback" not in said and "Error" not in said, said
        reason = page.locator(".state, .failed").first.inner_text()
        assert len(reason) > len(vi("This file could not be used")) + 20, reason
        raw = page.request.get(
            page.get_by_role("link", name=vi("Download the raw bytes")).evaluate("link => link.href")
        )
        assert raw.body() == body
        page.goto(site.url + "/console/datasets/phong-kham")
        expect(page.get_by_role("main")).to_contain_text(vi("Rows in the version"))

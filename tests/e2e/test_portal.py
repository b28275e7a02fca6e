"""Open data as a stranger finds, reads and takes them: on a phone, without scripts, in both languages."""

from __future__ import annotations

import asyncio
import csv
import io
import re

import pytest
from playwright.sync_api import expect

from nhip.datasets.store import get_dataset
from nhip.db.installation import opened
from nhip.portal.service import propose, publish
from tests.e2e.looks import breaks_nothing, by_turns
from tests.e2e.pages import vi

pytestmark = pytest.mark.e2e
NAME = "truong-hoc"
PAGES = (
    "/",
    "/datasets",
    "/datasets?q=truong",
    "/datasets?q=khongcogi",
    f"/dataset/{NAME}",
    "/agencies",
    "/licences/vn-open",
    "/about-data",
)
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def shared(site) -> str:
    """The schools are open; gives the address of the site."""

    async def work() -> None:
        async with opened(site.settings, pool_size=2) as installation:
            async with installation.db.read() as tx:
                dataset = await get_dataset(tx, NAME)
            words = {
                "licence": "cc-by-4.0",
                "basis": "Quyết định 12/QĐ-UBND",
                "contact": "so@hue.example",
                "cadence": "ANNUAL",
            }
            await propose(installation, dataset, treatment={}, keywords=["trường học"], **words)
            await publish(installation, dataset)

    asyncio.run(work())
    return str(site.url)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_stranger_finds_reads_and_takes_a_dataset(browsing, shared, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        page.goto(shared + "/")
        page.get_by_role("searchbox").fill("truong hoc")
        page.get_by_role("main").get_by_role("button", name=vi("Search")).click()
        expect(page).to_have_url(re.compile(r"/datasets\?q=truong\+hoc"))
        page.get_by_role("link", name="Trường học", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Trường học")
        expect(page.get_by_role("region", name=vi("First rows")).locator("tbody tr")).to_have_count(20)
        with page.expect_download() as taken:
            page.get_by_role("link", name="CSV", exact=True).first.click()
        rows = list(csv.reader(io.StringIO(taken.value.path().read_text(encoding="utf-8"), newline="")))
        assert taken.value.suggested_filename == f"{NAME}-2.csv" and len(rows) > 20


@pytest.mark.parametrize(("lang", "theme"), [("vi", "light"), ("en", "dark")])
@pytest.mark.parametrize("scripts", ["on", "blocked"])
def test_every_page_breaks_no_rule(browsing, shared, lang, theme, scripts) -> None:
    with browsing.visit(size="1920", lang=lang, theme=theme, scripts=scripts) as page:
        for number, path in enumerate(PAGES):
            page.goto(shared + path)
            assert page.locator("html").get_attribute("lang") == lang and page.locator("h1").count() == 1, path
            breaks_nothing(page, path, by_turns(number + (lang == "en"), scripts))


def test_a_cold_dataset_page_is_light(browsing, shared) -> None:
    with browsing.page() as page:
        taken: list[float] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))
        page.goto(f"{shared}/dataset/{NAME}")
        page.wait_for_load_state("networkidle")
        assert 10_000 < sum(taken) <= MOST_BYTES


def test_an_official_at_the_front_door_is_led_inside(browsing, site, shared) -> None:
    with browsing.page(state=site.state) as page:
        page.goto(shared + "/")
        expect(page).to_have_url(f"{shared}/console")
        page.goto(shared + "/open-data")
        expect(page.get_by_role("link", name="Trường học", exact=True)).to_be_visible()

"""A map of a dataset's rows on a tap: fetched only then, readable, with the row behind each point."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.db.installation import opened
from nhip.portal.service import propose, publish
from nhip.testing.browser import axe, ready, sideways
from tests.e2e.pages import vi
from tests.portal.conftest import STOP_ROWS, STOPS, WORDS, deliver
from tests.portal.test_pages import AREA_ROWS, AREAS

pytestmark = pytest.mark.e2e
NAME = "tram-xe-buyt"


@pytest.fixture(scope="module")
def stops(site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The bus stops are open; gives the address of their page."""
    folder: Path = tmp_path_factory.mktemp("stops")

    async def work() -> None:
        async with opened(site.settings, pool_size=2) as installation:
            async with installation.db.tx() as tx:
                await put_agency(tx, "000.00.77.H57", "Sở Xây dựng", "Department of Construction")
                dataset = await put_dataset(tx, NAME, "000.00.77.H57", "Trạm xe buýt", theme="giao-thong")
                await put_contract(tx, dataset, STOPS, who="test")
            await deliver(installation, NAME, STOP_ROWS, folder)
            await propose(installation, dataset, treatment={}, **WORDS)
            await publish(installation, dataset)
            async with installation.db.tx() as tx:
                parks = await put_dataset(tx, "cong-vien", "000.00.77.H57", "Công viên", theme="moi-truong")
                await put_contract(tx, parks, AREAS, who="test")
            await deliver(installation, "cong-vien", AREA_ROWS, folder)
            await propose(installation, parks, treatment={}, **WORDS)
            await publish(installation, parks)

    asyncio.run(work())
    return f"{site.url}/dataset/{NAME}"


@pytest.mark.parametrize(("size", "lang"), [("360", "vi"), ("1280", "en")])
def test_a_tap_draws_the_rows(browsing, stops, size, lang) -> None:
    with browsing.page(size=size, lang=lang) as page:
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(stops)
        ready(page)
        assert not [address for address in asked if "leaflet" in address or "/rows" in address]
        page.get_by_role("button", name=vi("Show on a map") if lang == "vi" else "Show on a map").click()
        box = page.locator(".map[data-drawn='3']")
        expect(box).to_be_visible()
        expect(box).to_contain_text("Hoàng Sa" if lang == "vi" else "Paracel")
        assert axe(page) == [] and sideways(page) == 0 and said == []


_NORTHERNMOST = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);  // what came is drawn with the next
    const canvas = document.querySelector('.map canvas'), frame = canvas.getBoundingClientRect();
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const place = pixels.findIndex((value, number) => number % 4 === 3 && value > 100) >> 2;
    const scale = frame.width / canvas.width;
    return [frame.left + (place % canvas.width) * scale, frame.top + (Math.floor(place / canvas.width) + 3) * scale];
}"""


def test_a_point_tells_its_row(browsing, stops) -> None:
    with browsing.page(size="1280") as page:
        page.goto(stops)
        ready(page)
        page.get_by_role("button", name=vi("Show on a map")).click()
        box = page.locator(".map[data-drawn='3']")
        box.scroll_into_view_if_needed()
        page.mouse.click(*page.evaluate(_NORTHERNMOST))
        popup = page.locator(".leaflet-popup-content")
        expect(popup).to_contain_text("Chợ Đông Ba")
        expect(popup).to_contain_text("16.4726")


def test_without_scripts_the_sketch_stands(browsing, stops) -> None:
    with browsing.page(scripts="off") as page:
        page.goto(stops)
        expect(page.get_by_role("img", name=vi("Where the rows lie"))).to_be_visible()
        expect(page.get_by_role("button", name=vi("Show on a map"))).to_be_hidden()


def test_areas_are_drawn_as_they_are(browsing, stops) -> None:
    with browsing.page(size="360") as page:
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(stops.replace(NAME, "cong-vien"))
        ready(page)
        page.get_by_role("button", name=vi("Show on a map")).click()
        expect(page.locator(".map[data-drawn='2']")).to_be_visible()
        assert axe(page) == [] and sideways(page) == 0 and said == []

"""The live city: what is written moves on the map and in the table of a page that is open; who is told, with long words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.service import DEFAULT_TENANT
from nhip.graph_commands import Node, serving
from nhip.settings import Settings
from nhip.testing.browser import ready
from nhip.things.words import city_context
from tests.e2e.looks import breaks_nothing

pytestmark = pytest.mark.e2e
KIND = city_context().expand("Vehicle")
LONG = "x" * 90


def vehicle(number: int, longitude: float, speed: float) -> dict[str, Any]:
    at = "2026-11-22T03:00:00Z"
    return {
        "id": f"urn:ngsi-ld:Vehicle:{number}", "type": KIND,
        city_context().expand("name"): {"type": "Property", "value": f"Xe {number}"},
        city_context().expand("speed"): {"type": "Property", "value": speed, "unitCode": "KMH", "observedAt": at},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [longitude, 16.46]}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def graph(site) -> Iterator[httpx.Client]:
    """The graph's interface, with the session of who looks at the pages."""
    with site.client() as client:
        client.headers["Accept"] = "application/json"
        yield client


def test_what_is_written_moves_on_a_page_that_is_open(browsing, site, graph) -> None:
    post = "/ngsi-ld/v1/entityOperations/upsert"
    assert graph.post(post, json=[vehicle(1, 107.58, 11), vehicle(2, 107.60, 22)]).status_code == 201
    with browsing.page(size="1280", state=site.state) as page:
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(f"{site.url}/console/things/list?type={KIND}")
        ready(page)
        expect(page.locator(".map[data-drawn='2']")).to_be_visible()
        expect(page.get_by_role("table")).to_contain_text("22 km/h")
        assert graph.post(post, json=[vehicle(2, 107.598, 33), vehicle(3, 107.585, 44)]).status_code == 201
        expect(page.locator(".map[data-drawn='3']")).to_be_visible()
        expect(page.get_by_role("table")).to_contain_text("33 km/h")
        page.locator(".map").scroll_into_view_if_needed()
        page.mouse.click(*page.evaluate(_EASTERNMOST))
        popup = page.locator(".leaflet-popup-content")
        expect(popup).to_contain_text("33 km/h")
        expect(popup.get_by_role("link", name="Xe 2")).to_have_attribute(
            "href", "/console/things/one?id=urn%3Angsi-ld%3AVehicle%3A2"
        )
        assert said == []


def test_what_another_process_writes_is_seen(browsing, site, graph) -> None:
    post = "/ngsi-ld/v1/entityOperations/upsert"
    assert graph.post(post, json=[camera(11)]).status_code in (201, 204)
    with browsing.page(size="1280", state=site.state) as page:
        page.goto(f"{site.url}/console/things/one?id=urn:ngsi-ld:Vehicle:7")
        ready(page)
        expect(page.get_by_role("table").first).to_contain_text("11 km/h")
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(lambda: asyncio.run(write_elsewhere(site.settings, camera(77)))).result()
        expect(page.get_by_role("table").first).to_contain_text("77 km/h", timeout=60_000)


def camera(speed: float) -> dict[str, Any]:
    """A thing of a type that no other test here counts."""
    return {**vehicle(7, 107.58, speed), "type": city_context().expand("Camera")}


async def write_elsewhere(settings: Settings, entity: dict[str, Any]) -> None:
    """As another process of the node does: this one serves no page."""
    async with serving(settings, Node("elsewhere", settings.database_url, "http://127.0.0.1:1")) as app:
        doc = expand_entity(entity, city_context())
        (outcome,) = await app.graph.write(DEFAULT_TENANT, [Operation(name="upsert-update", id=doc["id"], doc=doc)])
        assert outcome.error is None


_EASTERNMOST = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);  // what moved is drawn with the next
    const canvas = document.querySelector('.map canvas'), frame = canvas.getBoundingClientRect();
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let best = [0, 0];
    for (let at = 3; at < pixels.length; at += 4) {
        const x = ((at - 3) / 4) % canvas.width;
        if (pixels[at] > 100 && x > best[0]) best = [x, Math.floor((at - 3) / 4 / canvas.width)];
    }
    const scale = frame.width / canvas.width;
    return [frame.left + (best[0] - 3) * scale, frame.top + best[1] * scale];
}"""


def test_who_is_told_fits_its_window(browsing, site, graph) -> None:
    endpoint = {"uri": f"https://{LONG[:60]}.example/notify"}
    told = {
        "id": f"urn:ngsi-ld:Subscription:{LONG}",
        "type": "Subscription",
        "entities": [{"type": f"https://{LONG}.example/{LONG}"}],
    }
    source = {
        "id": f"urn:ngsi-ld:ContextSourceRegistration:{LONG}", "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": KIND}]}], "endpoint": endpoint["uri"], "mode": "inclusive",
    }  # fmt: skip
    bodies = (("subscriptions", {**told, "notification": {"endpoint": endpoint}}), ("csourceRegistrations", source))
    for where, body in bodies:
        assert graph.post(f"/ngsi-ld/v1/{where}", json=body).status_code == 201
    try:
        with browsing.page(size="1280", state=site.state) as page:
            page.goto(f"{site.url}/console/things/exchange")
            ready(page)
            breaks_nothing(page, "/console/things/exchange")
    finally:
        for where, body in bodies:
            assert graph.delete(f"/ngsi-ld/v1/{where}/{body['id']}").status_code == 204

"""The model city's portals, asked the way clients ask them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from nhip.modelcity.model import City, Dataset
from nhip.modelcity.portal import CHANNELS, Portals
from nhip.modelcity.sources import ACCOUNT


@pytest.fixture(scope="module")
def portals(city: City) -> Iterator[Portals]:
    with Portals(city) as running:
        yield running


def test_every_portal_has_its_datasets(portals: Portals, city: City) -> None:
    for channel in CHANNELS:
        expected = {d.spec.slug for d in city.datasets if d.spec.way.channel == channel}
        assert {offered.id for offered in portals.portals[channel].data} == expected


def test_every_place_in_the_settings_is_filled(portals: Portals, city: City) -> None:
    for dataset in city.datasets:
        assert "{" not in str(list(portals.settings_of(dataset).values()))


def test_ckan_lists_and_hands_out_the_files(portals: Portals, datasets: dict[str, Dataset]) -> None:
    url = str(portals.settings_of(datasets["thu-vien"])["url"])
    found = httpx.get(f"{url}/api/3/action/package_search", params={"rows": 100}, timeout=60).json()["result"]
    assert found["count"] == 4
    package = next(p for p in found["results"] if p["id"] == "thu-vien")
    path = datasets["thu-vien"].deliveries[-1].path
    assert path is not None
    assert httpx.get(package["resources"][0]["url"], timeout=60).content == path.read_bytes()


def test_danang_wants_its_account_and_pages(portals: Portals, datasets: dict[str, Dataset]) -> None:
    settings = portals.settings_of(datasets["thu-tuc"])
    number = base64.b64encode(str(settings["datasets"][0]).encode()).decode()
    url = f"{settings['url']}/api/dataset/{number}"
    refused = httpx.get(url, timeout=60)
    assert "html" in refused.headers["content-type"]
    page = httpx.get(url, params={"limit": 1000, "offset": 1000}, auth=ACCOUNT, timeout=60).json()
    assert len(page) == datasets["thu-tuc"].deliveries[-1].rows - 1000


def test_http_answers_conditionally(portals: Portals, datasets: dict[str, Dataset]) -> None:
    url = str(portals.settings_of(datasets["bai-do-xe"])["url"])
    first = httpx.get(url, timeout=60)
    assert httpx.get(url, headers={"If-None-Match": first.headers["etag"]}, timeout=60).status_code == 304

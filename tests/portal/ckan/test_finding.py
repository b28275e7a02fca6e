"""Finishing what is typed, looking for resources and keywords: as CKAN answers."""

from __future__ import annotations

from typing import Any

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset

Client = AsyncTestClient[Litestar]


async def _ask(client: Client, action: str, **asked: Any) -> Any:
    answer = await client.post(f"/api/3/action/{action}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def test_what_is_typed_is_finished(portal: Client, open_stops: Dataset) -> None:
    whole = {"name": "tram-xe-buyt", "title": "Trạm xe buýt", "match_field": "title", "match_displayed": "Trạm xe buýt"}
    for typed in ("tra", "trạm x", "TRAM XE BU"):
        assert await _ask(portal, "package_autocomplete", q=typed) == [whole], typed
    assert await _ask(portal, "package_autocomplete", q="zzz") == []
    (agency,) = await _ask(portal, "organization_autocomplete", q="xay dung")
    assert agency.keys() == {"id", "name", "title"} and agency["name"] == "000-00-10-h57"
    assert await _ask(portal, "organization_autocomplete", q="tài chính") == []
    assert [one["name"] for one in await _ask(portal, "group_autocomplete", q="giao")] == ["giao-thong"]
    assert await _ask(portal, "tag_autocomplete", query="buýt") == ["xe buýt"]
    assert await _ask(portal, "format_autocomplete", q="JSON") == ["json", "geojson"]
    found = await _ask(portal, "tag_search", query="xe")
    assert found["count"] == 1 and found["results"][0]["name"] == "xe buýt"
    assert [p["name"] for p in await _ask(portal, "group_package_show", id="giao-thong")] == ["tram-xe-buyt"]


async def test_resources_are_found(portal: Client, open_stops: Dataset) -> None:
    for query, count in (
        ("format:CSV", 1),
        ("format:json", 2),
        ("name:tram xe", 5),
        (["name:Trạm", "format:xlsx"], 1),
        ("url:export.parquet", 1),
        ("url:khong-co", 0),
        ("name:%", 0),
    ):
        assert (await _ask(portal, "resource_search", query=query))["count"] == count, query
    first = await _ask(portal, "resource_search", query="name:tram", order_by="format", limit=2, offset=1)
    assert first["count"] == 5 and [one["format"] for one in first["results"]] == ["GeoJSON", "JSON"]


async def test_what_cannot_be_asked_is_said(portal: Client, open_stops: Dataset) -> None:
    for action, asked, field in (
        ("package_autocomplete", {}, "q"),
        ("package_autocomplete", {"q": "***"}, "q"),
        ("resource_search", {}, "query"),
        ("resource_search", {"query": "hash:x"}, "query"),
        ("resource_search", {"query": {"name": "x"}}, "query"),
        ("resource_search", {"query": "name:x", "order_by": "drop table"}, "order_by"),
    ):
        answer = await portal.post(f"/api/3/action/{action}", json=asked)
        assert answer.status_code == 409 and field in answer.json()["error"], (action, asked)

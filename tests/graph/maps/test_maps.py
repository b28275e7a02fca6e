"""Entity maps: fixed when they are made, rid of what no longer fits, gone with their time, unknown to other tenants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.errors import BadRequestData, ResourceNotFound, TooManyResults
from nhip.graph.maps import service as maps
from nhip.graph.model import Operation
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.search import iter_matches, search
from nhip.graph.service import Graph
from nhip.graph.temporal.asking import TimesAsked, ask
from nhip.graph.temporal.service import query as query_times

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
QUERY = build(Asked(entities=[Selected(types="Bus")], q="speed>1", limit=2), CORE)


async def write(graph: Graph, tenant: int, *speeds: int) -> list[str]:
    docs: list[dict[str, Any]] = [
        {"id": f"urn:x:{n}", "type": [VOCAB + "Bus"], VOCAB + "speed": [{"type": "Property", "value": speed}]}
        for n, speed in enumerate(speeds)
    ]
    await graph.write(tenant, [Operation(name="upsert-replace", id=doc["id"], doc=doc) for doc in docs])
    return [doc["id"] for doc in docs]


async def test_a_map_fixes_what_a_query_finds(graph: Graph, tenant: int) -> None:
    await write(graph, tenant, 5, 0, 5, 5, 5)
    ids = [stored.id async for stored, _doc in iter_matches(graph, tenant, QUERY)]
    assert ids == [f"urn:x:{n}" for n in (0, 2, 3, 4)]
    made = await maps.create(graph, tenant, ids, timedelta(minutes=1))
    assert made.told()["entityMap"]["urn:x:0"] == ["@none"] and made.told()["type"] == "EntityMap"

    await write(graph, tenant, 5, 5, 5, 5, 5)  # 1 fits now, but the map was made before
    await graph.write(tenant, [Operation(name="delete", id="urn:x:2")])
    within = maps.within(QUERY, made.ids)
    first = await search(graph, tenant, within)
    last = await search(graph, tenant, msgspec.structs.replace(within, offset=2, count=True))
    assert (first.ids, first.more) == (["urn:x:0", "urn:x:3"], True)
    assert (last.ids, last.more, last.count) == (["urn:x:4"], False, 3)
    await maps.keep_only(graph, tenant, made, {"urn:x:0", "urn:x:3", "urn:x:4"})
    assert (await maps.get(graph, tenant, made.id)).ids == ["urn:x:0", "urn:x:3", "urn:x:4"]

    times = TimesAsked(timerel="after", time_at="2000-01-01T00:00:00Z", timeproperty="createdAt")
    asked = ask(times, maps.within(build(Asked(entities=[Selected(types="Bus")]), CORE), ["urn:x:3"]), required=True)
    assert [one["id"] for one in (await query_times(graph, tenant, asked, CORE)).found] == ["urn:x:3"]


async def test_a_map_ends(graph: Graph, tenant: int) -> None:
    made = await maps.create(graph, tenant, ["urn:x:1"], timedelta(minutes=1))
    await maps.set_expiry(graph, tenant, made.id, datetime(2099, 1, 1, tzinfo=UTC))
    assert (await maps.get(graph, tenant, made.id)).expires_at < datetime.now(UTC) + maps.LONGEST_LIFETIME
    assert await maps.find(graph, tenant + 1_000_000, made.id) is None
    await maps.set_expiry(graph, tenant, made.id, datetime(2000, 1, 1, tzinfo=UTC))
    for gone in (
        maps.get(graph, tenant, made.id),
        maps.delete(graph, tenant, made.id),
        maps.set_expiry(graph, tenant, made.id, datetime(2099, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(ResourceNotFound):
            await gone
    other = await maps.create(graph, tenant, [], timedelta(minutes=1))
    kept = await graph.fetch("select id from graph.entity_map where tenant = $1", tenant)
    assert [row[0] for row in kept] == [other.id], "what is over is swept when a new one comes"
    await maps.delete(graph, tenant, other.id)


def test_lifetimes() -> None:
    assert maps.lifetime(None) == maps.DEFAULT_LIFETIME
    assert maps.lifetime("PT1M") == timedelta(minutes=1)
    assert maps.lifetime("P3650D") == maps.lifetime("P10Y") == maps.LONGEST_LIFETIME
    with pytest.raises(BadRequestData):
        maps.lifetime("1hour")


async def test_only_so_much_is_kept_in_maps(graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MOST_BYTES", 100)
    first = await maps.create(graph, tenant, [f"urn:x:{n}" for n in range(20)], timedelta(minutes=1))
    with pytest.raises(TooManyResults):
        await maps.create(graph, tenant, [], timedelta(minutes=1))
    assert await maps.create(graph, await graph.tenant("maps-elsewhere", create=True), [], timedelta(minutes=1))
    await maps.delete(graph, tenant, first.id)
    assert await maps.create(graph, tenant, [], timedelta(minutes=1))

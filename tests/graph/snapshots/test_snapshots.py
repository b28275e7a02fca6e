"""Snapshots: copies that stay as they were, can be asked like the graph, and go without a trace."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.document.pack import unpack
from nhip.graph.document.times import said
from nhip.graph.errors import BadRequestData, NonexistentTenant, ResourceNotFound, TooManyResults
from nhip.graph.model import Operation
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.model import Query
from nhip.graph.query.search import search
from nhip.graph.service import Graph
from nhip.graph.snapshots import service as snapshots
from nhip.kernel.time import held, now

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
FAST = build(Asked(entities=[Selected(types="Bus")], q="speed>50"), CORE)
ALL = Query(local=True, limit=100)


async def write(graph: Graph, tenant: int, **speeds: int) -> None:
    docs: list[dict[str, Any]] = [
        {"id": f"urn:x:{name}", "type": [VOCAB + "Bus"], VOCAB + "speed": [{"type": "Property", "value": speed}]}
        for name, speed in speeds.items()
    ]
    await graph.write(tenant, [Operation(name="upsert-replace", id=doc["id"], doc=doc) for doc in docs])


async def make(graph: Graph, tenant: int, query: Query = FAST, **given: Any) -> str:
    made = await snapshots.create(graph, tenant, {"snapshotQueries": [{"type": "Query"}], **given})
    assert made["snapshotStatus"] == "preparing"
    await snapshots.fill(graph, tenant, made["id"], [lambda: snapshots.local(graph, tenant, query)])
    return str(made["id"])


async def test_a_snapshot_stays_as_it_was(graph: Graph, tenant: int) -> None:
    await write(graph, tenant, fast=80, slow=30)
    live = await graph.get(tenant, "urn:x:fast")
    id = await make(graph, tenant)
    told = await snapshots.get(graph, tenant, id)
    assert (told["snapshotStatus"], told["snapshotPriority"]) == ("success", 5)
    assert told["snapshotQueriesDetails"] == [{"resultStatus": "success"}]

    await write(graph, tenant, fast=10)
    place = await snapshots.use(graph, tenant, id)
    found = await search(graph, place, ALL)
    assert found.ids == ["urn:x:fast"] and live is not None
    frozen = found.stored[0]
    assert unpack(frozen.doc, frozen.sys) == unpack(live.doc, live.sys), "with the times it had"
    assert (await snapshots.get(graph, tenant, id))["lastUsedAt"] > told["lastUsedAt"]
    with pytest.raises(ResourceNotFound):
        await snapshots.use(graph, tenant + 1_000_000, id)


async def test_a_clone_outlives_its_original_and_nothing_is_left_of_what_is_deleted(graph: Graph, tenant: int) -> None:
    await write(graph, tenant, fast=80)
    id = await make(graph, tenant)
    clone = await snapshots.create(graph, tenant, {"snapshotQueries": [], "snapshotPriority": 9})
    await snapshots.fill(graph, tenant, clone["id"], [await snapshots.copies(graph, tenant, id)])
    place = await snapshots.use(graph, tenant, id)
    await snapshots.change(graph, tenant, id, {"snapshotPriority": 2})
    with pytest.raises(BadRequestData):
        await snapshots.purge(graph, tenant, "speed>50")
    assert await snapshots.purge(graph, tenant, "snapshotPriority<5") == 1
    with pytest.raises(ResourceNotFound):
        await snapshots.get(graph, tenant, id)
    for table in ("entity", "entity_type", "entity_scope", "entity_geo", "attr_ref", "attr_num", "attr_txt"):
        rows = await graph.fetch(f"select count(*) from graph.{table} where tenant = $1", place)
        assert rows[0][0] == 0, table
    kept = await search(graph, await snapshots.use(graph, tenant, clone["id"]), ALL)
    assert kept.ids == ["urn:x:fast"]
    await snapshots.delete(graph, tenant, clone["id"])
    with pytest.raises(ResourceNotFound):
        await snapshots.delete(graph, tenant, clone["id"])
    with pytest.raises(NonexistentTenant):
        await graph.tenant("snapshot")


async def test_how_the_queries_of_a_snapshot_went(graph: Graph, tenant: int) -> None:
    await write(graph, tenant, fast=80)
    void = build(Asked(entities=[Selected(types="Void")]), CORE)

    async def broken() -> snapshots.Batches:
        raise TooManyResults(what="9")
        yield []

    sources = {
        "success": lambda: snapshots.local(graph, tenant, FAST),
        "empty": lambda: snapshots.local(graph, tenant, void),
        "failure": broken,
    }
    for asked, status in (
        (["success", "success"], "success"),
        (["success", "empty"], "partial"),
        (["failure", "success"], "partial"),
        (["empty"], "empty"),
        (["empty", "failure"], "failure"),
        (["failure"], "failure"),
    ):
        made = await snapshots.create(graph, tenant, {"snapshotQueries": [{"type": "Query"}]})
        await snapshots.fill(graph, tenant, made["id"], [sources[one] for one in asked])  # type: ignore[misc]
        told = await snapshots.get(graph, tenant, made["id"])
        details = told["snapshotQueriesDetails"]
        assert (told["snapshotStatus"], [one["resultStatus"] for one in details]) == (status, asked)
        assert [one["problemDetails"]["status"] for one in details if "problemDetails" in one] == [403] * asked.count(
            "failure"
        )


async def test_a_snapshot_lives_as_long_as_it_is_told(graph: Graph, tenant: int) -> None:
    with held(now()):
        at = now()
        ends = [
            (await snapshots.create(graph, tenant, {"snapshotQueries": [], **more}))["expiresAt"]
            for more in ({"snapshotLifetime": "PT1H"}, {}, {"snapshotLifetime": "P9Y"})
        ]
    assert ends == [said(at + span) for span in (timedelta(hours=1), snapshots.LIFETIME, snapshots.LONGEST)]
    id = await make(graph, tenant, ALL)
    changed = await snapshots.change(graph, tenant, id, {"snapshotLifetime": "PT5M"})
    assert changed["expiresAt"] < said(now() + timedelta(minutes=6))
    with pytest.raises(ResourceNotFound):
        await snapshots.purge(graph, tenant, "snapshotPriority>9")


async def test_a_snapshot_ends(graph: Graph, tenant: int) -> None:
    made = await snapshots.create(graph, tenant, {"snapshotQueries": [], "expiresAt": "2020-01-01T00:00:00Z"})
    with pytest.raises(ResourceNotFound):
        await snapshots.get(graph, tenant, made["id"])


async def test_what_happens_to_a_snapshot_at_the_same_time_is_all_kept(graph: Graph, tenant: int) -> None:
    """Neither does who asks it undo a change of its end, nor leave it in preparation for ever; one id is given once."""
    await write(graph, tenant, fast=80)
    made = await snapshots.create(graph, tenant, {"snapshotQueries": [{"type": "Query"}]})
    id, ends = made["id"], "2099-01-01T00:00:00Z"
    await asyncio.gather(
        snapshots.fill(graph, tenant, id, [lambda: snapshots.local(graph, tenant, FAST)]),
        *(snapshots.use(graph, tenant, id) for _ in range(12)),
        snapshots.change(graph, tenant, id, {"expiresAt": ends}),
        snapshots.change(graph, tenant, id, {"snapshotPriority": 9}),
        *(snapshots.use(graph, tenant, id) for _ in range(12)),
    )
    told = await snapshots.get(graph, tenant, id)
    assert (told["snapshotStatus"], told.get("expiresAt"), told["snapshotPriority"]) == ("success", ends, 9)

    same = {"id": "urn:x:snapshot:same", "snapshotQueries": [{"type": "Query"}]}
    tried = await asyncio.gather(*(snapshots.create(graph, tenant, same) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in tried) == ["AlreadyExists"] * 5 + ["dict"]
    await snapshots.delete(graph, tenant, id)
    await snapshots.fill(graph, tenant, "urn:x:snapshot:same", [lambda: snapshots.local(graph, tenant, FAST)])

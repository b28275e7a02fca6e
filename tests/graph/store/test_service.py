"""The graph writes what it is told, durable and together, and gives it back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nhip.graph.document.pack import unpack
from nhip.graph.errors import AlreadyExists, NonexistentTenant, ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.graph.writer import Commit

SPEED = "https://example.org/speed"
PLACE = "https://uri.etsi.org/ngsi-ld/location"
OWNER = "https://example.org/owner"
BUS = "https://example.org/Bus"


def bus(n: int, speed: float = 30, **more: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Bus:{n}",
        "type": [BUS],
        SPEED: [{"type": "Property", "value": speed, "observedAt": "2026-11-22T00:00:00Z"}],
        PLACE: [{"type": "GeoProperty", "value": {"type": "Point", "coordinates": [107.5, 16.4]}}],
        OWNER: [{"type": "Relationship", "object": "urn:ngsi-ld:Firm:1"}],
        **more,
    }


def create(doc: dict[str, Any]) -> Operation:
    return Operation(name="create", id=doc["id"], doc=doc)


async def test_an_entity_comes_back_as_it_was_made(graph: Graph, tenant: int) -> None:
    heard: list[Commit] = []
    graph.commits.append(heard.append)
    outcome = (await graph.write(tenant, [create(bus(1))]))[0]
    graph.commits.remove(heard.append)
    assert outcome.created
    stored = await graph.get(tenant, "urn:ngsi-ld:Bus:1")
    assert stored is not None
    assert unpack(stored.doc) == bus(1)
    full = unpack(stored.doc, stored.sys)
    assert full == outcome.after
    assert full["createdAt"] == full["modifiedAt"] == full[SPEED][0]["createdAt"]


async def test_what_exists_is_not_created_again(graph: Graph, tenant: int) -> None:
    await graph.write(tenant, [create(bus(1))])
    again = await graph.write(tenant, [create(bus(1, speed=99)), create(bus(2))])
    assert isinstance(again[0].error, AlreadyExists)
    assert again[1].created
    stored = await graph.get(tenant, "urn:ngsi-ld:Bus:1")
    assert stored is not None and unpack(stored.doc)[SPEED][0]["value"] == 30


async def test_operations_of_one_request_build_on_each_other(graph: Graph, tenant: int) -> None:
    id = "urn:ngsi-ld:Bus:1"
    outcomes = await graph.write(
        tenant,
        [
            create(bus(1)),
            Operation(name="update", id=id, doc={SPEED: [{"type": "Property", "value": 31}]}),
            Operation(name="delete", id=id),
            Operation(name="delete", id=id),
            create(bus(1, speed=32)),
        ],
    )
    assert [o.error is None for o in outcomes] == [True, True, True, False, True]
    assert isinstance(outcomes[3].error, ResourceNotFound)
    stored = await graph.get(tenant, id)
    assert stored is not None and unpack(stored.doc)[SPEED][0]["value"] == 32
    lives = await graph.fetch("select eno from graph.past where tenant = $1 and id = $2", tenant, id)
    rows = await graph.fetch(
        "select num from graph.attr_inst where eno = $1 and num is not null order by iid", lives[0][0]
    )
    assert [row[0] for row in rows] == [30, 31]


async def test_many_writers_at_once_each_get_their_own_answer(graph: Graph, tenant: int) -> None:
    done = await asyncio.gather(*(graph.write(tenant, [create(bus(n % 40))]) for n in range(80)))
    assert sum(outcomes[0].created for outcomes in done) == 40
    found = await asyncio.gather(*(graph.get(tenant, f"urn:ngsi-ld:Bus:{n}") for n in range(41)))
    assert [stored is not None for stored in found] == [True] * 40 + [False]


async def test_the_narrow_tables_follow_the_entity(graph: Graph, tenant: int) -> None:
    async def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
        found = await graph.fetch(f"select {columns} from graph.{table} where tenant = $1 order by 1", tenant)
        return [tuple(row) for row in found]

    id = "urn:ngsi-ld:Bus:1"
    await graph.write(tenant, [create(bus(1, scope=["/hue/bus"]))])
    assert await rows("entity_type", "type, id") == [(await graph.iri(BUS), id)]
    assert await rows("entity_scope", "scope, id") == [("/hue/bus", id)]
    assert await rows("attr_ref", "target") == [("urn:ngsi-ld:Firm:1",)]
    assert await rows("entity_geo", "shape::text") == [("(107.5,16.4),(107.5,16.4)",)]
    moved = {PLACE: [{"type": "GeoProperty", "value": {"type": "LineString", "coordinates": [[107, 16], [108, 17]]}}]}
    linked = {OWNER: [{"type": "Relationship", "object": ["urn:ngsi-ld:Firm:2", "urn:ngsi-ld:Firm:3"]}]}
    await graph.write(
        tenant, [Operation(name="append", id=id, doc={**moved, **linked, "type": ["https://example.org/Van"]})]
    )
    assert len(await rows("entity_type", "type")) == 2
    assert await rows("attr_ref", "target") == [("urn:ngsi-ld:Firm:2",), ("urn:ngsi-ld:Firm:3",)]
    assert await rows("entity_geo", "shape::text") == [("(108,17),(107,16)",)]
    await graph.write(tenant, [Operation(name="delete", id=id)])
    for table in ("entity", "entity_type", "entity_scope", "attr_ref", "entity_geo"):
        assert await rows(table, "1") == []
    counts = await graph.fetch(
        "select sum(entities) from graph.shape_count join graph.shape on id = shape where tenant = $1", tenant
    )
    assert counts[0][0] == 0


async def test_listeners_are_told_after_the_commit(graph: Graph, tenant: int) -> None:
    heard: list[Commit] = []
    graph.commits.append(heard.append)
    await graph.write(tenant, [create(bus(1))])
    graph.commits.remove(heard.append)
    assert [(c.tenant, c.outcomes[0].created) for c in heard if c.tenant == tenant] == [(tenant, True)]


async def test_what_cannot_be_stored_fails_alone(graph: Graph, tenant: int) -> None:
    bad = {**bus(1), "id": "urn:x:\0"}
    results = await asyncio.gather(
        graph.write(tenant, [create(bad)]), graph.write(tenant, [create(bus(2))]), return_exceptions=True
    )
    assert isinstance(results[0], Exception)
    assert not isinstance(results[1], BaseException) and results[1][0].created


async def test_an_unknown_tenant_is_refused(graph: Graph) -> None:
    with pytest.raises(NonexistentTenant):
        await graph.tenant("nobody")

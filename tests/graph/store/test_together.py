"""Writing together gives what writing one by one gives; processes do not lose each other's changes; too much is refused whole."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.document.pack import unpack
from nhip.graph.errors import Busy
from nhip.graph.model import Operation
from nhip.graph.rows import boxes, targets
from nhip.graph.service import Graph
from tests.graph.store.strategies import IDS, operation

_tenants = itertools.count()
NS = "https://example.org/"


async def _state(graph: Graph, tenant: int) -> dict[str, Any]:
    """Documents, what the narrow tables hold, and the values of the history in their order."""
    docs = {one.id: unpack(one.doc) for one in await graph.get_many(tenant, list(IDS))}
    names = await graph.codes.names(graph.codes.iris.values())
    types = await graph.fetch("select id, type from graph.entity_type where tenant = $1", tenant)
    scopes = await graph.fetch("select id, scope from graph.entity_scope where tenant = $1", tenant)
    links = await graph.fetch("select id, attr, target from graph.attr_ref where tenant = $1", tenant)
    places = await graph.fetch("select id, attr, n from graph.entity_geo where tenant = $1", tenant)
    past = await graph.fetch("select id, count(*) from graph.past where tenant = $1 group by id", tenant)
    counted = "select sum(entities) from graph.shape_count c join graph.shape s on s.id = c.shape where s.tenant = $1"
    return {
        "docs": docs,
        "types": {(id, names[code]) for id, code in types},
        "scopes": {tuple(row) for row in scopes},
        "links": {(id, names[code], target) for id, code, target in links},
        "places": {(id, names[code], n) for id, code, n in places},
        "past": {tuple(row) for row in past},
        "count": int((await graph.fetch(counted, tenant))[0][0] or 0),
    }


def _expected(docs: dict[str, Any]) -> dict[str, Any]:
    """What the narrow tables must hold for documents."""
    pairs = [(id, name, doc[name]) for id, doc in docs.items() for name in doc if ":" in name]
    return {
        "types": {(id, kind) for id, doc in docs.items() for kind in doc["type"]},
        "scopes": {(id, scope) for id, doc in docs.items() for scope in doc.get("scope", ())},
        "links": {(id, name, target) for id, name, instances in pairs for target in targets(instances)},
        "places": {(id, name, n) for id, name, instances in pairs for n in boxes(instances)},
        "count": len(docs),
    }


@given(st.lists(operation(), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_group_gives_what_its_requests_give_one_by_one(graph: Graph, operations: list[Operation]) -> None:
    together = await graph.tenant(f"together{next(_tenants)}", create=True)
    apart = await graph.tenant(f"apart{next(_tenants)}", create=True)
    told = await asyncio.gather(*(graph.write(together, [op]) for op in operations))
    alone = [await graph.write(apart, [op]) for op in operations]
    for one, other in zip(told, alone, strict=True):
        assert type(one[0].error) is type(other[0].error)
        assert (one[0].created, one[0].deleted, one[0].changes) == (
            other[0].created,
            other[0].deleted,
            other[0].changes,
        )
    first, second = await _state(graph, together), await _state(graph, apart)
    assert first == second
    assert {name: first[name] for name in _expected({})} == _expected(first["docs"])


async def test_two_processes_do_not_lose_each_others_changes(graph: Graph, graph_url: str, tenant: int) -> None:
    other = Graph(graph_url)
    await other.open()
    doc = {"id": "urn:x:1", "type": [NS + "T"]}
    await graph.write(tenant, [Operation(name="create", id="urn:x:1", doc=doc)])

    async def add(process: Graph, n: int) -> None:
        change = {f"{NS}a{n}": [{"type": "Property", "value": n}]}
        outcomes = await process.write(tenant, [Operation(name="append", id="urn:x:1", doc=change)])
        assert outcomes[0].error is None

    await asyncio.gather(*(add((graph, other)[n % 2], n) for n in range(60)))
    made = await asyncio.gather(
        *(
            one.write(tenant, [Operation(name="create", id="urn:x:2", doc={**doc, "id": "urn:x:2"})])
            for one in (graph, other)
        )
    )
    await other.close()
    stored = await graph.get(tenant, "urn:x:1")
    assert stored is not None
    assert {key for key in unpack(stored.doc) if ":" in key} == {f"{NS}a{n}" for n in range(60)}
    assert sorted(outcomes[0].created for outcomes in made) == [False, True]


async def test_rows_that_nobody_took_away_do_not_keep_an_entity_out(graph: Graph, tenant: int) -> None:
    point = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [107.5, 16.4]}}
    link = {"type": "Relationship", "object": "urn:x:2"}
    doc = {"id": "urn:x:1", "type": [NS + "T"], NS + "place": [point], NS + "link": [link]}
    await graph.write(tenant, [Operation(name="create", id="urn:x:1", doc=doc)])
    before = await _state(graph, tenant)
    await graph.fetch("delete from graph.entity where tenant = $1 returning 1", tenant)  # the narrow rows stay
    outcomes = await graph.write(tenant, [Operation(name="create", id="urn:x:1", doc=doc)])
    assert (outcomes[0].error, outcomes[0].created) == (None, True)
    after = await _state(graph, tenant)
    assert {**before, "count": 2} == after  # as it was deleted behind the counters' back


async def test_names_that_another_process_gave_can_be_deleted(graph: Graph, graph_url: str, tenant: int) -> None:
    other = Graph(graph_url)
    await other.open()
    kind, place, scale = (f"{NS}{name}-of-{tenant}" for name in ("kind", "place", "scale"))
    point = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [107.5, 16.4]}}
    doc = {"id": "urn:x:1", "type": [kind], place: [point], scale: [{"type": "Property", "value": 1}]}
    await graph.write(tenant, [Operation(name="create", id="urn:x:1", doc=doc)])
    assert kind not in other.codes.iris and place not in other.codes.iris
    outcomes = await other.write(tenant, [Operation(name="delete", id="urn:x:1")])
    await other.close()
    assert outcomes[0].error is None
    assert await graph.get(tenant, "urn:x:1") is None
    assert (await _state(graph, tenant))["places"] == set()


async def test_what_is_made_and_deleted_at_once_leaves_its_history(graph: Graph, tenant: int) -> None:
    doc = {"id": "urn:x:1", "type": [f"{NS}brief-{tenant}"]}
    steps = [Operation(name="create", id="urn:x:1", doc=doc), Operation(name="delete", id="urn:x:1")]
    outcomes = await graph.write(tenant, steps)
    assert [one.error for one in outcomes] == [None, None]
    assert (await _state(graph, tenant))["past"] == {("urn:x:1", 1)}


async def test_too_much_is_refused_whole_and_at_once(graph_url: str) -> None:
    small = Graph(graph_url, most_waiting=5)
    await small.open()
    tenant = await small.tenant("small", create=True)

    def create(n: int) -> Operation:
        return Operation(name="create", id=f"urn:x:{n}", doc={"id": f"urn:x:{n}", "type": [NS + "T"]})

    results = await asyncio.gather(*(small.write(tenant, [create(n)]) for n in range(20)), return_exceptions=True)
    refused = [n for n, one in enumerate(results) if isinstance(one, Busy)]
    assert refused
    there = {one.id for one in await small.get_many(tenant, [f"urn:x:{n}" for n in range(20)])}
    assert there == {f"urn:x:{n}" for n in range(20) if n not in refused}
    await small.close()


@pytest.mark.parametrize("text", ["", "\x01", "\x01\x02", "a\x01b", "é\x06", '"\\'])
async def test_any_text_can_be_a_value(graph: Graph, tenant: int, text: str) -> None:
    attr = NS + "text"
    await graph.codes.need([attr])
    await graph.fetch("insert into graph.indexed values ($1, $2, true)", tenant, graph.codes.iris[attr])
    doc = {"id": "urn:x:1", "type": [NS + "T"], attr: [{"type": "Property", "value": text}], "scope": ["/a"]}
    assert (await graph.write(tenant, [Operation(name="create", id="urn:x:1", doc=doc)]))[0].created
    stored = await graph.get(tenant, "urn:x:1")
    assert stored is not None and unpack(stored.doc) == doc
    assert [row[0] for row in await graph.fetch("select val from graph.attr_txt where tenant = $1", tenant)] == [text]

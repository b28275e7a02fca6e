"""A table of values that is filled in while others write holds in the end exactly what rests, whoever ended in the middle."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import orjson
import psycopg
import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Operation
from nhip.graph.query import candidates, few, indexing
from nhip.graph.query.build import Asked, build
from nhip.graph.query.finds import queries
from nhip.graph.query.search import search
from nhip.graph.query.values import Index, rows_of
from nhip.graph.service import Graph
from tests.graph.query.test_search import iri, thing

OPEN = Index((iri("open"),), marks=True)
ENTITIES = 80


def _gate(n: int, opened: Any) -> Operation:
    doc = thing(n, "Gate", open=opened)
    return Operation(name="upsert-replace", id=doc["id"], doc=doc)


async def _gates(graph: Graph, tenant: int, chance: random.Random) -> None:
    await graph.write(tenant, [_gate(n, chance.random() < 0.5) for n in range(ENTITIES)])


async def _write_on(graph: Graph, tenant: int, chance: random.Random, ended: asyncio.Event) -> None:
    while not ended.is_set():
        n = chance.randrange(ENTITIES)
        doc = {iri("open"): [{"type": "Property", "value": chance.random() < 0.5}]}
        one = Operation(name="update", id=thing(n, "Gate")["id"], doc=doc)
        some = [one, Operation(name="delete", id=thing(n - 1, "Gate")["id"]), _gate(n + 1, chance.choice([True, "no"]))]
        outcomes = await graph.write(tenant, chance.sample(some, 2))
        assert all(one.error is None or one.error.status == 404 for one in outcomes)


async def _is_of_what_rests(graph: Graph, tenant: int) -> None:
    code = graph.codes.iris[OPEN.text]
    expected = {
        (*row, id)
        for id, doc in await graph.fetch("select id, doc from graph.entity where tenant = $1", tenant)
        for row in rows_of(OPEN, code, orjson.loads(doc).get(iri("open"), []))[1]
    }
    there = await graph.fetch(
        "select attr, val, id from graph.attr_txt where tenant = $1 and abs(attr) = $2", tenant, code
    )
    assert {tuple(row) for row in there} == expected


@pytest.mark.parametrize("seed", range(2))
async def test_rows_are_exact_with_writers_between(
    graph: Graph, other: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, ended = random.Random(seed), asyncio.Event()
    monkeypatch.setattr(indexing, "_BATCH", 7)
    await _gates(graph, tenant, chance)
    writers = [asyncio.create_task(_write_on(of, tenant, chance, ended)) for of in (graph, other, graph, other)]
    assert await indexing.index(graph, tenant, OPEN)
    ended.set()
    await asyncio.gather(*writers)
    await _is_of_what_rests(graph, tenant)
    for of in (graph, other):
        await of.write(tenant, [_gate(0, True)])
        assert tenant not in of.codes.filling, "who writes need not lock first any more"


_GATE = 4712
_HOLD_UP = f"""
    create function graph.hold_rows() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared({_GATE}); return new; end $$;
    create trigger hold_rows before insert on graph.attr_txt for each row when (new.id like '%:held')
      execute function graph.hold_rows()
"""
_WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def test_a_change_while_its_rows_are_made_leaves_none_behind(
    graph: Graph, graph_url: str, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change has to take away a row that was written after it began."""
    monkeypatch.setattr(indexing, "_BATCH", 1)
    held = Operation(name="create", id="urn:x:Gate:held", doc=thing(0, "Gate", open=True) | {"id": "urn:x:Gate:held"})
    await graph.write(tenant, [_gate(0, True), held])
    async with await psycopg.AsyncConnection.connect(graph_url, autocommit=True) as gate:

        async def waiting(many: int) -> None:
            async with asyncio.timeout(30):
                while (await (await gate.execute(_WAITING)).fetchone()) != (many,):
                    await asyncio.sleep(0.01)

        await gate.execute(_HOLD_UP)
        await gate.execute("select pg_advisory_lock(%s)", [_GATE])
        filling = asyncio.create_task(indexing.index(graph, tenant, OPEN))
        await waiting(1)
        await graph.write(tenant, [_gate(1, True)])  # now this process knows of the table
        shut = {iri("open"): [{"type": "Property", "value": False}]}
        writing = asyncio.create_task(graph.write(tenant, [Operation(name="update", id=held.id, doc=shut)]))
        await waiting(2)
        await gate.execute("select pg_advisory_unlock(%s)", [_GATE])
        assert (await writing)[0].error is None
        assert await filling
        await gate.execute("drop trigger hold_rows on graph.attr_txt; drop function graph.hold_rows()")
    await _is_of_what_rests(graph, tenant)


async def test_another_goes_on_where_one_ended(
    graph: Graph, other: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kill -9 of the process that fills in."""
    chance = random.Random(4)
    monkeypatch.setattr(indexing, "_BATCH", 7)
    await _gates(graph, tenant, chance)
    filling = asyncio.create_task(indexing.index(graph, tenant, OPEN))
    some = "select count(*) from graph.attr_txt where tenant = $1"
    while not (await other.fetch(some, tenant))[0][0]:
        await asyncio.sleep(0)
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)
    assert not await indexing.index(other, tenant, OPEN), "for a minute it could be a process that is slow"
    await graph.write(tenant, [_gate(n, n % 2 == 0) for n in range(0, ENTITIES, 3)])
    await other.fetch("update graph.indexed set asked_at = now() - interval '61 seconds' where tenant = $1", tenant)
    first = (await graph.fetch(queries.list_docs, tenant, [thing(1, "Gate")["id"]]))[0]
    row = [graph.codes.iris[OPEN.text]], ["wrong"], [first[0]]
    late = tenant, graph.codes.iris[OPEN.text], 1, [first[0]], [first[1]], [first[2]], [], [], [], *row
    assert await graph.fetch(queries.fill_index, *late) == [], "who was away for so long writes nothing more"
    assert await indexing.index(other, tenant, OPEN)
    assert await graph.fetch(queries.fill_index, *late) == []
    await _is_of_what_rests(graph, tenant)


async def test_slow_questions_of_each_kind_get_tables(
    graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "SLOW", 20)
    monkeypatch.setattr(few, "FEW", 20)
    monkeypatch.setattr(candidates, "MAX_SCANNED", 70)
    docs = [thing(n, "Gate", open=n == 79, until=f"202{6 + n // 79}-01-{n % 28 + 1:02}") for n in range(80)]
    for n, doc in enumerate(docs):
        accuracy, unit = [{"type": "Property", "value": n // 79}], {"unitCode": "MTR"} if n == 79 else {}
        doc[iri("level")] = [{"type": "Property", "value": 1, iri("accuracy"): accuracy, **unit}]
    docs[79][iri("address")] = [{"type": "Property", "value": {"city": "Huế"}}]
    await graph.write(tenant, [Operation(name="create", id=doc["id"], doc=doc) for doc in docs])
    for n, q in enumerate(
        (
            "open==true",
            "open!=false",
            "until>2026-12-31",
            "level.accuracy>0",
            'level.unitCode=="MTR"',
            'address[city]~="^Hu"',
        )
    ):
        query = build(Asked(q=q, local=True, count=True), CORE)
        with_tables = len(await graph.fetch("select 1 from graph.indexed where tenant = $1 and ready", tenant))
        try:
            assert (await search(graph, tenant, query)).count == 1
        except candidates.TooManyResults:
            assert n < 5, "few have an address"
        await indexing.settled(graph)
        candidates._ready.clear()
        found = await search(graph, tenant, query)
        assert (found.ids, found.count) == ([docs[79]["id"]], 1), q
        ready = len(await graph.fetch("select 1 from graph.indexed where tenant = $1 and ready", tenant))
        assert ready == with_tables + (n not in {1, 5}), q


async def test_a_tenant_has_so_many_tables(graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "MOST_INDEXED", 2)
    await graph.write(tenant, [_gate(0, True)])
    q = build(
        Asked(local=True, q=";".join(f'open[{key}]=="{key}"' for key in ("a", "b", "c", "x" * 3000, "d"))), CORE
    ).q
    indexing.ask(graph, tenant, q, {})
    await indexing.settled(graph)
    assert len(await graph.fetch("select 1 from graph.indexed where tenant = $1", tenant)) == 2

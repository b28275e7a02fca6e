"""Rows of values are complete even where a writer and the one who fills them in come between each other."""

from __future__ import annotations

import asyncio

import asyncpg
import psycopg
import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Operation
from nhip.graph.query import indexing
from nhip.graph.query.q import parse_q
from nhip.graph.query.values import Index
from nhip.graph.service import Graph
from tests.graph.query.test_search import iri, thing

_GATE = 4711
_HOLD_UP = f"""
    create function graph.hold_up() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared({_GATE}); return new; end $$;
    create trigger hold_up before insert on graph.entity for each row when (new.id like '%:held') execute function graph.hold_up()
"""
_HELD = "select count(*) from pg_locks where locktype = 'advisory' and objid = %s and not granted"


def creation(doc: dict[str, object]) -> Operation:
    return Operation(name="create", id=str(doc["id"]), doc=doc)


async def test_a_writer_that_cannot_know_yet_is_waited_for(graph: Graph, graph_url: str, tenant: int) -> None:
    """The writer has its snapshot, in which nobody asks for rows, but no number yet: that comes with the first row written."""
    await graph.write(tenant, [creation(thing(0, "Lamp", glow=1))])
    held = {**thing(1, "Lamp", glow=2), "id": "urn:x:Lamp:held"}
    async with await psycopg.AsyncConnection.connect(graph_url, autocommit=True) as gate:
        await gate.execute(_HOLD_UP)
        await gate.execute("select pg_advisory_lock(%s)", [_GATE])
        writing = asyncio.create_task(graph.write(tenant, [creation(held)]))
        async with asyncio.timeout(60):
            while (await (await gate.execute(_HELD, [_GATE])).fetchone()) != (1,):
                await asyncio.sleep(0.01)
        filling = asyncio.create_task(indexing.index(graph, tenant, Index((iri("glow"),))))
        await asyncio.wait({filling}, timeout=0.5)
        assert not filling.done(), "who fills them in waits for the writer"
        await gate.execute("select pg_advisory_unlock(%s)", [_GATE])
        assert (await writing)[0].error is None
        assert await filling
        await gate.execute("drop trigger hold_up on graph.entity; drop function graph.hold_up()")
    rows = await graph.fetch("select val, id from graph.attr_num where tenant = $1 order by val", tenant)
    assert [row[1] for row in rows] == [thing(0, "Lamp")["id"], held["id"]]


async def test_a_number_in_the_place_of_a_truth_is_another_value(graph: Graph, tenant: int) -> None:
    """To Python, 0 and False are equal."""
    lamp = thing(0, "Lamp", glow=False)
    await graph.write(tenant, [creation(lamp)])
    assert await indexing.index(graph, tenant, Index((iri("glow"),)))
    dim = Operation(name="append", id=str(lamp["id"]), doc=thing(0, "Lamp", glow=0))
    for op in (Operation(name="upsert-replace", id=dim.id, doc=dim.doc), dim):
        assert (await graph.write(tenant, [op]))[0].error is None
        found = await graph.fetch("select val from graph.attr_num where tenant = $1", tenant)
        assert [row[0] for row in found] == [0.0], op.name
        told = "select count(*) from graph.attr_inst i join graph.entity e on e.eno = i.eno where e.tenant = $1 and num = 0"
        assert (await graph.fetch(told, tenant))[0][0] >= 1, op.name
        await graph.write(tenant, [Operation(name="upsert-replace", id=dim.id, doc=lamp)])


async def test_what_could_not_be_filled_in_is_asked_for_again(
    graph: Graph, graph_url: str, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await graph.write(tenant, [creation(thing(0, "Lamp", shine=1))])
    dim = parse_q("shine>0", CORE)
    monkeypatch.setattr(indexing, "_WAIT_S", 0.1)
    long_one = await asyncpg.connect(graph_url, server_settings={"application_name": "nhip graph"})
    try:
        async with long_one.transaction():
            await long_one.fetch("select 1")
            indexing.ask(graph, tenant, dim, {})
            await indexing.settled(graph)
    finally:
        await long_one.close()
    ready = "select ready from graph.indexed where tenant = $1"
    assert [row[0] for row in await graph.fetch(ready, tenant)] == [False]
    await graph.fetch("update graph.indexed set asked_at = now() - interval '11 minutes' where tenant = $1", tenant)
    indexing.ask(graph, tenant, dim, {})
    await indexing.settled(graph)
    assert [row[0] for row in await graph.fetch(ready, tenant)] == [True]

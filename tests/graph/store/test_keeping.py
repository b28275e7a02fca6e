"""What has expired goes; weeks of the history come ahead and go when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from nhip.db import Database
from nhip.graph.document.pack import unpack
from nhip.graph.document.times import said
from nhip.graph.keeping import forget, make_weeks
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.kernel.time import held, now

A, B = "https://example.org/a", "https://example.org/b"
ID = "urn:x:1"


def create(id: str = ID, **members: Any) -> Operation:
    doc = {"id": id, "type": ["https://example.org/T"], A: [{"type": "Property", "value": 1}], **members}
    return Operation(name="create", id=id, doc=doc)


async def test_an_expired_entity_is_gone_at_once_and_swept_later(graph: Graph, tenant: int) -> None:
    start = now()
    await graph.write(tenant, [create(expiresAt=said(start + timedelta(hours=1)))])
    assert await graph.get(tenant, ID) is not None
    with held(start + timedelta(hours=2)):
        assert await graph.get(tenant, ID) is None
        assert await graph.get_many(tenant, [ID]) == []
        assert await graph.sweep() == 1
        assert (await graph.fetch("select count(*) from graph.entity where tenant = $1", tenant))[0][0] == 0
    past = await graph.fetch("select deleted_at from graph.past where tenant = $1", tenant)
    assert past[0][0] == start + timedelta(hours=1)


async def test_an_expired_entity_can_be_made_again(graph: Graph, tenant: int) -> None:
    start = now()
    await graph.write(tenant, [create(expiresAt=said(start + timedelta(hours=1)))])
    with held(start + timedelta(hours=2)):
        outcome = (await graph.write(tenant, [create(**{B: [{"type": "Property", "value": 2}]})]))[0]
        assert outcome.created
        stored = await graph.get(tenant, ID)
        assert stored is not None and B in unpack(stored.doc)
    assert len(await graph.fetch("select 1 from graph.past where tenant = $1", tenant)) == 1
    lives = await graph.fetch(
        "select sum(entities) from graph.shape_count c join graph.shape s on s.id = shape where tenant = $1", tenant
    )
    assert lives[0][0] == 1


async def test_an_expired_attribute_goes_alone(graph: Graph, tenant: int) -> None:
    start = now()
    brief = [{"type": "Relationship", "object": "urn:x:2", "expiresAt": said(start + timedelta(hours=1))}]
    await graph.write(tenant, [create(**{B: brief})])
    with held(start + timedelta(hours=2)):
        stored = await graph.get(tenant, ID)
        assert stored is not None and B not in unpack(stored.doc)
        assert await graph.sweep() == 1
        assert await graph.sweep() == 0
    assert await graph.fetch("select 1 from graph.attr_ref where tenant = $1", tenant) == []
    gone = await graph.fetch("select 1 from graph.attr_inst where gone and attr = $1", await graph.iri(B))
    assert len(gone) == 1


async def test_weeks_come_ahead_and_take_what_waited_for_them(graph: Graph, graph_url: str, tenant: int) -> None:
    far = datetime.now(UTC) + timedelta(days=400)
    seen = [{"type": "Property", "value": 7, "observedAt": said(far)}]
    await graph.write(tenant, [create(**{B: seen})])
    db = Database(graph_url, size=2)
    await db.open()
    attr = await graph.iri(B)
    places = "select tableoid::regclass::text from graph.attr_inst where attr = $1 and num = 7"
    assert (await graph.fetch(places, attr))[0][0] == "graph.attr_inst_other"
    assert await make_weeks(db) == 0
    assert (await graph.fetch("select graph.make_week($1)", far))[0][0]
    assert (await graph.fetch(places, attr))[0][0].startswith(f"graph.attr_inst_{far.isocalendar().year}w")
    await db.close()


async def test_history_is_forgotten_by_whole_weeks(graph: Graph, graph_url: str, tenant: int) -> None:
    old = [{"type": "Property", "value": 5, "observedAt": said(now() - timedelta(days=6))}]
    await graph.write(tenant, [create(**{B: old})])
    db = Database(graph_url, size=2)
    await db.open()
    count = "select count(*) from graph.attr_inst where attr = $1 and num = 5"
    attr = await graph.iri(B)
    assert (await forget(db, 0), await forget(db, 30)) == (0, 0)
    assert (await graph.fetch(count, attr))[0][0] == 1
    with held(now() + timedelta(days=60)):
        assert await forget(db, 30) >= 2
    assert (await graph.fetch(count, attr))[0][0] == 0
    assert await graph.get(tenant, ID) is not None
    await db.close()


async def test_analysing_looks_at_what_is_compared_and_at_no_documents(graph: Graph, tenant: int) -> None:
    await graph.write(tenant, [create(f"urn:x:{n}") for n in range(20)])
    await graph.fetch("analyze graph.entity")
    rows = await graph.fetch("select attname from pg_stats where schemaname = 'graph' and tablename = 'entity'")
    columns = {row[0] for row in rows}
    assert {"tenant", "id", "shape"} <= columns and not columns & {"doc", "sys"}

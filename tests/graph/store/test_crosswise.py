"""What meets in one process or between two at an unlucky moment: nothing is lost, nobody is answered for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from nhip.errors import DatabaseAway
from nhip.graph.document.times import said
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.kernel.time import held, now

NS = "https://example.org/"


def _doc(id: str, n: Any = 0, **more: Any) -> dict[str, Any]:
    return {"id": id, "type": [NS + "T"], NS + "a": [{"type": "Property", "value": n, **more}]}


def _create(id: str) -> Operation:
    return Operation(name="create", id=id, doc=_doc(id))


def _replace(id: str, n: Any) -> Operation:
    return Operation(name="upsert-replace", id=id, doc=_doc(id, n))


async def test_what_expires_is_swept_while_the_writer_waits(graph: Graph, graph_url: str, tenant: int) -> None:
    start = now()
    brief = _doc("urn:x:brief", expiresAt=said(start + timedelta(hours=1)))
    await graph.write(tenant, [Operation(name="create", id="urn:x:brief", doc=brief), _create("urn:x:held")])
    async with _held(graph_url, tenant, "urn:x:held"):
        writing = asyncio.create_task(graph.write(tenant, [_replace("urn:x:held", 1)]))
        await _waits(graph, 1)
        graph._writer._numbers._iids.clear()  # as they are after each ten thousand
        with held(start + timedelta(hours=2)):
            assert await graph.sweep() == 1
    assert (await writing)[0].error is None


async def test_two_groups_that_wait_for_each_other_are_both_written(graph: Graph, graph_url: str, tenant: int) -> None:
    other = Graph(graph_url)
    await other.open()
    try:
        await graph.write(tenant, [_create(f"urn:x:{name}") for name in "abm"])
        async with _held(graph_url, tenant, "urn:x:m"):
            one = [_replace("urn:x:a", 1), _replace("urn:x:m", 1), Operation(name="delete", id="urn:x:b")]
            first = asyncio.create_task(graph.write(tenant, one))
            await _waits(graph, 1)
            two = [_replace("urn:x:b", 2), Operation(name="delete", id="urn:x:a")]
            second = asyncio.create_task(other.write(tenant, two))
            await _waits(graph, 2)
        told = [outcome.error for outcomes in await asyncio.gather(first, second) for outcome in outcomes]
        assert all(error is None or isinstance(error, ResourceNotFound) for error in told)
    finally:
        await other.close()


@asynccontextmanager
async def _held(url: str, tenant: int, id: str) -> AsyncIterator[None]:
    """Keep everybody from changing an entity during the block."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select 1 from graph.entity where tenant = $1 and id = $2 for update", tenant, id)
            yield
    finally:
        await connection.close()


async def _waits(graph: Graph, count: int) -> None:
    """Until so many wait for a lock."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with asyncio.timeout(60):
        while (await graph.fetch(waiting))[0][0] < count:
            await asyncio.sleep(0.01)


async def test_who_gives_up_reading_takes_nobody_with_it(graph: Graph, tenant: int) -> None:
    await graph.write(tenant, [_create("urn:x:1")])

    async def read() -> Any:
        return await graph.get(tenant, "urn:x:1")

    first, second = asyncio.create_task(read()), asyncio.create_task(read())
    await asyncio.sleep(0)
    first.cancel()
    stored = await second
    assert stored is not None


async def test_nothing_is_taken_after_the_end(graph_url: str) -> None:
    graph = Graph(graph_url)
    await graph.open()
    await graph.close()
    with pytest.raises(DatabaseAway):
        await asyncio.wait_for(graph.write(1, [_create("urn:x:late")]), 30)

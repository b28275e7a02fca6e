"""Pages hear of what any process of the node writes: by type, once a second at most, and only while somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from nhip.db import Database
from nhip.db.notify import listen
from nhip.db.query import execute
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import AlreadyExists
from nhip.graph.model import Operation, Outcome
from nhip.graph.pulse import MOST, TOPIC, Calm, Pulse, keep_listening, queries, topic_of
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.graph.writer import Commit
from nhip.things.words import city_context

LONG_S = 30.0


class Node:
    """A process's graph with its pulse, and what is told on its database."""

    def __init__(self, graph: Graph, db: Database, pulse: Pulse) -> None:
        self.graph, self.db, self.pulse = graph, db, pulse
        self.told: asyncio.Queue[str] = asyncio.Queue()

    async def write(self, name: str, *things: tuple[str, str]) -> list[Outcome]:
        """Do the same operation to things of these types."""
        docs = [expand_entity({"id": f"urn:x:{id}", "type": kind, "speed": 1}, city_context()) for kind, id in things]
        asked: list[Any] = [Operation(name=name, id=doc["id"], doc=None if name == "delete" else doc) for doc in docs]  # type: ignore[arg-type]
        return await self.graph.write(DEFAULT_TENANT, asked)

    async def next(self) -> str:
        """The next topic that is told."""
        return await asyncio.wait_for(self.told.get(), LONG_S)

    async def hear(self) -> None:
        """Somebody looks from now on."""
        async with self.db.tx() as tx:
            await execute(tx, queries.listen, seconds=600)

    async def mark(self) -> list[str]:
        """What was told before this, in order: a mark of our own tells where it ends."""
        async with self.db.tx() as tx:
            await tx.execute("select pg_notify('nhip_live', 'mark')")
        found = []
        while (topic := await self.next()) != "mark":
            found.append(topic)
        return found


@asynccontextmanager
async def _listening(url: str, told: asyncio.Queue[str]) -> AsyncIterator[None]:
    async def pass_on() -> None:
        async for topic in listen(url):
            told.put_nowait(topic)

    task = asyncio.create_task(pass_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def node(graph_url: str) -> AsyncIterator[Node]:
    """A process that writes, and somebody who hears what is told."""
    db, graph = Database(graph_url, size=2), Graph(graph_url)
    await db.open()
    await graph.open()
    found = Node(graph, db, Pulse(db, pause_s=0.0))
    graph.commits.append(found.pulse)
    async with _listening(graph_url, found.told):
        while True:  # until it listens
            async with db.tx() as tx:
                await tx.execute("select pg_notify('nhip_live', 'ready')")
            with suppress(TimeoutError):
                assert await asyncio.wait_for(found.told.get(), 0.1) == "ready"
                break
        while not found.told.empty():
            found.told.get_nowait()
        yield found
    await graph.close()
    await found.pulse.close()
    await db.close()


def _topics(*names: str) -> set[str]:
    return {topic_of(city_context().expand(name)) for name in names}


async def test_what_is_written_is_told_by_type(node: Node) -> None:
    await node.hear()
    await node.write("create", ("Vehicle", "1"), ("Vehicle", "2"), ("Camera", "3"))
    assert {await node.next(), await node.next()} == _topics("Vehicle", "Camera")
    await node.write("append", ("Vehicle", "1"))
    assert await node.next() == topic_of(city_context().expand("Vehicle"))
    await node.write("delete", ("Camera", "3"))
    assert await node.next() == topic_of(city_context().expand("Camera")), "what is gone had a type"
    assert await node.mark() == []


async def test_nothing_is_told_while_nobody_looks(node: Node) -> None:
    async with node.db.tx() as tx:
        await tx.execute("delete from graph.listening")
    for id in ("11", "12"):
        await node.write("create", ("School", id))
        await node.pulse.close()
    assert await node.mark() == []
    await node.hear()
    await node.write("create", ("School", "13"))
    assert await node.next() == TOPIC, "which things were written was not noted while nobody looked"
    await node.write("append", ("School", "13"))
    assert await node.next() == topic_of(city_context().expand("School"))


async def test_what_was_refused_and_other_tenants_are_not_told(node: Node) -> None:
    await node.hear()
    await node.write("create", ("Hospital", "21"))
    await node.next()
    (refused,) = await node.write("create", ("Hospital", "21"))
    assert isinstance(refused.error, AlreadyExists)
    node.pulse(Commit(DEFAULT_TENANT + 1, [Outcome(id="urn:x:21")]))
    await node.pulse.close()
    assert await node.mark() == []


async def test_of_very_much_it_is_told_that_something_changed(node: Node) -> None:
    await node.hear()
    for _again in range(2):
        node.pulse(Commit(DEFAULT_TENANT, [Outcome(id=f"urn:x:{n}") for n in range(MOST)]))
    assert await node.next() == TOPIC


async def test_what_could_not_be_told_is_told_later(node: Node) -> None:
    await node.hear()
    async with node.db.tx() as tx:
        await tx.execute("alter table graph.listening rename to elsewhere")
    await node.write("create", ("Streetlight", "31"))
    await node.pulse.close()
    assert await node.mark() == []
    async with node.db.tx() as tx:
        await tx.execute("alter table graph.elsewhere rename to listening")
    await node.pulse.close()
    assert await node.mark() == [TOPIC]


async def test_who_looks_is_told_what_was_written_before_the_writers_knew(node: Node) -> None:
    async with node.db.tx() as tx:
        await tx.execute("delete from graph.listening")
    looks, heard = False, asyncio.Queue[str]()
    keeping = asyncio.create_task(keep_listening(node.db, lambda: looks, heard.put_nowait))
    await asyncio.sleep(0)
    assert heard.empty()
    looks = True
    assert await asyncio.wait_for(heard.get(), LONG_S) == TOPIC
    await node.write("create", ("Vehicle", "41"))
    assert (await node.next()).startswith(TOPIC)
    keeping.cancel()


async def test_many_processes_tell_once_a_pause() -> None:
    heard: list[str] = []
    calm = Calm(heard.append, pause_s=0.0)
    for _process in range(4):
        calm("things-a")
        calm("datasets")
    calm("things-b")
    assert heard == ["things-a", "datasets", "datasets", "datasets", "datasets", "things-b"]
    while heard.count("things-a") < 2:
        await asyncio.sleep(0)
    calm("things-c")
    while heard[-1] != "things-c":
        await asyncio.sleep(0)
    assert heard[6:] == ["things-a", "things-c"], "what was told again meanwhile is told once more, not three times"

"""What the database refuses for now is told as that, at once and for everybody to understand; afterwards all goes on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import psycopg
import pytest

from nhip.db.errors import DatabaseRefuses
from nhip.db.silence import notice_silence
from nhip.errors import DatabaseAway
from nhip.graph import links
from nhip.graph.api.answers import problem
from nhip.graph.links import Link
from nhip.graph.model import Operation
from nhip.graph.service import Graph

N = "https://example.org/n"


def put(id: str, n: int) -> list[Operation]:
    doc = {"id": id, "type": ["https://example.org/Thing"], N: [{"type": "Property", "value": n}]}
    return [Operation(name="upsert-replace", id=id, doc=doc)]


@pytest.fixture
async def impatient(graph_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Graph]:
    monkeypatch.setitem(links._SETTINGS, "lock_timeout", "50ms")
    made = Graph(graph_url)
    await made.open()
    yield made
    await made.close()


async def test_rows_that_others_hold_for_too_long(impatient: Graph, graph_url: str) -> None:
    await impatient.write(1, put("urn:x:held", 1))
    with psycopg.connect(graph_url) as other:
        other.execute("select from graph.entity where id = 'urn:x:held' for update")
        with pytest.raises(DatabaseRefuses, match="others hold the same rows"):
            await impatient.write(1, put("urn:x:held", 2))
    assert (await impatient.write(1, put("urn:x:held", 3)))[0].error is None
    found = await impatient.get(1, "urn:x:held")
    assert found is not None and b'"value":3' in found.doc


async def test_a_database_that_may_only_be_read(graph: Graph, graph_url: str) -> None:
    name = graph_url.rpartition("?")[0].rpartition("/")[2]
    with psycopg.connect(graph_url, autocommit=True) as other:
        for told, outcome in (("on", DatabaseRefuses), ("off", None)):
            other.execute(f'alter database "{name}" set default_transaction_read_only = {told}')
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nhip graph'"
            )

            async def written(n: str = told) -> bool:
                return (await graph.write(1, put(f"urn:x:read-only-{n}", 1)))[0].error is None

            assert await _after_the_connection_was_lost(written) is (outcome or True)


async def _after_the_connection_was_lost(ask: Callable[[], Awaitable[bool]]) -> Any:
    while True:
        try:
            return await ask()
        except DatabaseAway as error:
            if isinstance(error, DatabaseRefuses):
                return type(error)


async def test_who_stands_still_in_a_transaction_keeps_nobody_waiting(
    graph_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(links._SETTINGS, "idle_in_transaction_session_timeout", "20ms")
    link = Link(graph_url, generic_plans=True)
    pid = (await link.fetch("select pg_backend_pid()"))[0][0]
    await (await link.connection()).execute("begin")
    with psycopg.connect(graph_url, autocommit=True) as other:
        while other.execute("select from pg_stat_activity where pid = %s", [pid]).fetchone() is not None:
            await asyncio.sleep(0)
    with pytest.raises(DatabaseAway):
        await link.fetch("select 1")
        await link.fetch("select 2")
    assert (await link.fetch("select 3"))[0][0] == 3
    await link.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.DiskFullError, "its disk is full"),
        (asyncpg.OutOfMemoryError, "it has no memory left"),
        (asyncpg.InsufficientPrivilegeError, "it has not the right"),
        (asyncpg.PostgresIOError, "its disk fails"),
    ],
)
async def test_what_the_database_says_in_words(
    graph_url: str, monkeypatch: pytest.MonkeyPatch, error: type[asyncpg.PostgresError], words: str
) -> None:
    async def refuse(*_arguments: object, **_more: object) -> None:
        raise error("no")

    link = Link(graph_url, generic_plans=True)
    monkeypatch.setattr(links.asyncpg, "connect", refuse)
    with pytest.raises(DatabaseRefuses, match=words) as caught:
        await link.fetch("select 1")
    answer = problem(caught.value)
    assert answer.status == 503 and (b"retry-after", b"2") in answer.headers and words.encode() in answer.body


def test_who_cannot_reach_the_database_is_told_when_to_ask_again() -> None:
    assert (b"retry-after", b"2") in problem(DatabaseAway(what="no answer")).headers


async def test_a_server_that_the_network_parted_from_us_is_noticed() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    _reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    notice_silence(cast(Any, SimpleNamespace(_transport=writer.transport)))
    told = writer.transport.get_extra_info("socket")
    assert told.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert told.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    writer.close()
    server.close()


async def test_who_asks_while_the_server_is_known_to_be_away_is_told_at_once(
    graph_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_PAUSES_S", (0.01,) * 4)
    connect, tries, ours = asyncpg.connect, [], f"{graph_url}&application_name=alone"

    async def away(url: str, **options: Any) -> Any:
        if url != ours:
            return await connect(url, **options)  # graphs of other tests do their work meanwhile
        tries.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncpg, "connect", away)
    link = Link(ours, generic_plans=True)
    for expected in (5, 6, 7):  # who was first was patient, as a server that starts anew is away for a moment only
        with pytest.raises(DatabaseAway):
            await link.fetch("select 1")
        assert len(tries) == expected
    monkeypatch.setattr(asyncpg, "connect", connect)
    assert (await link.fetch("select 1"))[0][0] == 1
    monkeypatch.setattr(asyncpg, "connect", away)
    monkeypatch.setattr(link, "_away_at", link._away_at - links._AWAY_S)
    await link.drop()
    with pytest.raises(DatabaseAway):
        await link.fetch("select 1")
    assert len(tries) == 12, "that was another time"
    monkeypatch.setattr(links, "_LONGEST_S", 0.0)
    monkeypatch.setattr(link, "_away_at", float("-inf"))
    with pytest.raises(DatabaseAway):
        await link.fetch("select 1")
    assert len(tries) == 13, "tries that take long are few"

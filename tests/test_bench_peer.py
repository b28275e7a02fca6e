"""The bench beside another broker: what counts as the same answer, and answers as foreign servers send them."""

from __future__ import annotations

import asyncio

import pytest

from bench.graph import Client
from bench.peer import _differ, _said


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"observedAt":"2026-11-22T10:30:00.010Z"}', b'{"observedAt":"2026-11-22T10:30:00.01Z"}', True),
        (b'{"observedAt":"2026-11-22T10:30:00.000Z"}', b'{"observedAt":"2026-11-22T10:30:00Z"}', True),
        (b'{"observedAt":"2026-11-22T10:30:00Z"}', b'{"observedAt":"2026-11-22T10:30:01Z"}', False),
        (b'{"value":30.0,"@context":"a"}', b'{"value":30,"@context":["b"]}', True),
        (b'[{"id":"b"},{"id":"a"}]', b'[{"id":"a"},{"id":"b"}]', True),
        (b'[{"id":"a"},{"id":"b"}]', b'[{"id":"a"}]', False),
        (b"", b"Bad Request", False),
    ],
)
def test_answers_are_compared_by_what_they_say(one: bytes, other: bytes, same: bool) -> None:
    assert (_differ((200, _said(one)), (200, _said(other))) == "") is same


def test_another_status_is_another_answer() -> None:
    assert _differ((204, None), (404, None)) == "204, the peer 404"


async def test_an_answer_in_chunks_is_read_whole_and_the_next_one_too() -> None:
    async def foreign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\n[1,2\r\n2\r\n,3\r\n1\r\n]\r\n0\r\n\r\n"
            )
        writer.close()

    server = await asyncio.start_server(foreign, "127.0.0.1", 0)
    client = Client("", server.sockets[0].getsockname())
    request = client.request("GET", "entities")
    assert await client.ask(request) == (200, b"[1,2,3]")
    await client.run([request, request], 1)
    assert len(client.seconds) == 2
    server.close()

"""Asking sources: one that is silent keeps nobody from the others."""

from __future__ import annotations

import asyncio

import pytest

from nhip.graph.registrations import client
from nhip.graph.registrations.client import Client
from nhip.graph.subscriptions.turns import Threads
from nhip.settings import Settings

SETTINGS = Settings(outgoing_private="127.0.0.0/8")


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Says nothing, for as long as it may."""


class Well:
    """A source that answers; `calls`: over how many connections it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
            await writer.drain()
        writer.close()


async def test_a_silent_source_keeps_no_other_of_the_tenant_waiting() -> None:
    silent, source = await asyncio.start_server(_silent, "127.0.0.1", 0), Well()
    well = await asyncio.start_server(source.serve, "127.0.0.1", 0)
    dead_url, url = (f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}/" for one in (silent, well))
    asking = Client(SETTINGS)
    asking._threads = Threads(8)
    waiting = [asyncio.create_task(asking.ask("GET", dead_url, {}, timeout_s=50, owner=1)) for _ in range(20)]
    try:
        reply = await asyncio.wait_for(asking.ask("GET", url, {}, timeout_s=20, owner=1), 30)
        assert (reply.status, reply.body) == (200, [])
    finally:
        for task in waiting:
            task.cancel()
        asking.close()
        silent.close()
        well.close()


async def test_the_name_of_a_source_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Well()
    well = await asyncio.start_server(source.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{well.sockets[0].getsockname()[1]}/"
    asking = Client(SETTINGS)
    asking._threads = Threads(1)
    for _ in range(2):
        assert (await asking.ask("GET", url, {}, timeout_s=20, owner=1)).status == 200
    assert source.calls == 1
    monkeypatch.setattr(client, "monotonic", lambda: float("inf"))  # it is five minutes later
    assert (await asking.ask("GET", url, {}, timeout_s=20, owner=1)).status == 200
    assert source.calls == 2
    asking.close()
    well.close()

"""A graph with subscriptions, and a receiver that keeps what it is sent."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.service import Contexts
from nhip.graph.registrations.service import Registrations
from nhip.graph.service import Graph
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.watches.service import Watches
from nhip.settings import Settings

_names = itertools.count()
SETTINGS = Settings(data_dir=Path(tempfile.mkdtemp(prefix="nhip-subscriptions-")), outgoing_private="127.0.0.0/8")
"""One key seals the secrets for all processes."""


class Broker:
    """One process of the graph, as far as subscriptions go."""

    def __init__(self, url: str) -> None:
        self.settings = settings = SETTINGS
        self.db = Database(url, size=2)
        self.graph = Graph(url)
        self.contexts = Contexts(settings, self.db)
        self.registrations = Registrations(self.graph, self.db, settings)
        hosting = Hosting(self.contexts, "http://here")
        self.subscriptions = Subscriptions(self.graph, self.contexts, settings, hosting)
        self.watches = Watches(self.graph, self.contexts, settings, hosting, self.registrations)

    async def open(self) -> None:
        await self.db.open()
        await self.graph.open()
        await self.registrations.open()
        await self.subscriptions.open()
        await self.watches.open()

    async def close(self) -> None:
        await self.watches.close()
        await self.subscriptions.close()
        await self.registrations.close()
        await self.graph.close()
        await self.contexts.close()
        await self.db.close()

    async def subscribe(self, tenant: int, **members: Any) -> str:
        context = await self.contexts.resolve(tenant, None)
        return await self.subscriptions.create(tenant, {"type": "Subscription", **members}, None, context)

    async def watch(self, tenant: int, **members: Any) -> str:
        context = await self.contexts.resolve(tenant, None)
        return await self.watches.create(tenant, {"type": "Subscription", **members}, None, context)

    async def rewatch(self, tenant: int, id: str, **members: Any) -> None:
        await self.watches.update(tenant, id, members, None, await self.contexts.resolve(tenant, None))

    async def register(self, tenant: int, *information: dict[str, Any], **members: Any) -> str:
        told = {"type": "ContextSourceRegistration", "endpoint": "http://source.example", "information": [*information]}
        context = await self.contexts.resolve(tenant, None)
        return await self.registrations.create(tenant, {**told, **members}, context)

    async def reregister(self, tenant: int, id: str, **members: Any) -> None:
        await self.registrations.update(tenant, id, members, await self.contexts.resolve(tenant, None))


class Receiver:
    """An HTTP server; `status` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.refuses: Callable[[dict[str, Any]], bool] = lambda told: False
        """Notifications that it will not have."""
        self.taken: list[dict[str, Any]] = []
        self.got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heads: list[str] = []
        self._server: asyncio.Server | None = None
        self.uri = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.uri = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/notify"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(
                    next(line for line in head.lower().splitlines() if line.startswith("content-length")).split(":")[1]
                )
                body = await reader.readexactly(length)
                self.heads.append(head)
                told = orjson.loads(body)
                status = 413 if self.refuses(told) else self.status
                if status == 200:
                    self.taken.append(told)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
                self.got.put_nowait(told)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def next(self) -> dict[str, Any]:
        """The next notification."""
        async with asyncio.timeout(60):
            return await self.got.get()


@pytest.fixture(scope="module")
def sub_url(postgres: EmbeddedServer, template_database: str) -> str:
    """A database with the whole schema."""
    name = f"sub_{next(_names)}_{template_database}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    return postgres.url(name)


@pytest.fixture(scope="module")
async def broker(sub_url: str) -> AsyncIterator[Broker]:
    """A process."""
    made = Broker(sub_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def other(sub_url: str, broker: Broker) -> AsyncIterator[Broker]:
    """A second process on the same database."""
    made = Broker(sub_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that is well."""
    made = Receiver()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def tenant(broker: Broker) -> int:
    """A tenant without entities."""
    return await broker.graph.tenant(f"s{next(_names)}", create=True)

"""Two brokers that reach each other over HTTP on loopback, each with a database of its own, and a receiver of notifications."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.graph.api.app import GraphApp
from nhip.graph_commands import Node, serving
from nhip.settings import Settings
from tests.graph.subscriptions.conftest import Receiver

_numbers = itertools.count()


class Door:
    """HTTP/1.1 on loopback before an application: as much of a server as brokers need to talk with one another."""

    def __init__(self) -> None:
        self.app: GraphApp | None = None
        self.asked: list[tuple[str, str]] = []
        self.url = ""
        self.refuses = 0
        """So many of the next requests are answered with 503."""
        self.together = 0
        """So many requests have to be there at once before one of them is answered."""
        self._there: list[asyncio.Event] = []

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                method, target, _version = lines[0].decode().split(" ")
                headers = [
                    (name.lower(), value.strip()) for name, _s, value in (x.partition(b":") for x in lines[1:-2])
                ]
                body = await reader.readexactly(int(dict(headers).get(b"content-length", 0)))
                status, told, part = await self._answer(method, target, headers, body)
                head = [
                    f"HTTP/1.1 {status} X",
                    f"Content-Length: {len(told)}",
                    *([f"Content-Range: {part}"] if part else []),
                ]
                writer.write("\r\n".join([*head, "", ""]).encode() + told)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, bytes, str]:
        self.asked.append((method, target))
        if self.refuses:
            self.refuses -= 1
            return 503, b"", ""
        if self.together:
            self._there.append(come := asyncio.Event())
            if len(self._there) >= self.together:
                for one in self._there:
                    one.set()
            async with asyncio.timeout(60):
                await come.wait()
        path, _mark, query = target.partition("?")
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        assert self.app is not None
        await self.app({**scope, "query_string": query.encode()}, receive, send)
        part = dict(sent[0]["headers"]).get(b"content-range", b"").decode()
        return sent[0]["status"], b"" if sent[0]["status"] == 204 else sent[1]["body"], part


class City:
    """One of the brokers, and a client of it."""

    def __init__(self, door: Door, app: GraphApp, client: httpx.AsyncClient) -> None:
        self.door, self.app, self.client = door, app, client

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON, or its status when there is none."""
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else answer.status_code

    async def knows(self, other: City, id: str, **more: Any) -> None:
        """Register the other as a context source."""
        information = [{"entities": [{"type": "Bus"}], **more.pop("information", {})}]
        told = {"id": id, "type": "ContextSourceRegistration", "endpoint": other.door.url, "information": information}
        await self.ask("POST", "/csourceRegistrations", {**told, **more})

    async def series(self, id: str, **values: int) -> None:
        """Add to the history of a bus: speeds by day of May, as `d3=30`."""
        told = [
            {"type": "Property", "value": value, "observedAt": f"2026-05-{int(day[1:]):02}T00:00:00Z"}
            for day, value in values.items()
        ]
        await self.ask("POST", "/temporal/entities", {"id": id, "type": "Bus", "speed": told})

    async def subscribe(self, id: str, receiver: Receiver, who: str = "", **more: Any) -> None:
        told = {"id": id, "type": "Subscription", "entities": [{"type": "Bus"}]}
        body = {**told, "notification": {"endpoint": {"uri": receiver.uri}}, **more}
        await self.ask("POST", "/subscriptions", body, **({"User": who} if who else {}))

    async def copies(self, count: int) -> list[Any]:
        """The subscriptions here, when there are so many and changes are told to them: they are in the table a moment before."""
        async with asyncio.timeout(60):
            while (
                len(found := await self.ask("GET", "/subscriptions?limit=100")) != count or not await self._heeds_all()
            ):
                await asyncio.sleep(0.02)
        return list(found)

    async def _heeds_all(self) -> bool:
        assert self.app.subscriptions is not None
        rows = await self.app.graph.fetch("select tenant, id, rev from graph.sub")
        return {tuple(row) for row in rows} == {
            (one.tenant, one.id, one.rev) for one in self.app.subscriptions.index.all()
        }


async def _city(name: str, server: EmbeddedServer, template: str, folder: Path) -> AsyncIterator[City]:
    database = f"city_{name}_{next(_numbers)}_{template}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'create database "{database}" template "{template}" strategy file_copy')
    door = Door()
    await door.open()
    settings = Settings(data_dir=folder, outgoing_private="127.0.0.0/8")
    async with serving(settings, Node(name, server.url(database), door.url)) as app:
        door.app = app
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=f"{door.url}/ngsi-ld/v1") as client:
            yield City(door, app, client)
    door.close()


@pytest.fixture(scope="module")
async def hue(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[City]:
    async for city in _city("hue", postgres, template_database, tmp_path_factory.mktemp("hue")):
        yield city


@pytest.fixture(scope="module")
async def vinh(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[City]:
    async for city in _city("vinh", postgres, template_database, tmp_path_factory.mktemp("vinh")):
        yield city


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.open()
    yield made
    await made.close()


@pytest.fixture(autouse=True)
async def empty(hue: City, vinh: City) -> AsyncIterator[None]:
    """After each test both are as before."""
    yield
    for city in (hue, vinh):
        city.door.refuses = 0
        for kind in ("csourceRegistrations?type=Bus&", "subscriptions?", "entities?local=true&type=Bus&"):
            path = kind.partition("?")[0]
            for _page in range(10):
                for one in (found := await city.ask("GET", f"/{kind}limit=100")):
                    await city.client.delete(f"/{path}/{one['id']}")
                if len(found) < 100:
                    break
        past = "temporal/entities?local=true&type=Bus&timerel=after&timeAt=2000-01-01T00:00:00Z"
        for one in await city.ask("GET", f"/{past}"):
            await city.client.delete(f"/temporal/entities/{one['id']}")
    await hue.copies(0)
    await vinh.copies(0)

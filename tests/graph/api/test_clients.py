"""Clients that other people wrote, over the node's own HTTP (docs/howto/use-the-live-graph.md, Clients)."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nhip.graph.http.serving import listening, server
from nhip.graph_commands import Node, serving
from nhip.settings import Settings

LAMP = "urn:ngsi-ld:Streetlight:desk"
PATIENCE_S = 30.0


@pytest.fixture
def port(graph_url: str, tmp_path: Path) -> Iterator[int]:
    """A node on a port of this machine, in a thread and a loop of its own."""
    pytest.importorskip("ngsildclient", reason="ngsildclient is not installed; it is no part of the test tools")
    at, settings = listening("127.0.0.1", 0), Settings(data_dir=tmp_path, database_url=graph_url)
    running = server(lambda: _application(settings), factory=True)
    at.listen(16)
    thread = threading.Thread(target=running.run, args=([at],), daemon=True)
    thread.start()
    yield at.getsockname()[1]
    running.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def _application(settings: Settings) -> Any:
    """The interface, which lives as long as the server."""
    held, apps = AsyncExitStack(), []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await apps[0](scope, receive, send)
            return
        node = Node("here", settings.database_url, "http://here.example")
        async with held:
            await receive()
            apps.append(await held.enter_async_context(serving(settings, node)))
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return application


def test_ngsildclient_of_orange_works(port: int) -> None:
    """What its users do, as its own documentation shows it."""
    client: Any = importlib.import_module("ngsildclient.api.client").Client("127.0.0.1", port, verbose=False)
    assert client.is_connected()
    lamp: Any = importlib.import_module("ngsildclient.model.entity").Entity("Streetlight", "Streetlight:desk")
    lamp.prop("power", 9, unitcode="WTT", observedat=datetime(2026, 11, 22, 1, tzinfo=UTC)).prop("name", "Đèn bàn")
    lamp.gprop("location", (16.4637, 107.5905)).rel("refRoad", "urn:ngsi-ld:Road:1")
    assert client.create(lamp)
    assert client.exists(LAMP)
    assert _plain(client.get(LAMP)) == _plain(lamp)
    lamp["power"].update({"value": 12, "observedAt": "2026-11-22T02:00:00Z"})
    assert client.upsert(lamp)
    assert client.count(type="Streetlight", q="power>11") == 1
    assert [_plain(one) for one in client.query(type="Streetlight", q='name=="Đèn bàn"')] == [_plain(lamp)]
    assert client.temporal.get(LAMP)["power"]["values"] == [[9, "2026-11-22T01:00:00Z"], [12, "2026-11-22T02:00:00Z"]]
    assert client.delete(lamp)
    assert not client.exists(LAMP)


def _plain(entity: Any) -> dict[str, Any]:
    return {key: value for key, value in entity.to_dict().items() if key != "@context"}

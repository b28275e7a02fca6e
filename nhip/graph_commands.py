"""`nhip graph serve`: a node of the live graph as a process of its own: for foreign suites, several cities on one laptop."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from nhip.db import Database
from nhip.db.installation import database_url
from nhip.db.keeper import kept_running
from nhip.errors import BadInput
from nhip.files import text_of
from nhip.graph.api.app import GraphApp, Permit
from nhip.graph.api.limits import Limits
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.service import Contexts
from nhip.graph.http.serving import run
from nhip.graph.mirrors.commands import mirror
from nhip.graph.mirrors.service import Mirrors
from nhip.graph.nodes import node_database
from nhip.graph.pulse import Pulse
from nhip.graph.query.indexing import stop as stop_indexing
from nhip.graph.registrations.forwarding import Federation
from nhip.graph.registrations.service import Registrations
from nhip.graph.relays.planning import Planner
from nhip.graph.relays.service import RECEIVED_AT, Relays
from nhip.graph.service import Graph
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.watches.service import Watches
from nhip.graph_letters import letters
from nhip.graph_nodes import nodes
from nhip.kernel.i18n import _
from nhip.settings import Settings, load

_TOLD = "NHIP_GRAPH_NODE"
"""Environment variable by which the server's process learns what to serve; JSON of Node."""


class Node(msgspec.Struct, frozen=True):
    """What `nhip graph serve` was told."""

    name: str
    database: str
    """URL of the node's own database."""
    address: str
    """Where the node is reached, for addresses of its own."""
    contexts: dict[str, Path] = {}
    instances: int = Limits().instances

    @property
    def heard_at(self) -> str:
        """Where other brokers notify it."""
        return self.address.rstrip("/") + RECEIVED_AT


@click.group()
def graph() -> None:
    """The live graph of things (NGSI-LD)."""


graph.add_command(letters)
graph.add_command(mirror)
graph.add_command(nodes)


@graph.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=9090, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--node", default="", help="Name of the node; each has a database of its own.")
@click.option("--open", "everybody", is_flag=True, help="Let everybody read and write: nobody is asked who they are.")
@click.option(
    "--contexts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object: address of an @context -> file with it, for places without the Internet.",
)
@click.option("--instances", type=int, default=Limits().instances, help="Attribute instances in one temporal answer.")
@click.option("--processes", type=int, default=1, show_default=True, help="Processes behind the port.")
@click.pass_obj
def serve(
    settings: Settings,
    port: int,
    host: str,
    node: str,
    everybody: bool,
    contexts: Path | None,
    instances: int,
    processes: int,
) -> None:
    """Serve NGSI-LD at http://HOST:PORT/ngsi-ld/v1 until interrupted."""
    if not everybody:
        raise BadInput(
            what=_("a node by itself knows no people; say --open, or use `nhip up`, which asks who they are")
        )
    files = {url: Path(file) for url, file in _mapping(contexts).items()}
    url, server = database_url(settings)
    try:
        told = Node(node or "nhip", asyncio.run(node_database(url, node)), f"http://{host}:{port}", files, instances)
        os.environ[_TOLD] = msgspec.json.encode(told, enc_hook=str).decode()
        os.environ |= {f"NHIP_{name.upper()}": str(getattr(settings, name)) for name in settings.__struct_fields__}
        with kept_running(server):
            run("nhip.graph_commands:create_node", host, port, processes)
    finally:
        if server is not None:
            server.stop()


def _mapping(file: Path | None) -> dict[str, str]:
    try:
        found = json.loads(text_of(file)) if file else {}
        return msgspec.convert(found, dict[str, str])
    except (ValueError, msgspec.ValidationError) as error:
        raise BadInput(what=f"--contexts: {error}") from error


def create_node() -> Any:
    """The ASGI application of a node, made in the server's process."""
    settings = load()
    # documents are trees without cycles: looking for cycles among them every 700 allocations took a sixth of the time
    gc.set_threshold(100_000, 50, 100)
    node = msgspec.json.decode(os.environ[_TOLD], type=Node, dec_hook=lambda _kind, text: Path(text))
    running = None
    app: GraphApp | None = None

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running, app
        if scope["type"] != "lifespan":
            assert app is not None
            await app(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                running = serving(settings, node)
                app = await running.__aenter__()
                await send({"type": "lifespan.startup.complete"})
            else:
                if running is not None:
                    await running.__aexit__(None, None, None)
                await send({"type": "lifespan.shutdown.complete"})
                return

    return application


class _Part(Protocol):
    """Something that runs as long as the node does."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def serving(settings: Settings, node: Node, permit: Permit | None = None) -> AsyncIterator[GraphApp]:
    """The interface over the node's database, until the end of the block; `permit` lets in, None: everybody."""
    db, graph = Database(node.database, size=3), Graph(node.database)
    contexts = Contexts(settings, db, preloaded=node.contexts)
    registrations = Registrations(graph, db, settings)
    federation = Federation(settings, registrations, contexts)
    hosting = Hosting(contexts, node.address)
    subscriptions = Subscriptions(graph, contexts, settings, hosting)
    watches = Watches(graph, contexts, settings, hosting, registrations)
    mirrors = Mirrors(graph, db, contexts, settings, node.address)
    planner = Planner(graph, federation, subscriptions, watches, hosting, contexts, name=node.name, uri=node.heard_at)
    relays = Relays(graph, federation, subscriptions, contexts, planner)
    parts: list[_Part] = [db, graph, registrations, subscriptions, watches, mirrors, relays]
    for part in parts:
        await part.open()
    graph.commits.append(pulse := Pulse(db))
    try:
        yield GraphApp(
            graph,
            contexts,
            node=node.name,
            limits=Limits(instances=node.instances),
            permit=permit,
            base_url=node.address,
            registrations=registrations,
            federation=federation,
            subscriptions=subscriptions,
            watches=watches,
            mirrors=mirrors,
            relays=relays,
        )
    finally:
        for part in reversed(parts[3:]):
            await part.close()
        federation.close()
        await registrations.close()
        await stop_indexing(graph)
        await graph.close()
        await pulse.close()
        await contexts.close()
        await db.close()

"""The graph's interface beside the pages: what begins with /ngsi-ld/ goes to it, for whoever may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from nhip.db.keyfile import read_or_make
from nhip.errors import Forbidden
from nhip.graph.api.app import ASKER, PREFIX, Permit
from nhip.graph.api.openapi import ADDRESS
from nhip.graph.api.request import TRUSTED
from nhip.graph.api.routing import WRITE
from nhip.graph.pulse import TOPIC, keep_listening
from nhip.graph.relays.service import RECEIVED_AT
from nhip.graph_commands import Node, serving
from nhip.kernel import random
from nhip.security.programs.bearer import NEEDED
from nhip.security.sessions import who
from nhip.security.signin.errors import SecondFactorNeeded
from nhip.security.signin.gate import must_have_second
from nhip.settings import Settings
from nhip.things import words
from nhip.web.app import Measured
from nhip.web.errors import SignInNeeded
from nhip.web.live import Live

GRAPH = "graph_app"
"""In the application's state: the interface, while it is open."""
_BESIDE = frozenset({PREFIX, ADDRESS, RECEIVED_AT})


class KeyNeeded(SignInNeeded):
    """The live graph is for programs with a valid key (`Authorization: Bearer nhip_…`) and for people who are signed in."""


class PermissionNeeded(Forbidden):
    """This needs the permission {name}. An administrator gives it; a key gives only what it was issued for."""


class GraphLayer:
    """ASGI layer in front of the pages; `state()` is that of the application, filled when it starts."""

    def __init__(self, app: ASGIApp, state: Callable[[], Any]) -> None:
        self.app = app
        self.state = state
        self.graph = Measured(self._graph)

    async def _graph(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.state()[GRAPH](scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not ours."""
        if scope["type"] != ScopeType.HTTP or not _ours(scope["path"]):
            await self.app(scope, receive, send)
            return
        scope["path_template"] = PREFIX  # one series of measures for all of it
        await self.graph(scope, receive, send)


def _ours(path: str) -> bool:
    """The bare beginning of the interface too: who opens it is told where its operations are described."""
    return path.startswith(f"{PREFIX}/") or path in _BESIDE


def permit_of(app: Litestar) -> Permit:
    """Who may: the house's accounts, keys and tokens. Things belong to no organisation, so a right held for one counts."""

    async def permit(scope: dict[str, Any], permission: str) -> None:
        scope["litestar_app"] = app
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)  # type: ignore[arg-type]
        found = await who(connection)
        if found is None:
            raise KeyNeeded
        if not found.rights.anywhere(permission):
            scope[NEEDED] = permission
            raise PermissionNeeded(name=permission)
        settings: Settings = app.state.settings
        if found.via == "session" and found.level < 2 and must_have_second(settings, found.rights):
            raise SecondFactorNeeded
        scope[ASKER], scope[TRUSTED] = str(found.id), found.rights.anywhere(WRITE)

    return permit


@asynccontextmanager
async def graph_beside(app: Litestar, settings: Settings, database_url: str) -> AsyncIterator[None]:
    """Open the graph on the installation's database, for as long as the application runs."""
    async with serving(settings, node_of(settings, database_url), permit_of(app)) as graph:
        app.state[GRAPH] = graph
        live: Live = app.state.live
        hearing = asyncio.create_task(keep_listening(app.state.db, lambda: live.hears(TOPIC), live.publish))
        try:
            yield
        finally:
            hearing.cancel()


def node_of(settings: Settings, database_url: str) -> Node:
    """The installation's own graph, as every process of it serves it."""
    address = settings.base_url or f"http://{settings.host}:{settings.port}"
    return Node(node_name(settings), database_url, address, {f"{address}{words.PATH}": words.FILE})


def node_name(settings: Settings) -> str:
    """What this broker is called by its peers; made once, the same for as long as the installation lives."""
    made = read_or_make(settings.data_dir / "keys" / "graph-node.name", random.token(16).encode())
    return f"nhip-{made.decode('ascii')}"

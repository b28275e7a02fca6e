"""The ASGI application of `/ngsi-ld/v1`: finds the route, checks what all operations share, runs the handler, answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from nhip.graph.api import openapi, params, routes, snapshots
from nhip.graph.api.answers import Answer, problem
from nhip.graph.api.limits import Limits
from nhip.graph.api.media import PROBLEM, body_type, chosen, problem_type, require_plain
from nhip.graph.api.request import Call, Receive, Scope, segments
from nhip.graph.api.routing import WRITE, Resource, Route, find, identifier_missing
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.errors import BadRequestData, MethodNotAllowed, NonexistentTenant, NoSuchOperation
from nhip.graph.query.narrowing import Asker, asking
from nhip.kernel.i18n import _
from nhip.kernel.time import now

if TYPE_CHECKING:
    from nhip.graph.contexts.service import Contexts
    from nhip.graph.mirrors.service import Mirrors
    from nhip.graph.registrations.forwarding import Federation
    from nhip.graph.registrations.service import Registrations
    from nhip.graph.relays.service import Relays
    from nhip.graph.service import Graph
    from nhip.graph.subscriptions.service import Subscriptions
    from nhip.graph.watches.service import Watches

PREFIX = "/ngsi-ld/v1"
Send = Callable[[Any], Awaitable[None]]
Permit = Callable[[Scope, str], Awaitable[None]]
"""Raises (an NhipError) when whoever sent the request may not do what the permission allows."""
_TENANT = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
ASKER = "graph.asker"
"""In the ASGI scope: in whose name the request is made, where the permit tells."""
NO_TENANT = 0
"""Number of a tenant that is not there: it has nothing."""
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


class GraphApp:
    """`graph` holds the entities, `contexts` the @contexts; `node` names this broker to its peers; `permit` lets in."""

    def __init__(
        self,
        graph: Graph,
        contexts: Contexts,
        *,
        node: str,
        limits: Limits | None = None,
        permit: Permit | None = None,
        base_url: str = "",
        registrations: Registrations | None = None,
        federation: Federation | None = None,
        subscriptions: Subscriptions | None = None,
        watches: Watches | None = None,
        mirrors: Mirrors | None = None,
        relays: Relays | None = None,
    ) -> None:
        self.graph = graph
        self.registrations = registrations
        self.federation = federation
        self.subscriptions = subscriptions
        self.watches = watches
        self.mirrors = mirrors
        self.relays = relays
        self.contexts = contexts
        self.hosting = Hosting(contexts, base_url)
        self.node = node
        self.base_url = base_url
        self.limits = limits or Limits()
        self.permit = permit
        self.started = now()
        routes.install()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request whose path begins with /ngsi-ld/v1."""
        call = Call(self, scope, receive, [])
        try:
            answer = await self.answer(call)
        except Exception as error:
            answer = problem(error)
        if answer.kind == PROBLEM:
            answer.kind = problem_type(call.header(b"accept"))
        await _sent(call, answer, send)

    async def answer(self, call: Call) -> Answer:
        """What all operations share (6.3.4, 6.3.14, 6.3.20), then the operation."""
        if call.scope["path"] == openapi.ADDRESS and call.method in ("GET", "HEAD"):
            return self._described()
        if call.method in _WITH_BODY and b"content-length" not in call.headers:
            return Answer(411)
        call.tenant_name = _tenant_name(call.header(b"ngsild-tenant"))
        path = segments(call.scope)
        resource, call.parts = find(path)
        if resource is None:
            raise NoSuchOperation(what=call.scope["path"][:200])
        if call.method == "OPTIONS":
            return Answer(204, headers=[_allow(resource)])
        route = resource.get("GET" if call.method == "HEAD" else call.method)
        if route is None:
            if path == ["entities"] and call.method in ("PUT", "PATCH") and identifier_missing(path, call.method):
                raise BadRequestData(what=_("the address ends where an identifier is expected"))
            return _not_allowed(call.method, resource)
        return await self._run(call, route, path[0])

    def _described(self) -> Answer:
        answer = Answer(200, openapi.document(f"{self.base_url}{PREFIX}", keys=self.permit is not None))
        return answer.with_header(b"access-control-allow-origin", "*")

    async def _run(self, call: Call, route: Route, place: str) -> Answer:
        if self.permit is not None and not route.by_token:
            await self.permit(call.scope, route.permission)
        call.query = params.parsed(call.scope["query_string"], route.params)
        call.accept = chosen(call.header(b"accept"), route.offered)
        if call.method in _WITH_BODY:
            call.kind = body_type(call.header(b"content-type"), call.method == "PATCH")
            if b"content-encoding" in call.headers:
                require_plain(call.header(b"content-encoding"))
        if call.tenant_name:
            call.tenant = await self._tenant(call.tenant_name, route)
            if route.permission == WRITE and self.mirrors is not None:
                self.mirrors.refuse(call.tenant, place)
        # whoever comes with a token tells what the house asked for
        with asking(None if route.by_token else Asker(call.tenant, call.scope.get(ASKER, ""))):
            if snapshots.HEADER not in call.headers:
                return await route.handler(call)
            await snapshots.enter(call, place, writes=route.permission == WRITE)
            answer = await route.handler(call)
            return answer.with_header(snapshots.HEADER, call.header(snapshots.HEADER))

    async def _tenant(self, name: str, route: Route) -> int:
        try:
            return await self.graph.tenant(name, create=route.makes_tenant)
        except NonexistentTenant:
            if route.any_tenant:
                return NO_TENANT
            raise


def _tenant_name(name: str) -> str:
    if name and not _TENANT.fullmatch(name):
        raise BadRequestData(what=_("NGSILD-Tenant: letters, digits and _ . : / - are allowed, at most 100"))
    return name


def _allow(resource: Resource) -> tuple[bytes, bytes]:
    return b"allow", ", ".join([*resource, "OPTIONS", *(["HEAD"] if "GET" in resource else [])]).encode()


def _not_allowed(method: str, resource: Resource) -> Answer:
    answer = problem(MethodNotAllowed(what=method[:20]))
    answer.headers.append(_allow(resource))
    return answer


async def _sent(call: Call, answer: Answer, send: Send) -> None:
    headers = answer.headers
    if answer.body:
        headers = [*headers, (b"content-type", answer.kind.encode()), (b"content-length", b"%d" % len(answer.body))]
    elif answer.status != 204:
        headers = [*headers, (b"content-length", b"0")]
    if call.tenant_name:
        headers = [*headers, (b"ngsild-tenant", call.tenant_name.encode("latin-1"))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else answer.body})

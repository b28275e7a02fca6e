"""Subscriptions to entities (CIM 009, 5.8; 6.10, 6.11) and to registrations (5.11; 6.12, 6.13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import PAGES, pages
from nhip.graph.api.media import LD_JSON
from nhip.graph.api.names import require_uri
from nhip.graph.api.relaying import came_by, follow
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import page_links, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.errors import BadRequestData, InvalidRequest, OperationNotSupported
from nhip.graph.subscriptions.keeping import Kept
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.subscriptions.showing import shown
from nhip.graph.subscriptions.store import Rest
from nhip.graph.watches.service import Watches
from nhip.kernel.i18n import _

ONE = frozenset({"options"})
LISTED = PAGES | {"options"}
_SHOWING = frozenset({"sysAttrs", "count"})
"""`count` among them is older than the parameter of that name; clients written against Orion-LD (FiLiP) still send it."""


class Subscribing:
    """The operations on subscriptions of one kind: `kept` holds them, `name` is the last part of their address."""

    def __init__(self, kept: Callable[[Call], Kept[Any, Any]], name: str, *, triggers: bool) -> None:
        self._kept, self._path, self._triggers = kept, f"/ngsi-ld/v1/{name}/", triggers

    async def subscribe(self, call: Call) -> Answer:
        """POST the collection."""
        body, given, context = await _told(call)
        if "id" in body:
            require_uri(body["id"] if isinstance(body["id"], str) else "")
        if not isinstance(context.echo, str) and "jsonldContext" not in body:
            # a context without an address of its own gets one, by which notifications can name it (5.2.12)
            body["jsonldContext"] = await call.app.hosting.implicit(call.tenant, context.echo)
        if params.boolean(call.query, "local"):
            body["localOnly"] = True
        via = came_by(call) if self._triggers else ()
        id = await self._kept(call).create(call.tenant, body, given, context)
        if self._triggers:
            await follow(call, id, via)
        return Answer(201).with_header(b"location", self._path + id)

    async def update(self, call: Call) -> Answer:
        """PATCH one."""
        id = require_uri(call.parts[0])
        body, given, context = await _told(call)
        if body.get("id", id) != id or body.get("type", "Subscription") != "Subscription":
            raise BadRequestData(what=_("the id and the type of a subscription cannot be changed"))
        await self._kept(call).update(call.tenant, id, body, given, context)
        if self._triggers:
            await follow(call, id)
        return Answer(204)

    async def delete(self, call: Call) -> Answer:
        """DELETE one."""
        id = require_uri(call.parts[0])
        await self._kept(call).delete(call.tenant, id)
        if self._triggers:
            await follow(call, id)
        return Answer(204)

    async def retrieve(self, call: Call) -> Answer:
        """GET one."""
        id = require_uri(call.parts[0])
        context = await call.context()
        rest = await self._kept(call).get(call.tenant, id)
        return await with_context(call, context, await self._shown(call, rest, context))

    async def query(self, call: Call) -> Answer:
        """GET the collection."""
        context = await call.context()
        page = pages(call.query, call.app.limits)
        kept = self._kept(call)
        found = await kept.page(call.tenant, page["limit"] + 1, page["offset"])
        some = [await self._shown(call, rest, context) for rest in found[: page["limit"]]]
        answer = await with_context(call, context, some)
        if page["count"] or "count" in params.options(call.query, _SHOWING):
            answer.with_header(b"ngsild-results-count", str(await kept.count(call.tenant)))
        answer.headers += page_links(call, len(found) > page["limit"], kind=LD_JSON)
        return answer

    async def _shown(self, call: Call, rest: Rest, context: Context) -> dict[str, Any]:
        """As it is; one to entities with the @context of its notifications even where it names none (5.8.1.4)."""
        sys = "sysAttrs" in params.options(call.query, _SHOWING)
        made = shown(rest, context, sys=sys, triggers=self._triggers, secrets=call.trusted)
        if self._triggers and "jsonldContext" not in made:
            made["jsonldContext"] = await call.app.hosting.implicit(call.tenant, rest.context)
        return made


def _to_entities(call: Call) -> Subscriptions:
    if call.app.subscriptions is None:
        raise OperationNotSupported(what=_("this broker keeps no subscriptions"))
    return call.app.subscriptions


def _to_registrations(call: Call) -> Watches:
    if call.app.watches is None:
        raise OperationNotSupported(what=_("this broker keeps no subscriptions"))
    return call.app.watches


TO_ENTITIES = Subscribing(_to_entities, "subscriptions", triggers=True)
TO_REGISTRATIONS = Subscribing(_to_registrations, "csourceSubscriptions", triggers=False)


async def _told(call: Call) -> tuple[dict[str, Any], Any, Context]:
    """The body, the @context as it was given, and that resolved."""
    body = await call.json(bounded=True)
    if not isinstance(body, dict):
        raise InvalidRequest(what=_("the body must be one JSON object"))
    given = call.given(body)
    return body, given, await call.resolved(given)

"""Subscriptions (CIM 009, 5.8; 6.10, 6.11)."""

from __future__ import annotations

from typing import Any

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import PAGES, pages
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import page_links, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.errors import BadRequestData, InvalidRequest, OperationNotSupported
from nhip.graph.subscriptions.service import Subscriptions
from nhip.graph.subscriptions.showing import shown
from nhip.kernel.i18n import _

ONE = frozenset({"options"})
LISTED = PAGES | {"options"}
_PATH = "/ngsi-ld/v1/subscriptions/"


def _subscriptions(call: Call) -> Subscriptions:
    if call.app.subscriptions is None:
        raise OperationNotSupported(what=_("this broker keeps no subscriptions"))
    return call.app.subscriptions


async def subscribe(call: Call) -> Answer:
    """POST /subscriptions."""
    body, given, context = await _told(call)
    if "id" in body:
        require_uri(body["id"] if isinstance(body["id"], str) else "")
    if not isinstance(context.echo, str) and "jsonldContext" not in body:
        # a context without an address of its own gets one, by which notifications can name it (5.2.12)
        body["jsonldContext"] = await call.app.hosting.implicit(call.tenant, context.echo)
    id = await _subscriptions(call).create(call.tenant, body, given, context)
    return Answer(201).with_header(b"location", _PATH + id)


async def update_subscription(call: Call) -> Answer:
    """PATCH /subscriptions/{id}."""
    id = require_uri(call.parts[0])
    body, given, context = await _told(call)
    if body.get("id", id) != id or body.get("type", "Subscription") != "Subscription":
        raise BadRequestData(what=_("the id and the type of a subscription cannot be changed"))
    await _subscriptions(call).update(call.tenant, id, body, given, context)
    return Answer(204)


async def delete_subscription(call: Call) -> Answer:
    """DELETE /subscriptions/{id}."""
    await _subscriptions(call).delete(call.tenant, require_uri(call.parts[0]))
    return Answer(204)


async def retrieve_subscription(call: Call) -> Answer:
    """GET /subscriptions/{id}."""
    id = require_uri(call.parts[0])
    context = await call.context()
    rest = await _subscriptions(call).get(call.tenant, id)
    return await with_context(call, context, shown(rest, context, sys=_sys(call)))


async def query_subscriptions(call: Call) -> Answer:
    """GET /subscriptions."""
    context = await call.context()
    page = pages(call.query, call.app.limits)
    service = _subscriptions(call)
    found = await service.page(call.tenant, page["limit"] + 1, page["offset"])
    some = [shown(rest, context, sys=_sys(call)) for rest in found[: page["limit"]]]
    answer = await with_context(call, context, some)
    if page["count"]:
        answer.with_header(b"ngsild-results-count", str(await service.count(call.tenant)))
    answer.headers += page_links(call, len(found) > page["limit"])
    return answer


async def _told(call: Call) -> tuple[dict[str, Any], Any, Context]:
    """The body, the @context as it was given, and that resolved."""
    body = await call.json()
    if not isinstance(body, dict):
        raise InvalidRequest(what=_("the body must be one JSON object"))
    given = call.given(body)
    return body, given, await call.resolved(given)


def _sys(call: Call) -> bool:
    return "sysAttrs" in params.options(call.query, frozenset({"sysAttrs"}))

"""@contexts that this broker keeps (CIM 009, 5.13; 6.29, 6.30)."""

from __future__ import annotations

from nhip.graph.api import params
from nhip.graph.api.answers import Answer, dumped
from nhip.graph.api.request import Call
from nhip.graph.errors import InvalidRequest
from nhip.kernel.i18n import _

LISTED = frozenset({"details", "kind"})
SERVED = frozenset({"details"})
DELETED = frozenset({"reload"})


async def add_context(call: Call) -> Answer:
    """POST /jsonldContexts."""
    body = await call.json(bounded=True)
    if not isinstance(body, dict) or "@context" not in body:
        raise InvalidRequest(what=_("the body is an object with @context"))
    path = await call.app.hosting.add(call.tenant, body)
    return Answer(201).with_header(b"location", path)


async def list_contexts(call: Call) -> Answer:
    """GET /jsonldContexts."""
    details = params.boolean(call.query, "details")
    found = await call.app.hosting.list(call.tenant, call.query.get("kind", ""), details=details)
    return Answer(200, dumped(found))


async def serve_context(call: Call) -> Answer:
    """GET /jsonldContexts/{id}."""
    details = params.boolean(call.query, "details")
    return Answer(200, dumped(await call.app.hosting.serve(call.tenant, call.parts[0], details=details)))


async def delete_context(call: Call) -> Answer:
    """DELETE /jsonldContexts/{id}, which with `reload` fetches the copy anew."""
    reload = params.boolean(call.query, "reload")
    await call.app.hosting.delete(call.tenant, call.parts[0], reload=reload)
    return Answer(204)

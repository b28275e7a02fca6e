"""GET /entities/{id} (CIM 009, 5.7.1; 6.5.3.1)."""

from __future__ import annotations

import orjson

from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import LINKS, asked_in
from nhip.graph.api.media import JSON
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import CONTEXT, Call
from nhip.graph.api.viewing import SHOWN, in_body, link_of, view_of
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import render, render_one
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Doc, Stored
from nhip.graph.query.build import build
from nhip.graph.query.match import matcher
from nhip.graph.query.model import Query

RETRIEVE = SHOWN | LINKS | {"attrs", "pick", "omit", "datasetId", "type", "local", "entityMap", "splitEntities", "via"}


async def retrieve_entity(call: Call) -> Answer:
    """One entity in the form that was asked for. Raises ResourceNotFound, also when it has none of the attributes named."""
    identifier = require_uri(call.parts[0])
    context = await call.context()
    if not call.query and call.accept == JSON:
        stored = await _stored(call, identifier)
        return Answer(200, render_one(stored, context), headers=[(b"link", link_of(call, context))])
    query = build(asked_in(call.query, call.app.limits), context, narrow=False)
    view = view_of(call, context, query)
    stored = await _stored(call, identifier)
    doc = unpack(stored.doc, stored.sys)
    if not matcher(query)(doc):
        raise ResourceNotFound(what=identifier)
    if query.join:
        return await _joined(call, doc, query)
    shown = render(doc, context, view)
    if in_body(call):
        return Answer(200, orjson.dumps({**shown, CONTEXT: context.echo}), call.accept)
    return Answer(200, orjson.dumps(shown), call.accept, [(b"link", link_of(call, context))])


async def _stored(call: Call, identifier: str) -> Stored:
    stored = await call.app.graph.get(call.tenant, identifier)
    if stored is None:
        raise ResourceNotFound(what=identifier)
    return stored


async def _joined(call: Call, doc: Doc, query: Query) -> Answer:
    raise NotImplementedError

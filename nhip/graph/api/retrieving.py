"""GET /entities/{id} (CIM 009, 5.7.1; 6.5.3.1)."""

from __future__ import annotations

import msgspec

from nhip.graph.api.answers import Answer, problem
from nhip.graph.api.asking import LINKS, asked_in
from nhip.graph.api.federating import federation_of, retrieve, warned
from nhip.graph.api.maps import HEADER, told_of_one
from nhip.graph.api.media import JSON
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import SHOWN, link_of, view_of, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import collected, render
from nhip.graph.document.rendered import entity_json
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Doc, Stored, View
from nhip.graph.pieces import LARGE, aside
from nhip.graph.query.build import build
from nhip.graph.query.linked import join
from nhip.graph.query.match import matcher
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses

RETRIEVE = SHOWN | LINKS | {"attrs", "pick", "omit", "datasetId", "type", "local", "entityMap", "splitEntities", "via"}

_PARTICULAR = frozenset({b"prefer", HEADER})
"""Headers that ask for another answer than the usual one."""


async def retrieve_entity(call: Call) -> Answer:
    """One entity, with the address of the entity map that the request uses (5.7.1.4). Raises ResourceNotFound."""
    identifier = require_uri(call.parts[0])
    if (
        not call.query
        and call.accept == JSON
        and call.headers.keys().isdisjoint(_PARTICULAR)
        and not clauses()
        and not federation_of(call)
    ):
        context = await call.context()
        stored = await call.app.graph.get(call.tenant, identifier)
        if stored is None:
            raise ResourceNotFound(what=identifier)
        if len(stored.doc) > LARGE:
            made = await aside(entity_json, stored, context)
        else:
            made = entity_json(stored, context)
        return Answer(200, made, headers=[(b"link", await link_of(call, context))])
    return await told_of_one(call, await _shown(call, identifier), identifier)


async def _shown(call: Call, identifier: str) -> Answer:
    """In the form that was asked for. Raises ResourceNotFound, also when it has none of the attributes named."""
    context = await call.context()
    federation = federation_of(call)
    query = build(asked_in(call.query, call.app.limits), context, narrow=False)
    view = view_of(call, context, query)
    if federation is None:
        stored = await _stored(call, identifier)
        large = len(stored.doc) > LARGE
        unpacked = await aside(unpack, stored.doc, stored.sys) if large else unpack(stored.doc, stored.sys)
        return await _seen(call, context, query, view, unpacked, large=large)
    doc, warnings = await retrieve(call, federation, identifier, context, query, sys=view.sys)
    try:
        if doc is None:
            raise ResourceNotFound(what=identifier)
        return warned(await _seen(call, context, query, view, doc), warnings)
    except ResourceNotFound as error:
        return warned(problem(error), warnings)


async def _seen(call: Call, context: Context, query: Query, view: View, doc: Doc, *, large: bool = False) -> Answer:
    """An entity as the view has it. Raises ResourceNotFound when nothing of it is left."""
    if not matcher(query)(doc):
        raise ResourceNotFound(what=doc["id"])
    if not query.join:
        shown_alone = await aside(render, doc, context, view) if large else render(doc, context, view)
        if not shown_alone:
            raise ResourceNotFound(what=doc["id"])
        return await with_context(call, context, shown_alone)
    docs = await join(call.app.graph, call.tenant, [doc], query, system=view.sys)
    view = msgspec.structs.replace(view, pick=None, omit=frozenset())
    shown = [render(one, context, view) for one in docs]
    return await with_context(call, context, collected(shown, view) if len(shown) > 1 else shown[0])


async def _stored(call: Call, identifier: str) -> Stored:
    stored = await call.app.graph.get(call.tenant, identifier)
    if stored is None:
        raise ResourceNotFound(what=identifier)
    return stored

"""Maps of what a query finds, without the entities: GET and POST /entityMaps (CIM 009, 5.14.4; 6.34)."""

from __future__ import annotations

import msgspec

from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import LINKS, ORDER, PAGES, WHICH, asked_by, asked_in
from nhip.graph.api.federating import warned
from nhip.graph.api.gathering import sources_of
from nhip.graph.api.maps import ids_of, said_in, shown
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import SHOWN
from nhip.graph.contexts.model import Context
from nhip.graph.query.build import Asked, build

QUERY = WHICH | PAGES | ORDER | LINKS | SHOWN | {"entityMap", "entityMapLifetime", "splitEntities"}
POSTED = PAGES | SHOWN | {"local", "entityMap", "entityMapLifetime", "splitEntities"}


async def create_map(call: Call) -> Answer:
    """GET /entityMaps."""
    return await _mapped(call, await call.context(), asked_in(call.query, call.app.limits))


async def create_map_posted(call: Call) -> Answer:
    """POST /entityMaps, asked by a Query document."""
    body, context = await call.fragment(bounded=True)
    asked = asked_by(body, call.query, call.app.limits)
    said_in(call, body)
    return await _mapped(call, context, asked)


async def _mapped(call: Call, context: Context, asked: Asked) -> Answer:
    whole = msgspec.structs.replace(asked, limit=1, offset=0, count=False)  # pages are not for maps
    query = build(whole, context)
    found = await sources_of(call, context, whole, query)
    if found is None:
        return await shown(call, context, await ids_of(call, query))
    return warned(await shown(call, context, list(found[0]), found[0]), found[1])

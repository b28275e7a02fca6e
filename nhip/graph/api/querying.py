"""Queries: GET /entities, POST /entityOperations/query, and purge (CIM 009, 5.7.2, 5.6.21; 6.4.3.2, 6.4.3.3, 6.23)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from nhip.graph.api import params
from nhip.graph.api.answers import Answer, dumped, entity_problem
from nhip.graph.api.asking import LINKS, ORDER, PAGES, WHICH, asked_by, asked_in
from nhip.graph.api.federating import purge_elsewhere
from nhip.graph.api.gathering import gather
from nhip.graph.api.limits import Limits
from nhip.graph.api.maps import ids_of, said_in, told, use_of
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import SHOWN, in_body, link_of, page_links, view_of, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import PLAIN, collected, render
from nhip.graph.document.rendered import entities_json
from nhip.graph.errors import BadRequestData
from nhip.graph.model import ENTITY_MEMBERS, Doc, Operation, Stored, View
from nhip.graph.pieces import LARGE, aside, pieces
from nhip.graph.query.build import Asked, build
from nhip.graph.query.linked import join
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses
from nhip.graph.query.search import page_after, search
from nhip.kernel.i18n import _

_PURGED_AT_ONCE = 500
_LONGEST_REMEMBERED = 1000
_MOST_REMEMBERED = 1024
QUERY = WHICH | PAGES | ORDER | LINKS | SHOWN | {"entityMap", "splitEntities", "entityMapLifetime"}
POSTED = PAGES | SHOWN | {"local", "entityMap", "entityMapLifetime", "splitEntities"}
PURGE = (WHICH - {"pick", "omit"}) | {"keep", "drop"}


async def query_entities(call: Call) -> Answer:
    """GET /entities."""
    context = await call.context()
    text = call.scope["query_string"]
    if len(text) > _LONGEST_REMEMBERED or clauses():  # what is remembered is the same for everybody
        asked, query = _read(text, context, call.app.limits)
    else:
        asked, query = _remembered(text, context, call.app.limits)
    return await _found(call, context, asked, query, None)


_memo: dict[tuple[bytes, str, Limits], tuple[Asked, Query]] = {}


def _remembered(text: bytes, context: Context, limits: Limits) -> tuple[Asked, Query]:
    """As `_read`; found by the key of the context, which can be large, so that it is not kept with what is remembered."""
    key = text, context.key, limits
    found = _memo.get(key)
    if found is None:
        if len(_memo) >= _MOST_REMEMBERED:
            _memo.clear()
        found = _memo[key] = _read(text, context, limits)
    return found


def _read(text: bytes, context: Context, limits: Limits) -> tuple[Asked, Query]:
    """What the parameters of a request ask, in the names of its @context."""
    asked = asked_in(params.parsed(text, QUERY), limits)
    return asked, build(asked, context)


async def query_posted(call: Call) -> Answer:
    """POST /entityOperations/query."""
    body, context = await call.fragment(bounded=True)
    asked = asked_by(body, call.query, call.app.limits)
    said_in(call, body)
    return await _found(call, context, asked, build(asked, context), body)


async def _found(call: Call, context: Context, asked: Asked, query: Query, body: dict[str, Any] | None) -> Answer:
    view = view_of(call, context, query, body)
    use = await use_of(call)
    if (gathered := await gather(call, context, asked, query, view, use)) is not None:
        return gathered
    query = use.narrowed(query)
    found = await search(call.app.graph, call.tenant, query)
    if view == PLAIN and not query.join and not in_body(call) and b"prefer" not in call.headers:
        if _is_large(found.stored):
            plain = await aside(entities_json, found.stored, context)
        else:
            plain = entities_json(found.stored, context)
        answer = Answer(200, plain, call.accept, [(b"link", await link_of(call, context))])
    else:
        answer = await _rendered(call, context, query, view, found.stored)
    if query.count:
        answer.with_header(b"ngsild-results-count", str(found.count))
    answer.headers += page_links(call, found.more)
    return await told(call, use, answer, lambda: ids_of(call, query), created=201)


async def _rendered(call: Call, context: Context, query: Query, view: View, rows: list[Stored]) -> Answer:
    docs: list[Doc] = []
    async for some in pieces(rows):
        docs += [unpack(row.doc, row.sys if view.sys else None) for row in some]
    if query.join:
        docs = await join(call.app.graph, call.tenant, docs, query, system=view.sys)
        view = msgspec.structs.replace(view, pick=None, omit=frozenset())
    if query.join or _is_large(rows):
        shown = await aside(_shown, docs, context, view)
    else:
        shown = _shown(docs, context, view)
    return await with_context(call, context, collected(shown, view))


def _is_large(rows: list[Stored]) -> bool:
    return sum([len(row.doc) for row in rows]) > LARGE


def _shown(docs: list[Doc], context: Context, view: View) -> list[dict[str, Any]]:
    return [render(doc, context, view) for doc in docs]


async def purge_entities(call: Call) -> Answer:
    """DELETE /entities: every entity that is found, or of them the attributes that are dropped or not kept."""
    if "keep" in call.query and "drop" in call.query:
        raise BadRequestData(what=_("keep and drop exclude each other"))
    context = await call.context()
    query = build(asked_in(call.query, call.app.limits), context)
    keep = frozenset(context.expand(name) for name in params.listed(call.query.get("keep", "")))
    drop = frozenset(context.expand(name) for name in params.listed(call.query.get("drop", "")))
    failed = await purge_elsewhere(call, context, query)
    done: list[str] = []
    async for rows in _batches(call, query):
        operations = [one for row in rows for one in _purged(row, keep, drop)]
        for outcome in await call.app.graph.write(call.tenant, operations) if operations else ():
            if outcome.error is not None:
                failed.append(entity_problem(outcome.id, outcome.error))
            else:
                done.append(outcome.id)
    if failed:
        return Answer(207, dumped({"success": list(dict.fromkeys(done)), "errors": failed}))
    return Answer(204)


async def _batches(call: Call, query: Query) -> AsyncIterator[list[Stored]]:
    """All that is found, some at a time, each from where the last ended: what was given may be gone by then."""
    query = msgspec.structs.replace(query, limit=_PURGED_AT_ONCE, offset=0, count=False)
    after, more = "", True
    while more:
        found = await page_after(call.app.graph, call.tenant, query, after)
        yield found.stored
        more = found.more
        after = found.stored[-1].id if more else after


def _purged(row: Stored, keep: frozenset[str], drop: frozenset[str]) -> list[Operation]:
    """What a purge does to one entity (5.6.21)."""
    if not keep and not drop:
        return [Operation(name="delete", id=row.id)]
    there = [name for name in unpack(row.doc) if name not in ENTITY_MEMBERS]
    gone = [name for name in there if (name not in keep if keep else name in drop)]
    return [Operation(name="delete-attribute", id=row.id, attribute=name, every_dataset=True) for name in gone]

"""Queries that concern other brokers too: a page of what is here and at the sources, with the map of it (5.7.2.4, 5.5.9.3)."""

from __future__ import annotations

import msgspec

from nhip.graph.api.answers import Answer
from nhip.graph.api.federating import federation_of, found_elsewhere, warned
from nhip.graph.api.maps import Use, made_of, walked
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import page_links, with_context
from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import collected, render
from nhip.graph.errors import TooManyResults
from nhip.graph.maps import service as maps
from nhip.graph.maps.service import HERE, EntityMap
from nhip.graph.model import Doc, Stored, View
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.match import matcher
from nhip.graph.query.model import Query
from nhip.graph.query.search import iter_matches, search
from nhip.graph.query.seeing import seeing
from nhip.graph.registrations.reads import Heard, Reach


class Gathered(msgspec.Struct):
    """Entities by id in the order of ids, parts put together; `here`: ids of those that have a part here."""

    docs: dict[str, Doc]
    here: set[str]
    heard: Heard


async def gather(call: Call, context: Context, asked: Asked, query: Query, view: View, use: Use) -> Answer | None:
    """The answer to a query that sources have a part in; None when none is to be asked."""
    if federation_of(call) is None or query.local:
        return None
    split = call.query.get("splitEntities") == "true"
    if use.found is not None:
        return await _walk(call, context, asked, view, use.found, Reach(split=split, sys=view.sys))
    found = await _gathered(call, context, asked, query, Reach(split=split, sys=view.sys, whole=use.wanted))
    if found is None:
        return None
    end = query.offset + query.limit
    page = list(found.docs.values())[query.offset : end]
    answer = await _answer(call, context, view, page, len(found.docs) if query.count else None, len(found.docs) > end)
    if use.wanted:
        answer = await made_of(call, answer, _sources(found))
    return warned(answer, found.heard.warnings)


async def sources_of(
    call: Call, context: Context, asked: Asked, query: Query
) -> tuple[dict[str, list[str]], list[str]] | None:
    """Where each entity is that a query finds, and what went wrong; None when no source is to be asked."""
    if federation_of(call) is None or query.local:
        return None
    reach = Reach(split=call.query.get("splitEntities") == "true", whole=True)
    found = await _gathered(call, context, asked, query, reach)
    return None if found is None else (_sources(found), found.heard.warnings)


def _sources(found: Gathered) -> dict[str, list[str]]:
    return {
        id: [*([HERE] if id in found.here else []), *dict.fromkeys(found.heard.sources.get(id, ()))]
        for id in found.docs
    }


async def _answer(call: Call, context: Context, view: View, page: list[Doc], count: int | None, more: bool) -> Answer:
    answer = await with_context(call, context, collected([render(doc, context, view) for doc in page], view))
    if count is not None:
        answer.with_header(b"ngsild-results-count", str(count))
    answer.headers += page_links(call, more)
    return answer


async def _gathered(call: Call, context: Context, asked: Asked, query: Query, reach: Reach) -> Gathered | None:
    """What is here and at sources, parts of an entity as one; None when no source is asked."""
    heard = await found_elsewhere(call, context, asked, query, reach)
    if heard is None:
        return None
    here = query
    if reach.split:
        here = msgspec.structs.replace(query, q=None, geo=None, scope=None, attributes=frozenset())
    rows = {row.id: row for row in await _rows(call, here, query, whole=reach.whole)}
    missing = [doc["id"] for doc in [*heard.docs, *heard.supplements] if doc["id"] not in rows]
    rows |= {row.id: row for row in await call.app.graph.get_many(call.tenant, list(dict.fromkeys(missing)))}
    ours = [unpack(row.doc, row.sys) for row in rows.values()]
    if (sees := seeing()) is not None:
        ours = [doc for doc in ours if sees(doc)]
    found = heard.merged(ours)
    fits = [check for check in (sees, matcher(query) if reach.split else None) if check is not None]
    docs = {id: found[id] for id in sorted(found) if all(check(found[id]) for check in fits)}
    return Gathered(docs, {doc["id"] for doc in ours}, heard)


async def _rows(call: Call, here: Query, query: Query, *, whole: bool) -> list[Stored]:
    if not whole:
        most = min(query.offset + query.limit, call.app.limits.most)
        page = msgspec.structs.replace(here, offset=0, limit=most, count=False)
        return (await search(call.app.graph, call.tenant, page)).stored
    rows: list[Stored] = []
    async for stored, _doc in iter_matches(call.app.graph, call.tenant, here):
        rows.append(stored)
        if len(rows) > maps.MOST:
            raise TooManyResults(what=str(maps.MOST))
    return rows


async def _walk(call: Call, context: Context, asked: Asked, view: View, used: EntityMap, reach: Reach) -> Answer:
    """A page of a map: only its entities, from where it says that they are, without those that fit no longer."""
    page: list[Doc] = []
    dropped: set[str] = set()
    warnings: list[str] = []
    position, end = asked.offset, len(used.ids)
    while len(page) < asked.limit and position < end:
        some = used.ids[position : position + asked.limit - len(page)]
        position += len(some)
        found = await _of_map(call, context, asked, used, some, reach)
        page += [found.docs[id] for id in some if id in found.docs]
        dropped |= set(some) - found.docs.keys()
        warnings += found.heard.warnings
    count = end - len(dropped) if asked.count else None
    answer = await _answer(call, context, view, page, count, position < end)
    # what a silent source has may still be there
    return warned(await walked(call, answer, used, set() if warnings else dropped), warnings)


async def _of_map(
    call: Call, context: Context, asked: Asked, used: EntityMap, some: list[str], reach: Reach
) -> Gathered:
    """Those of some entities of a map that still fit."""
    entities = [msgspec.structs.replace(one, ids=some) for one in asked.entities] or [Selected(ids=some)]
    narrowed = msgspec.structs.replace(asked, entities=entities, limit=len(some), offset=0, count=False)
    query = maps.within(build(narrowed, context), some)
    only = frozenset(source for id in some for source in used.sources.get(id, ())) - {HERE}
    found = await _gathered(call, context, narrowed, query, msgspec.structs.replace(reach, only=only))
    if found is not None:
        return found
    rows = (await search(call.app.graph, call.tenant, query)).stored
    return Gathered({row.id: unpack(row.doc, row.sys) for row in rows}, {row.id for row in rows}, Heard())

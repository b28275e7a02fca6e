"""Running a query: candidates by the tables, the decision by the closure, pages in a stable order.

Entities come in the order of their ids unless orderBy says otherwise, so that a page never shifts while others are written.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from itertools import compress
from typing import TypeVar

import msgspec

from nhip.graph.document.pack import unpack
from nhip.graph.errors import TooManyResults
from nhip.graph.model import Doc, Stored
from nhip.graph.pieces import LARGE, PIECE, Share, aside
from nhip.graph.query.candidates import candidates, one_type, ready_tables
from nhip.graph.query.counting import anything_late, count_found, count_of, late_of, list_shapes
from nhip.graph.query.finds import queries
from nhip.graph.query.linked import Linked
from nhip.graph.query.match import matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.members import needs_system
from nhip.graph.query.model import Name, Path, Query
from nhip.graph.query.narrow import Fit, Plan, everything, iris_of, plan_of
from nhip.graph.query.nearest import circles, nearest
from nhip.graph.query.ordering import sort_docs
from nhip.graph.query.scanning import Shapes
from nhip.graph.query.stores import Store
from nhip.kernel.time import now

MAX_SORTED = 50_000
"""So many entities are sorted for one answer."""
_FAR = 2000
_PIECE = 64
"""So many entities are read at once before others may get their turn."""


_NOTHING = (None,) * 6
T = TypeVar("T")


class Found(msgspec.Struct, frozen=True):
    """A page of what a query finds."""

    stored: list[Stored]
    count: int | None = None
    """How many there are in all, if that was asked."""
    more: bool = False
    """Whether there are others behind this page."""

    @property
    def ids(self) -> list[str]:
        """The ids of the page."""
        return [one.id for one in self.stored]


async def search(graph: Store, tenant: int, query: Query) -> Found:
    """The page of `query`; a limit of 0 asks for the count alone.

    Raises TooManyResults when more than MAX_SCANNED candidates would have to be looked at, or MAX_SORTED sorted.
    """
    kind = graph.codes.iris.get(_only_type(query))
    if kind is not None and (page := await _type_page(graph, tenant, kind, query)) is not None:
        return page
    plan = await _plan(graph, tenant, query)
    if plan.fit is None:
        return Found([], 0 if query.count else None)
    by_id = not query.order or _is_id(query)
    if plan.exact and by_id and not (query.order and query.order[0].descending):
        return await _exact_page(graph, tenant, query, plan.fit)
    if by_id and not (query.order and query.order[0].descending):
        return await _decided_page(graph, tenant, query, plan)
    if plan.exact and by_id and (everything(plan.fit) or one_type(plan.fit) is not None):
        return await _last_page(graph, tenant, query, plan.fit)
    return await _sorted_page(graph, tenant, query, plan)


def _only_type(query: Query) -> str:
    """The IRI of the one type that a query asks for, where it asks for nothing else and gives its page in the order of ids."""
    if len(query.selectors) != 1 or query.order or query.attributes or query.pick is not None:
        return ""
    selector = query.selectors[0]
    narrower = query.q, query.geo, query.scope, query.within, selector.ids, selector.pattern or None
    return selector.types.text if type(selector.types) is Name and narrower == _NOTHING else ""


def _is_id(query: Query) -> bool:
    return query.order[0].path == Path(("id",))


async def iter_matches(graph: Store, tenant: int, query: Query) -> AsyncIterator[tuple[Stored, Doc]]:
    """Everything that a query finds, whatever its page, in the order of ids. Raises TooManyResults."""
    plan = await _plan(graph, tenant, query)
    if plan.fit is not None:
        async for some in _matches(graph, tenant, query, plan, whole=True):
            for pair in some:
                yield pair


async def page_after(graph: Store, tenant: int, query: Query, after: str) -> Found:
    """The next of what a query finds, as many as its limit, behind an id; what was found before may be gone by now.

    Raises TooManyResults.
    """
    plan = await _plan(graph, tenant, query)
    page: list[Stored] = []
    if plan.fit is not None:
        async with aclosing(_matches(graph, tenant, query, plan, whole=False, after=after)) as found:
            async for some in found:
                page += [stored for stored, _doc in some]
                if len(page) >= query.limit:
                    return Found(page[: query.limit], more=True)
    return Found(page)


async def _plan(graph: Store, tenant: int, query: Query) -> Plan:
    for iri in iris_of(query):
        if iri not in graph.codes.iris:
            await graph.codes.find(iri)
    ready = await ready_tables(graph, tenant) if query.q is not None else {}
    return plan_of(query, lambda iri: graph.codes.iris.get(iri, 0), ready)


async def _exact_page(graph: Store, tenant: int, query: Query, fit: Fit) -> Found:
    """A page that the shapes decide: neither its offset nor its count looks at documents."""
    kind = one_type(fit)
    limit, offset = query.limit, query.offset
    if kind is not None and (page := await _type_page(graph, tenant, kind, query)) is not None:
        return page
    late = await late_of(graph, tenant, query)
    shapes = await list_shapes(graph, tenant, fit)
    total = count_of(shapes, late)
    ids = await _ids(graph, tenant, shapes, limit + 1, offset, fit, late.hidden) if limit and offset < total else []
    some = ids[:limit]
    return Found(await graph.get_many(tenant, some) if some else [], total if query.count else None, len(ids) > limit)


async def _ids(
    graph: Store, tenant: int, shapes: list[tuple[int, int]], limit: int, offset: int, fit: Fit, hidden: list[str]
) -> list[str]:
    """Ids of shapes from an offset on, without some."""
    if (kind := one_type(fit)) is not None:
        return [row[0] for row in await graph.fetch(queries.page_of_type, tenant, kind, "", limit, offset, hidden)]
    if everything(fit):
        return [row[0] for row in await graph.fetch(queries.page_of_all, tenant, "", limit, offset, hidden)]
    if offset > _FAR:
        codes = [shape for shape, _entities in shapes]
        return [row[0] for row in await graph.fetch(queries.far_page_of_shapes, tenant, codes, limit, offset, hidden)]
    lists, ids, without = Shapes(graph, tenant, shapes), list[str](), set(hidden)
    while len(ids) < limit + offset and not lists.ended:
        ids += [id for id in await lists.next(limit + offset - len(ids)) if id not in without]
    return ids[offset:]


async def _last_page(graph: Store, tenant: int, query: Query, fit: Fit) -> Found:
    """A page from the end of what has a type, or of all."""
    kind, limit = one_type(fit), query.limit
    late = await late_of(graph, tenant, query)
    values = (limit + 1 if limit else 0, query.offset, late.hidden)
    if kind is None:
        rows = await graph.fetch(queries.last_of_all, tenant, *values)
    else:
        rows = await graph.fetch(queries.last_of_type, tenant, kind, *values)
    count = count_of(await list_shapes(graph, tenant, fit), late) if query.count else None
    page = [row[0] for row in rows[:limit]]
    return Found(await graph.get_many(tenant, page) if page else [], count, len(rows) > limit > 0)


async def _type_page(graph: Store, tenant: int, kind: int, query: Query) -> Found | None:
    """The most usual page in one query; None when something has just expired, which it might count in."""
    if await anything_late(graph):
        return None
    limit = query.limit
    count = (await graph.fetch(queries.count_of_type, tenant, kind))[0][0] if query.count else None
    rows = await graph.fetch(queries.entities_of_type, tenant, kind, limit + 1, query.offset) if limit else []
    if any(row[4] is not None and row[4] <= now() for row in rows):
        return None
    page = [Stored(row[0], row[1], row[2], row[3]) for row in rows[:limit]]
    return Found(page, count, len(rows) > limit > 0)


async def _decided_page(graph: Store, tenant: int, query: Query, plan: Plan) -> Found:
    """A page in the order of ids that the closure decides; goes no further than it must."""
    by_tables = query.count and plan.sure
    page, matches, ended = await _walked(graph, tenant, query, plan, whole=query.count and not by_tables)
    if by_tables and not ended:
        counted = await count_found(graph, tenant, query, plan)
        if counted is None:
            page, matches, ended = await _walked(graph, tenant, query, plan, whole=True)
        else:
            matches = counted
    more = matches > query.offset + query.limit and query.limit > 0
    return Found(page, matches if query.count else None, more)


async def _walked(
    graph: Store, tenant: int, query: Query, plan: Plan, *, whole: bool
) -> tuple[list[Stored], int, bool]:
    """The page, how many were found on the way, and whether these are all; no further than the page unless `whole`."""
    page: list[Stored] = []
    matches, end = 0, query.offset + query.limit
    async with aclosing(_matches(graph, tenant, query, plan, whole=whole)) as found:
        async for some in found:
            page += [stored for stored, _doc in some[max(query.offset - matches, 0) : max(end - matches, 0)]]
            matches += len(some)
            if matches > end and not whole:
                return page, matches, False
    return page, matches, True


async def _sorted_page(graph: Store, tenant: int, query: Query, plan: Plan) -> Found:
    if circles(query):
        attribute = await graph.codes.find(query.order[0].path.names[0])
        near = await nearest(graph, tenant, query, plan, attribute, system=needs_system(query))
        if near is not None:
            return await _ordered_page(query, near)
    everything: list[tuple[Stored, Doc]] = []
    async for some in _matches(graph, tenant, query, plan, whole=True):
        everything += some
        if len(everything) > MAX_SORTED:
            raise TooManyResults(what=str(MAX_SORTED))
    return await _ordered_page(query, everything)


async def _ordered_page(query: Query, everything: list[tuple[Stored, Doc]]) -> Found:
    by_id = {stored.id: stored for stored, _doc in everything}
    wanted = [doc for _stored, doc in everything], query.order, query.origin, query.collation
    few = sum([len(stored.doc) for stored, _doc in everything]) <= LARGE
    docs = sort_docs(*wanted) if few else await aside(sort_docs, *wanted)
    page = [by_id[doc["id"]] for doc in docs[query.offset : query.offset + query.limit]]
    more = query.limit > 0 and len(docs) > query.offset + query.limit
    return Found(page, len(docs) if query.count else None, more)


async def _matches(
    graph: Store, tenant: int, query: Query, plan: Plan, *, whole: bool, after: str = ""
) -> AsyncGenerator[list[tuple[Stored, Doc]], None]:
    """All that the query finds, in the order of ids, a few at a time; `whole`: somebody goes through all."""
    system = needs_system(query)
    links = linked_steps(query.q)
    linked = Linked(graph, tenant, system=system)
    fits = matcher(query, linked.get)
    share = Share()
    async with aclosing(candidates(graph, tenant, query, plan, whole=whole, after=after)) as batches:
        async for batch in batches:
            for some in _divided(batch, len(batch) if links else _PIECE):
                small = sum([len(one.doc) for one in some]) <= LARGE
                rows = _unpacked(some, system) if small else await aside(_unpacked, some, system)
                if links:
                    await linked.follow([doc for _stored, doc in rows], links)
                for part in _divided(rows, PIECE):
                    docs = [doc for _stored, doc in part]
                    held = list(map(fits, docs)) if small else [await aside(fits, doc) for doc in docs]
                    if any(held):
                        yield list(compress(part, held))
                    if share.over:
                        await share.rest()


def _divided(items: Sequence[T], step: int) -> list[Sequence[T]]:
    return [items[start : start + step] for start in range(0, len(items), step or 1)]


def _unpacked(some: Sequence[Stored], system: bool) -> list[tuple[Stored, Doc]]:
    return [(one, unpack(one.doc, one.sys if system else None)) for one in some]

"""Running a query: candidates by the tables, the decision by the closure, pages in a stable order.

Entities come in the order of their ids unless orderBy says otherwise, so that a page never shifts while others are written.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from nhip.graph.document.pack import unpack
from nhip.graph.errors import TooManyResults
from nhip.graph.model import Doc, Stored
from nhip.graph.query import indexing
from nhip.graph.query.linked import Linked
from nhip.graph.query.match import matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.model import SYSTEM_NAMES, And, Node, Or, Path, Query, Term
from nhip.graph.query.narrow import Find, Fit, Plan, iris_of, plan_of, queries
from nhip.graph.query.ordering import sort_docs
from nhip.graph.query.stores import Store

MAX_SORTED = 50_000
"""So many entities are sorted for one answer."""
MAX_SCANNED = 200_000
"""So many candidates are looked at for one answer."""
_MOST_FOUND = 20_000
"""A set of candidates that is larger does not narrow enough."""
SLOW = 2000
"""A query that looks at more candidates gets rows for the values it compares."""
_BATCH = 500
_READY_S = 1.0


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
    plan = await _plan(graph, tenant, query)
    if plan.fit is None:
        return Found([], 0 if query.count else None)
    by_id = not query.order or _is_id(query)
    if plan.exact and by_id and not (query.order and query.order[0].descending):
        return await _exact_page(graph, tenant, query, plan.fit)
    if by_id and not (query.order and query.order[0].descending):
        return await _decided_page(graph, tenant, query, plan)
    return await _sorted_page(graph, tenant, query, plan)


def _is_id(query: Query) -> bool:
    return query.order[0].path == Path(("id",))


async def iter_matches(graph: Store, tenant: int, query: Query) -> AsyncIterator[tuple[Stored, Doc]]:
    """Everything that a query finds, whatever its page, in the order of ids. Raises TooManyResults."""
    plan = await _plan(graph, tenant, query)
    if plan.fit is not None:
        async for pair in _matches(graph, tenant, query, plan):
            yield pair


async def _plan(graph: Store, tenant: int, query: Query) -> Plan:
    for iri in iris_of(query):
        if iri not in graph.codes.iris:
            await graph.codes.find(iri)
    ready = await ready_attributes(graph, tenant) if query.q is not None else frozenset()
    return plan_of(query, lambda iri: graph.codes.iris.get(iri, 0), ready)


_ready: WeakKeyDictionary[Any, dict[int, tuple[float, frozenset[int]]]] = WeakKeyDictionary()


async def ready_attributes(graph: Store, tenant: int) -> frozenset[int]:
    """The attributes whose values have complete rows; looked up once a second."""
    known = _ready.setdefault(graph, {})
    at, found = known.get(tenant, (-_READY_S, frozenset[int]()))
    if time.monotonic() - at >= _READY_S:
        found = frozenset(row[0] for row in await graph.fetch(queries.list_ready, tenant))
        known[tenant] = (time.monotonic(), found)
    return found


async def _exact_page(graph: Store, tenant: int, query: Query, fit: Fit) -> Found:
    """A page that the shapes decide: neither its offset nor its count looks at documents."""
    kind = _one_type(fit)
    limit, offset = query.limit, query.offset
    if kind is not None:
        rows = await graph.fetch(queries.page_of_type, tenant, kind, "", limit + 1, offset) if limit else []
        count = (await graph.fetch(queries.count_of_type, tenant, kind))[0][0] if query.count else None
    else:
        shapes = await graph.fetch(queries.list_shapes, tenant, fit.types, fit.some, fit.every)
        codes = [row[0] for row in shapes]
        most = limit + 1 + offset
        rows = await graph.fetch(queries.page_of_shapes, tenant, codes, "", most, limit + 1, offset) if limit else []
        count = sum(row[1] for row in shapes) if query.count else None
    ids = [row[0] for row in rows[:limit]]
    return Found(await graph.get_many(tenant, ids) if ids else [], count, len(rows) > limit > 0)


def _one_type(fit: Fit) -> int | None:
    alone = len(fit.types) == 1 and len(set(fit.types[0])) == 1 and not fit.some and not fit.every
    return fit.types[0][0] if alone else None


async def _decided_page(graph: Store, tenant: int, query: Query, plan: Plan) -> Found:
    """A page in the order of ids that the closure decides; goes no further than it must."""
    page: list[Stored] = []
    matches = 0
    end = query.offset + query.limit
    async for stored, _doc in _matches(graph, tenant, query, plan):
        if query.offset <= matches < end:
            page.append(stored)
        matches += 1
        if matches > end and not query.count:
            break
    return Found(page, matches if query.count else None, matches > end and query.limit > 0)


async def _sorted_page(graph: Store, tenant: int, query: Query, plan: Plan) -> Found:
    everything: list[tuple[Stored, Doc]] = []
    async for pair in _matches(graph, tenant, query, plan):
        everything.append(pair)
        if len(everything) > MAX_SORTED:
            raise TooManyResults(what=str(MAX_SORTED))
    by_id = {stored.id: stored for stored, _doc in everything}
    docs = sort_docs([doc for _stored, doc in everything], query.order, query.origin, query.collation)
    page = [by_id[doc["id"]] for doc in docs[query.offset : query.offset + query.limit]]
    more = query.limit > 0 and len(docs) > query.offset + query.limit
    return Found(page, len(docs) if query.count else None, more)


async def _matches(graph: Store, tenant: int, query: Query, plan: Plan) -> AsyncIterator[tuple[Stored, Doc]]:
    """All that the query finds, in the order of ids, batch by batch."""
    system = needs_system(query)
    links = linked_steps(query.q)
    linked = Linked(graph, tenant, system=system)
    fits = matcher(query, linked.get)
    async for batch in _candidates(graph, tenant, query, plan):
        rows = [(stored, unpack(stored.doc, stored.sys if system else None)) for stored in batch]
        if links:
            await linked.follow([doc for _stored, doc in rows], links)
        for pair in rows:
            if fits(pair[1]):
                yield pair


async def _candidates(graph: Store, tenant: int, query: Query, plan: Plan) -> AsyncIterator[list[Stored]]:
    ids = await _small_set(graph, tenant, query, plan)
    step = max(2 * query.limit, 50)
    if ids is not None:
        start = 0
        while start < len(ids):
            yield await graph.get_many(tenant, ids[start : start + step])
            start, step = start + step, min(2 * step, _BATCH)
        return
    seen = 0
    async for some in _scan(graph, tenant, plan, step):
        yield await graph.get_many(tenant, some)
        if seen <= SLOW < seen + len(some):
            indexing.ask(graph, tenant, query.q, await ready_attributes(graph, tenant))
        seen += len(some)


async def _small_set(graph: Store, tenant: int, query: Query, plan: Plan) -> list[str] | None:
    """The candidates in order, where identifiers or a table tell; None where no set is small enough."""
    if query.within is not None:
        return sorted(query.within)
    if query.selectors and all(one.ids is not None for one in query.selectors):
        return sorted({identifier for one in query.selectors for identifier in one.ids or ()})
    found: set[str] | None = None
    for finds in plan.finds:
        one = await _find(graph, tenant, finds)
        if one is not None:
            found = one if found is None else found & one
        if found is not None and len(found) <= _BATCH:
            break
    return None if found is None else sorted(found)


async def _find(graph: Store, tenant: int, finds: list[Find]) -> set[str] | None:
    found: set[str] = set()
    for find in finds:
        rows = await graph.fetch(find.query, tenant, *find.values, _MOST_FOUND + 1)
        found.update(row[0] for row in rows)
        if len(found) > _MOST_FOUND:
            return None
    return found


async def _scan(graph: Store, tenant: int, plan: Plan, step: int) -> AsyncIterator[list[str]]:
    """The ids of all shapes that fit, in order. Raises TooManyResults past the bound."""
    fit = plan.fit
    assert fit is not None
    kind = _one_type(fit)
    codes = []
    if kind is None:
        codes = [row[0] for row in await graph.fetch(queries.list_shapes, tenant, fit.types, fit.some, fit.every)]
    after, seen = "", 0
    while seen <= MAX_SCANNED:
        if kind is not None:
            rows = await graph.fetch(queries.page_of_type, tenant, kind, after, step, 0)
        else:
            rows = await graph.fetch(queries.page_of_shapes, tenant, codes, after, step, step, 0)
        if not rows:
            return
        yield [row[0] for row in rows]
        if len(rows) < step:
            return
        after, seen, step = rows[-1][0], seen + len(rows), min(2 * step, _BATCH)
    raise TooManyResults(what=str(MAX_SCANNED))


def needs_system(query: Query) -> bool:
    """Whether a condition or an order looks at createdAt or modifiedAt, which rest apart."""
    paths = [*_paths(query.q), *(order.path for order in query.order)]
    return any(SYSTEM_NAMES.intersection(path.names) or (path.linked and _system_path(path.linked)) for path in paths)


def _system_path(path: Path) -> bool:
    return bool(SYSTEM_NAMES.intersection(path.names)) or (path.linked is not None and _system_path(path.linked))


def _paths(node: Node | None) -> list[Path]:
    match node:
        case And(parts) | Or(parts):
            return [path for part in parts for path in _paths(part)]
        case Term(path):
            return [path]
        case _:
            return []

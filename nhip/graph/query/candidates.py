"""Candidates of a query in the order of their ids, batch by batch: by identifiers, by what the tables find, or by a scan."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from nhip.graph.errors import TooManyResults
from nhip.graph.model import Stored
from nhip.graph.query import indexing
from nhip.graph.query.model import Query
from nhip.graph.query.narrow import Find, Fit, Plan, queries
from nhip.graph.query.stores import Store

MAX_SCANNED = 200_000
"""So many candidates are looked at for one answer."""
MOST_FOUND = 20_000
"""A set of candidates that is larger is not read at once."""
SLOW = 2000
"""A query that looks at more candidates gets rows for the values it compares."""
_BATCH = 500
_READY_S = 1.0
_NO_LIMIT = 2**40


async def candidates(graph: Store, tenant: int, query: Query, plan: Plan) -> AsyncIterator[list[Stored]]:
    """Every entity that the query may find. Raises TooManyResults when more than MAX_SCANNED would have to be looked at."""
    step = max(2 * query.limit, 50)
    ids, wide = await _small_set(graph, tenant, query, plan)
    if ids is not None:
        for some in _growing(ids, step):
            yield await graph.get_many(tenant, some)
        return
    seen = 0
    async for batch in _scan(graph, tenant, plan, step, wide):
        yield await graph.get_many(tenant, batch)
        if seen <= SLOW < seen + len(batch) and wide is None:
            indexing.ask(graph, tenant, query.q, await ready_attributes(graph, tenant))
        seen += len(batch)
        if seen > MAX_SCANNED:
            raise TooManyResults(what=str(MAX_SCANNED))


def _growing(ids: list[str], step: int) -> Iterator[list[str]]:
    start = 0
    while start < len(ids):
        yield ids[start : start + step]
        start, step = start + step, min(2 * step, _BATCH)


async def _small_set(graph: Store, tenant: int, query: Query, plan: Plan) -> tuple[list[str] | None, Find | None]:
    """The candidates in order where identifiers or a table tell, None where they are too many; then what finds them."""
    if query.within is not None:
        return sorted(query.within), None
    if query.selectors and all(one.ids is not None for one in query.selectors):
        return sorted({identifier for one in query.selectors for identifier in one.ids or ()}), None
    found: set[str] | None = None
    wide: Find | None = None
    for finds in plan.finds:
        one = await _found(graph, tenant, finds)
        if one is not None:
            found = one if found is None else found & one
        elif len(finds) == 1:
            wide = finds[0]
        if found is not None and len(found) <= _BATCH:
            break
    return (None, wide) if found is None else (sorted(found), None)


async def _found(graph: Store, tenant: int, finds: list[Find]) -> set[str] | None:
    """What any of these finds; None when it is too much."""
    found: set[str] = set()
    for find in finds:
        rows = await graph.fetch(find.query, tenant, *find.values, MOST_FOUND + 1)
        found.update(row[0] for row in rows)
        if len(rows) > MOST_FOUND:
            return None
    return found


async def _scan(graph: Store, tenant: int, plan: Plan, step: int, wide: Find | None) -> AsyncIterator[list[str]]:
    """Ids in order: of all shapes that fit, after some batches only those that a wide find gives."""
    fit = plan.fit
    assert fit is not None
    kind = one_type(fit)
    codes = []
    if kind is None:
        codes = [row[0] for row in await graph.fetch(queries.list_shapes, tenant, fit.types, fit.some, fit.every)]
    after, seen = "", 0
    while True:
        if wide is not None and seen >= _BATCH:
            step = max(step, _BATCH)
            rows = await _next_of(graph, tenant, wide, after, step)
        elif kind is not None:
            rows = await graph.fetch(queries.page_of_type, tenant, kind, after, step, 0)
        else:
            rows = await graph.fetch(queries.page_of_shapes, tenant, codes, after, step, step, 0)
        if rows:
            yield [row[0] for row in rows]
        if len(rows) < step:
            return
        after, seen, step = rows[-1][0], seen + len(rows), min(2 * step, _BATCH if wide is None else 10 * _BATCH)


async def _next_of(graph: Store, tenant: int, find: Find, after: str, step: int) -> list[Any]:
    """The next ids of a find that is too wide to be read at once."""
    first = len(find.values) + 3
    text = queries.next_found
    for place, word in (("find", find.query), ("after", f"${first}"), ("step", f"${first + 1}")):
        text = text.replace("{" + place + "}", word)
    return await graph.fetch(text, tenant, *find.values, _NO_LIMIT, after, step)


def one_type(fit: Fit) -> int | None:
    """The one type that a fit asks for, where it asks for nothing else."""
    alone = len(fit.types) == 1 and len(set(fit.types[0])) == 1 and not fit.some and not fit.every
    return fit.types[0][0] if alone else None


_ready: WeakKeyDictionary[Any, dict[int, tuple[float, frozenset[int]]]] = WeakKeyDictionary()


async def ready_attributes(graph: Store, tenant: int) -> frozenset[int]:
    """The attributes whose values have complete rows; looked up once a second."""
    known = _ready.setdefault(graph, {})
    at, found = known.get(tenant, (-_READY_S, frozenset[int]()))
    if time.monotonic() - at >= _READY_S:
        found = frozenset(row[0] for row in await graph.fetch(queries.list_ready, tenant))
        known[tenant] = (time.monotonic(), found)
    return found

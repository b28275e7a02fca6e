"""Where there are few entities, or one table finds few, their documents come along in the one query that finds them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from nhip.graph.model import Stored
from nhip.graph.query.finds import Find, queries
from nhip.graph.query.narrow import Fit
from nhip.graph.query.stores import Store

FEW = 200
"""Of so many entities the documents are read at once."""
LARGEST = 65_536
"""Bytes; entities with larger documents are read apart, so that an answer of the database takes some megabytes at most."""
_AGAIN_S = 10.0
"""After so long it is looked up whether there are still many."""
_KINDS = 10_000
_ALL = 0

_many: WeakKeyDictionary[Any, dict[tuple[int, int], float]] = WeakKeyDictionary()
"""By tenant and type: until when it is taken for granted that there are many; 0: there were few when they were last read."""


async def all_of(graph: Store, tenant: int, fit: Fit) -> list[Stored] | None:
    """All entities of the type that a fit asks for, or of the tenant, in the order of their ids; None: they are many, or the fit
    asks for several types. Some may not fit."""
    kind = _kind(fit)
    if kind is None:
        return None
    known, now = _many.setdefault(graph, {}), time.monotonic()
    until = known.get((tenant, kind))
    if until is not None and now < until:
        return None
    if until != 0 and await _count(graph, tenant, kind) > FEW:
        rows: list[Any] = []
        many = True
    else:
        rows = await _rows(graph, tenant, kind)
        many = len(rows) > FEW
    if len(known) >= _KINDS:
        known.clear()
    known[tenant, kind] = now + _AGAIN_S if many else 0.0
    return None if many else await read(graph, tenant, rows)


def _kind(fit: Fit) -> int | None:
    if len(fit.types) == 1:
        return fit.types[0][0]  # what must have several types has the first
    return None if fit.types else _ALL


async def _count(graph: Store, tenant: int, kind: int) -> int:
    found = graph.fetch(queries.count_of_type, tenant, kind) if kind else graph.fetch(queries.count_of_all, tenant)
    return int((await found)[0][0])


async def _rows(graph: Store, tenant: int, kind: int) -> list[Any]:
    if kind:
        return await graph.fetch(queries.all_of_type, tenant, kind, FEW + 1, LARGEST)
    return await graph.fetch(queries.all_of_tenant, tenant, FEW + 1, LARGEST)


async def found_with(
    graph: Store, tenant: int, find: Find, most: int, step: int
) -> tuple[list[Stored], list[str]] | None:
    """What a table finds, in the order of ids: the first entities, about `step`, and the ids of the others; None: more rows than
    `most`."""
    some = min(step, FEW)
    rows = await graph.fetch(_with_entities(find), tenant, *find.values, most + 1, some, LARGEST)
    if rows and rows[0][5] > most:
        return None
    return await read(graph, tenant, rows[:some]), [row[0] for row in rows[some:]]


def _with_entities(find: Find) -> str:
    return _composed(find.query, len(find.values) + 2)


@lru_cache(maxsize=64)
def _composed(query: str, limit: int) -> str:
    """`limit`: the place of the find's last value."""
    text = queries.found_with_entities
    for word, value in (("find", query), ("most", f"${limit}"), ("some", f"${limit + 1}"), ("size", f"${limit + 2}")):
        text = text.replace("{" + word + "}", value)
    return text


async def read(graph: Store, tenant: int, rows: Sequence[Any]) -> list[Stored]:
    """The entities of rows (id, doc, sys, ver, due_at) in their order; what is large or may have expired is read by its id."""
    again = [row[0] for row in rows if row[1] is None or row[4] is not None]
    if not again:
        return [Stored(row[0], row[1], row[2], row[3]) for row in rows]
    apart = {one.id: one for one in await graph.get_many(tenant, again)}
    alone = {row[0]: Stored(row[0], row[1], row[2], row[3]) for row in rows if row[1] is not None and row[4] is None}
    return [one for row in rows if (one := alone.get(row[0]) or apart.get(row[0])) is not None]

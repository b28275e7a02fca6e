"""How many entities a query finds without a look at them, and what of the tables' answers has expired but was not swept yet."""

from __future__ import annotations

import time
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from nhip.graph.document.pack import unpack
from nhip.graph.errors import TooManyResults
from nhip.graph.query.candidates import MAX_SCANNED
from nhip.graph.query.finds import Find, queries
from nhip.graph.query.match import matcher
from nhip.graph.query.model import Query
from nhip.graph.query.narrow import Fit, Plan
from nhip.graph.query.stores import Store
from nhip.kernel.time import now

_ALL = 1 << 40
_AT_ONCE = 500
_DUE_S = 1.0
Shapes = list[tuple[int, int]]
"""Each with how many entities have it."""


class Late(msgspec.Struct, frozen=True):
    """Entities of which something has expired, while the tables still have all of it."""

    shapes: dict[str, int]
    """By id, the shape at rest."""
    still: set[str]
    """Those of them that the query finds nevertheless."""

    @property
    def hidden(self) -> list[str]:
        """Those that it does not find."""
        return sorted(self.shapes.keys() - self.still)


_due: WeakKeyDictionary[Any, tuple[float, datetime | None]] = WeakKeyDictionary()


async def anything_late(graph: Store) -> bool:
    """Whether something has expired that was not swept yet; what expires first is looked up once a second."""
    looked, first = _due.get(graph, (-_DUE_S, None))
    if time.monotonic() - looked >= _DUE_S:
        rows = await graph.fetch(queries.first_due)
        first = rows[0][0] if rows else None
        _due[graph] = time.monotonic(), first
    return first is not None and first <= now()


async def late_of(graph: Store, tenant: int, query: Query) -> Late:
    """What the sweep of the next second will see to. Raises TooManyResults when it is more than MAX_SCANNED."""
    if not await anything_late(graph):
        return Late({}, set())
    rows = await graph.fetch(queries.list_overdue, tenant, now(), MAX_SCANNED + 1)
    if len(rows) > MAX_SCANNED:
        raise TooManyResults(what=str(MAX_SCANNED))
    fits, still, ids = matcher(query), set[str](), [row[0] for row in rows]
    for start in range(0, len(ids), _AT_ONCE):
        there = await graph.get_many(tenant, ids[start : start + _AT_ONCE])
        still.update(one.id for one in there if fits(unpack(one.doc)))
    return Late({row[0]: row[1] for row in rows}, still)


async def list_shapes(graph: Store, tenant: int, fit: Fit) -> Shapes:
    """The shapes that fit."""
    rows = await graph.fetch(queries.list_shapes, tenant, fit.types, fit.some, fit.every)
    return [(row[0], row[1]) for row in rows]


def count_of(shapes: Shapes, late: Late) -> int:
    """How many entities of these shapes a query finds that asks for nothing else."""
    numbers = {shape for shape, _entities in shapes}
    gone = sum(shape in numbers for shape in late.shapes.values())
    return sum(entities for _shape, entities in shapes) - gone + len(late.still)


async def count_found(graph: Store, tenant: int, query: Query, plan: Plan) -> int | None:
    """How many entities a query finds that shapes and tables of values decide (`plan.sure`); None where each of several tables
    finds more than MAX_SCANNED."""
    assert plan.fit is not None
    late = await late_of(graph, tenant, query)
    shapes = await list_shapes(graph, tenant, plan.fit)
    widest = await list_shapes(graph, tenant, Fit([], [], plan.fit.every))
    implied = {shape for shape, entities in shapes if entities} == {shape for shape, entities in widest if entities}
    if implied and len(plan.finds) == 1 and len(plan.finds[0]) == 1:
        find = plan.finds[0][0]
        text = _composed(find.query, len(find.values) + 3)
        rows = await graph.fetch(text, tenant, *find.values, _ALL, list(late.shapes))
        return int(rows[0][0]) + len(late.still)
    ids = await _in_all(graph, tenant, plan.finds)
    if ids is None:
        return None
    ids -= late.shapes.keys()
    if not implied:
        codes = [shape for shape, _entities in shapes]
        rows = await graph.fetch(queries.count_of_shapes, tenant, codes, list(ids))
        return int(rows[0][0]) + len(late.still)
    return len(ids) + len(late.still)


async def _in_all(graph: Store, tenant: int, sets: list[list[Find]]) -> set[str] | None:
    """What lies in all of the sets; None when one is too large to be read."""
    found: set[str] | None = None
    for finds in sets:
        one: set[str] = set()
        for find in finds:
            rows = await graph.fetch(find.query, tenant, *find.values, MAX_SCANNED + 1)
            if len(rows) > MAX_SCANNED:
                return None
            one.update(row[0] for row in rows)
        found = one if found is None else found & one
    return found


@lru_cache(maxsize=64)
def _composed(query: str, without: int) -> str:
    """`without`: the place of what is not to be counted, behind the find's own values and its limit."""
    return queries.count_found.replace("{find}", query).replace("{without}", f"${without}")

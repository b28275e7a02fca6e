"""Candidates of a query in the order of their ids, batch by batch: by identifiers, by what the tables find, or by a scan."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from nhip.graph.errors import TooManyResults
from nhip.graph.model import Stored
from nhip.graph.pieces import pieces
from nhip.graph.query import few, indexing
from nhip.graph.query.finds import Find, Ready, queries
from nhip.graph.query.model import Query
from nhip.graph.query.narrow import Fit, Plan, everything
from nhip.graph.query.patterns import compile_pattern
from nhip.graph.query.scanning import Shapes
from nhip.graph.query.stores import Store

MAX_SCANNED = 200_000
"""So many candidates are looked at for one answer."""
MAX_NAMED = 1_000_000
"""So many ids are held against a pattern for one answer; only those that fit count as candidates."""
FEW_FOUND, MOST_FOUND = 1000, 20_000
"""Sets of candidates up to the first size are read at once; up to the second when a page is not full after LOOKED candidates, and
those that are larger still, but small beside all that there is, after LOOKED_FAR."""
LOOKED, LOOKED_FAR = 200, 10_000
SLOW = 2000
"""A query that looks at more candidates gets rows for the values it compares."""
_BATCH, _LARGE_BATCH = 500, 5000
_READY_S = 1.0

Batches = AsyncIterator[list[str]]


async def candidates(
    graph: Store, tenant: int, query: Query, plan: Plan, *, whole: bool = False, after: str = ""
) -> AsyncGenerator[list[Stored], None]:
    """Every entity behind `after` that the query may find. Raises TooManyResults when more than MAX_SCANNED would have to be
    looked at: at once where `whole` tells that all will be."""
    step = max(2 * query.limit, 50)
    fits = _id_check(query)
    ids = _named(query)
    if ids is None:
        at_once, ids = await _at_once(graph, tenant, plan, 0 if after or fits else step)
        if at_once is not None:
            kept = set(await _that_fit([one.id for one in at_once if one.id > after], fits)) if after or fits else None
            yield at_once if kept is None else [one for one in at_once if one.id in kept]
    if ids is not None:
        ids = ids[bisect_right(ids, after) :]
        for some in _growing(await _that_fit(ids, fits), step):
            yield await graph.get_many(tenant, some)
        return
    async for batch in Scan(graph, tenant, query, plan, whole=whole, after=after).ids(step):
        if batch:
            yield await graph.get_many(tenant, batch)


async def _at_once(graph: Store, tenant: int, plan: Plan, step: int) -> tuple[list[Stored] | None, list[str] | None]:
    """What comes with its documents in one query (about `step` entities; 0: rather ids alone), and the ids of what is left; None:
    no table tells."""
    assert plan.fit is not None
    if step and len(plan.finds) == 1 and len(plan.finds[0]) == 1:
        return await few.found_with(graph, tenant, plan.finds[0][0], FEW_FOUND, step) or (None, None)
    entities = await few.all_of(graph, tenant, plan.fit)
    if entities is not None:
        return entities, []
    return None, await _small_set(graph, tenant, plan.finds, FEW_FOUND)


async def _that_fit(ids: list[str], fits: Callable[[str], bool] | None) -> list[str]:
    """Those of the ids that fit one of what may be very many patterns."""
    if fits is None:
        return ids
    return [id async for some in pieces(ids) for id in some if fits(id)]


def _growing(ids: list[str], step: int) -> Iterator[list[str]]:
    start = 0
    while start < len(ids):
        yield ids[start : start + step]
        start, step = start + step, min(2 * step, _BATCH)


def _named(query: Query) -> list[str] | None:
    """The candidates where identifiers tell."""
    if query.within is not None:
        return sorted(query.within)
    if query.selectors and all(one.ids is not None for one in query.selectors):
        return sorted({identifier for one in query.selectors for identifier in one.ids or ()})
    return None


def _id_check(query: Query) -> Callable[[str], bool] | None:
    """Whether an id fits a pattern, where all selectors have one: decided before the entity is read."""
    patterns = {one.pattern for one in query.selectors if one.ids is None}
    if not patterns or "" in patterns or any(one.ids is not None for one in query.selectors):
        return None
    searches = [compile_pattern(pattern).search for pattern in patterns]
    return lambda id: any(search(id) is not None for search in searches)


async def _small_set(graph: Store, tenant: int, sets: list[list[Find]], most: int) -> list[str] | None:
    """The candidates in order where a table tells, None where each set is larger than `most`."""
    found: set[str] | None = None
    for finds in sets:
        one = await _found(graph, tenant, finds, most)
        if one is not None:
            found = one if found is None else found & one
        if found is not None and len(found) <= _BATCH:
            break
    return None if found is None else sorted(found)


async def _found(graph: Store, tenant: int, finds: list[Find], most: int) -> set[str] | None:
    """What any of these finds; None when it is too much."""
    found: set[str] = set()
    for find in finds:
        rows = await graph.fetch(find.query, tenant, *find.values, most + 1)
        found.update(row[0] for row in rows)
        if len(rows) > most:
            return None
    return found


class Scan:
    """The ids of all that has the types and attributes that are asked for, in order; where that takes long, only of what one of
    the tables finds."""

    def __init__(self, graph: Store, tenant: int, query: Query, plan: Plan, *, whole: bool, after: str) -> None:
        assert plan.fit is not None
        self._graph, self._tenant, self._query, self._whole = graph, tenant, query, whole
        self._fit, self._finds = plan.fit, plan.finds
        self._fits = _id_check(query)
        self._shapes: list[tuple[int, int]] | None = None
        self._after, self._seen, self._named = after, 0, 0

    async def ids(self, step: int) -> Batches:
        """Batch by batch, those that fit. Raises TooManyResults."""
        stages = [(LOOKED, MOST_FOUND), (LOOKED_FAR, MAX_SCANNED)] if self._finds else []
        if self._whole:
            stages = [(0, most) for _looked, most in stages]
        async for batch in self._all(_LARGE_BATCH if self._fits else step):
            while stages and self._named >= stages[0][0]:
                if (found := await self._narrowed(stages.pop(0)[1])) is not None:
                    async for some in self._counted(found, step):
                        yield some
                    return
            if self._whole and not self._named:
                await self._refuse_what_is_too_much()
            async for some in self._counted(batch, step):
                yield some
            self._after = batch[-1]

    async def _counted(self, ids: list[str], step: int) -> Batches:
        self._named += len(ids)
        for some in _growing(await _that_fit(ids, self._fits), step):
            yield some
            if self._seen <= SLOW < self._seen + len(some):
                await self._ask()
            self._seen += len(some)
            if self._seen > MAX_SCANNED:
                raise TooManyResults(what=str(MAX_SCANNED))
        if self._named > MAX_NAMED:
            raise TooManyResults(what=str(MAX_NAMED))

    async def _refuse_what_is_too_much(self) -> None:
        most = MAX_NAMED if self._fits else MAX_SCANNED
        if await self.total() > most:
            await self._ask()
            raise TooManyResults(what=str(most))

    async def _ask(self) -> None:
        """Have rows made for the values that are compared."""
        ready = await ready_tables(self._graph, self._tenant)
        indexing.ask(self._graph, self._tenant, self._query.q, ready)

    async def _list_shapes(self) -> list[tuple[int, int]]:
        if self._shapes is None:
            fit = self._fit
            rows = await self._graph.fetch(queries.list_shapes, self._tenant, fit.types, fit.some, fit.every)
            self._shapes = [(row[0], row[1]) for row in rows]
        return self._shapes

    async def total(self) -> int:
        """How many entities have the types and attributes."""
        return sum(entities for _shape, entities in await self._list_shapes())

    async def _narrowed(self, most: int) -> list[str] | None:
        """What a table finds behind what was given already; None where that does not pay."""
        left = await self.total() - self._named
        return await self.found(self._finds, min(most, left // 2)) if left > SLOW else None

    async def found(self, sets: list[list[Find]], most: int) -> list[str] | None:
        """What a table finds behind what was given already, without what has other shapes; None: more than `most`."""
        found = await _small_set(self._graph, self._tenant, sets, most)
        if found is None:
            return None
        found = found[bisect_right(found, self._after) :]
        if len(found) > SLOW:
            codes = [shape for shape, _entities in await self._list_shapes()]
            found = [row[0] for row in await self._graph.fetch(queries.of_shapes, self._tenant, codes, found)]
        return found

    async def _all(self, step: int) -> Batches:
        largest, kind, every = max(step, _BATCH), one_type(self._fit), everything(self._fit)
        shapes = [] if every or kind is not None else await self._list_shapes()
        ended, after = False, self._after
        lists = Shapes(self._graph, self._tenant, shapes, after)
        while not ended:
            if kind is not None:
                rows = await self._graph.fetch(queries.page_of_type, self._tenant, kind, after, step, 0, [])
                batch, ended = [row[0] for row in rows], len(rows) < step
            elif every:
                rows = await self._graph.fetch(queries.page_of_all, self._tenant, after, step, 0, [])
                batch, ended = [row[0] for row in rows], len(rows) < step
            else:
                batch = await lists.next(step)
                ended = lists.ended
            if batch:
                yield batch
                after = batch[-1]
            step = min(2 * step, largest)


def one_type(fit: Fit) -> int | None:
    """The one type that a fit asks for, where it asks for nothing else."""
    alone = len(fit.types) == 1 and len(set(fit.types[0])) == 1 and not fit.some and not fit.every
    return fit.types[0][0] if alone else None


_ready: WeakKeyDictionary[Any, dict[int, tuple[float, Ready]]] = WeakKeyDictionary()


async def ready_tables(graph: Store, tenant: int) -> Ready:
    """The tables of values that are complete; looked up once a second."""
    known = _ready.setdefault(graph, {})
    nothing: Ready = {}
    at, found = known.get(tenant, (-_READY_S, nothing))
    if time.monotonic() - at >= _READY_S:
        found = {row[0]: row[1] for row in await graph.fetch(queries.list_ready, tenant)}
        known[tenant] = (time.monotonic(), found)
    return found

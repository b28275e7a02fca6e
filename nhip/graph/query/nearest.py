"""The first entities in the order of their distance (`orderBy=location;dist-asc`) without a look at all: what lies around the
origin is looked at in circles that grow until they hold enough."""

from __future__ import annotations

import math

from nhip.graph.document.pack import unpack
from nhip.graph.model import Doc, Stored
from nhip.graph.query.candidates import MOST_FOUND, Scan
from nhip.graph.query.distance import reach_of
from nhip.graph.query.finds import Find, queries
from nhip.graph.query.match import matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.model import Query
from nhip.graph.query.narrow import Plan
from nhip.graph.query.ordering import order_key
from nhip.graph.query.stores import Store

WORTH = 5000
"""Among fewer entities everything is put in order."""
_LEAST_M, _FIRST_M, _LAST_M, _GROWTH = 1.0, 10.0, 2_000_000.0, 4.0
_AT_ONCE = 500
_CLOSEST = 1.1

Pair = tuple[Stored, Doc]


def circles(query: Query) -> bool:
    """Whether circles may find the first page: the nearest are asked for first, and nobody asks how many there are."""
    first = query.order[0]
    plain = len(first.path.names) == 1 and query.origin is not None and not query.count and query.within is None
    return plain and first.near and not first.descending and not linked_steps(query.q)


async def nearest(
    graph: Store, tenant: int, query: Query, plan: Plan, attribute: int, *, system: bool
) -> list[Pair] | None:
    """Those that fit within a circle that holds all of the page and one more; None: no circle does that is small enough."""
    scan = Scan(graph, tenant, query, plan, whole=True, after="")
    if query.origin is None or await scan.total() <= WORTH:
        return None
    wanted, around = query.offset + query.limit + 1, _Around(graph, tenant, query, system=system)
    small, radius, large = 0.0, _FIRST_M, math.inf
    while _LEAST_M <= radius <= _LAST_M and large > _CLOSEST * small:
        window = Find(queries.find_overlap, (attribute, *reach_of(query.origin.bounds, radius)))
        ids = await scan.found([[window]], MOST_FOUND)
        if ids is None:
            large = radius
        else:
            await around.look(ids)
            if len(inside := around.within(radius)) >= wanted:
                return inside
            small = radius
        radius = radius * _GROWTH if large == math.inf else math.sqrt((small or 1.0) * large)
    return None


class _Around:
    """What was looked at: entities that fit with their distances, None for the others."""

    def __init__(self, graph: Store, tenant: int, query: Query, *, system: bool) -> None:
        self._graph, self._tenant, self._system = graph, tenant, system
        self._fits, self._order, self._origin = matcher(query), query.order[0], query.origin
        self._known: dict[str, tuple[float, Pair] | None] = {}

    async def look(self, ids: list[str]) -> None:
        """Look at those that were not yet looked at."""
        new = [id for id in ids if id not in self._known]
        self._known.update(dict.fromkeys(new))
        for start in range(0, len(new), _AT_ONCE):
            for stored in await self._graph.get_many(self._tenant, new[start : start + _AT_ONCE]):
                doc = unpack(stored.doc, stored.sys if self._system else None)
                key = order_key(self._order, self._origin, str, doc) if self._fits(doc) else None
                if key is not None and key[0] == 0:  # a place, and no value instead of one
                    self._known[stored.id] = key[1], (stored, doc)

    def within(self, radius: float) -> list[Pair]:
        """Those that fit within the circle, in the order of their ids."""
        return [one[1] for _id, one in sorted(self._known.items(), key=_id_of) if one is not None and one[0] <= radius]


def _id_of(item: tuple[str, object]) -> str:
    return item[0]

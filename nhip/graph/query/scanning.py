"""The ids of all entities of some shapes in their order, a batch at a time: of each shape is read no more than its part."""

from __future__ import annotations

from collections.abc import Sequence

from nhip.graph.query.finds import queries
from nhip.graph.query.stores import Store

_LEAST = 2
_MORE = 1.5


class Shapes:
    """Merges the lists of shapes, of which there may be hundreds, most with few entities. Each batch is of one snapshot, so
    that an entity whose shape changes meanwhile is neither lost nor given twice."""

    def __init__(self, graph: Store, tenant: int, shapes: Sequence[tuple[int, int]], after: str = "") -> None:
        """`shapes`: each with how many entities have it, about."""
        self._graph, self._tenant, self.after = graph, tenant, after
        total = sum(max(entities, 1) for _shape, entities in shapes)
        self._shares = {shape: _MORE * max(entities, 1) / total for shape, entities in shapes}
        self.ended = not shapes
        """Whether everything was given."""

    async def next(self, count: int) -> list[str]:
        """The next ids, at most `count`; fewer of them do not say that it ended."""
        most = [min(count, int(share * count)) + _LEAST for share in self._shares.values()]
        values = self._tenant, list(self._shares), [self.after] * len(most), most
        rows = await self._graph.fetch(queries.next_of_shapes, *values)
        read: dict[int, int] = {}
        ends: dict[int, str] = {}
        for shape, id in rows:
            read[shape] = read.get(shape, 0) + 1
            ends[shape] = id
        cut = {
            shape: ends[shape] for shape, wanted in zip(self._shares, most, strict=True) if read.get(shape) == wanted
        }
        sure = min(cut.values(), default=None)
        ids = sorted(row[1] for row in rows if sure is None or row[1] <= sure)
        self.ended = sure is None and len(ids) <= count
        if sure is not None and len(ids) < count:  # here there are more of this shape than elsewhere
            for shape in [shape for shape, end in cut.items() if end == sure]:
                self._shares[shape] = min(2 * self._shares[shape], 1.0)
        ids = ids[:count]
        self.after = ids[-1] if ids else self.after
        return ids

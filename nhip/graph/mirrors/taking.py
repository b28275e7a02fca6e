"""Taking what a peer said into a mirror: judged one by one, written together, durable when it returns.

The entities are written first, then what is known of them: after a crash in between the same is written once more, to no effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from nhip.db.database import Connection, Database
from nhip.db.query import execute
from nhip.graph.document.pack import unpack
from nhip.graph.errors import ResourceNotFound
from nhip.graph.mirrors import store
from nhip.graph.mirrors.changing import changes
from nhip.graph.mirrors.judging import judge
from nhip.graph.mirrors.model import Known, Mirror, Seen
from nhip.graph.mirrors.store import queries
from nhip.graph.service import Graph

_AT_ONCE = 2
"""So many mirrors write at the same time, as each holds a connection meanwhile."""


class Taken(msgspec.Struct):
    """What came of it."""

    taken: int = 0
    doubtful: int = 0


class Taker:
    """Writes into the mirrors of this process's graph."""

    def __init__(self, graph: Graph, db: Database) -> None:
        self._graph, self._db = graph, db
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def take(
        self,
        mirror: Mirror,
        seen: Sequence[Seen],
        *,
        notifications: int = 0,
        refused: int = 0,
        settles: int | None = None,
    ) -> Taken:
        """Take what is new; what cannot be judged is noted, to be asked about. `notifications` and `refused` are counted with it;
        `settles` is the step of a question about doubts that this answers. Raises DatabaseAway, Busy: nothing is counted then."""
        async with self._few, self._db.tx() as tx:
            step = await store.lock(tx, mirror.id)
            known = await store.known(tx, mirror.id, list({one.id for one in seen}))
            new, doubts = _judged(known, seen, step)
            await self._write(mirror.tenant, new)
            if new:
                found = {one.id: Known(one.modified_at, step, one.doc is None, one.digest) for one in new.values()}
                await store.put_known(tx, mirror.id, step, found)
            if settles is not None:
                answered = [one.id for one in seen if one.id not in doubts]
                await execute(tx, queries.settle, mirror=mirror.id, ids=answered, asked=settles)
            await self._note(tx, mirror, sorted(doubts), step)
            if notifications or refused:
                told = {"notifications": notifications, "refused": refused}
                await execute(tx, queries.count_received, id=mirror.id, subscription=mirror.subscription, **told)
        return Taken(len(new), len(doubts))

    async def _note(self, tx: Connection, mirror: Mirror, doubts: list[str], step: int) -> None:
        if doubts:
            await execute(tx, queries.doubt, mirror=mirror.id, ids=doubts, step=step)

    async def _write(self, tenant: int, new: dict[str, Seen]) -> None:
        here = {row.id: unpack(row.doc) for row in await self._graph.get_many(tenant, list(new))} if new else {}
        operations = [op for id, one in new.items() for op in changes(id, here.get(id), one.doc)]
        if not operations:
            return
        for outcome in await self._graph.write(tenant, operations):
            # what expired meanwhile is gone already, which is what a deletion wants
            if outcome.error is not None and not isinstance(outcome.error, ResourceNotFound):
                raise outcome.error


def _judged(known: dict[str, Known], seen: Sequence[Seen], step: int) -> tuple[dict[str, Seen], set[str]]:
    """What is new by its id, the last state of each, and what is in doubt."""
    new: dict[str, Seen] = {}
    doubts: set[str] = set()
    for one in seen:
        verdict = judge(known.get(one.id), one)
        if verdict == "take":
            new[one.id] = one
            known[one.id] = Known(one.modified_at, step, one.doc is None, one.digest)
        elif verdict == "ask":
            doubts.add(one.id)
    return new, doubts

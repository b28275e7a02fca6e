"""Letters on their way in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from nhip.db.sql import load
from nhip.graph.links import Links
from nhip.graph.query.narrowing import Asker
from nhip.graph.subscriptions.letters.model import DEAD_FOR, MOST_TOGETHER, MOST_WAITING, OLDEST, Taken, read

queries = load(__file__)
Line = tuple[int, str]
"""Tenant and id of a subscription: its letters are delivered one notification after the other."""


class LetterStore:
    """Letters, as one process (`me`) sees to them."""

    def __init__(self, links: Links, me: UUID) -> None:
        self._links, self._me = links, me

    async def add(self, line: Line, heard: bytes) -> None:
        """Keep what a source told, to be passed on; durable when this returns."""
        await self._links.fetch(queries.add, *line, heard.decode())

    async def claim(self, room: int, lease_s: float, held: Mapping[Asker, int] | None = None) -> list[Line]:
        """Lines that are ours for so long: of `room` at most half, and of an owner never more than leaves as many as it has then,
        with those it `held` already; so there is some left for who comes next."""
        told = [(one.tenant, one.who, count) for one, count in (held or {}).items()]
        shares = map(list, zip(*told, strict=True)) if told else ([], [], [])
        return [(row[0], row[1]) for row in await self._links.fetch(queries.claim, self._me, room, lease_s, *shares)]

    async def take(
        self, line: Line, lease_s: float, *, done: Sequence[int] = (), sent: int = 0, at: datetime | None = None
    ) -> Taken | None:
        """The next letters of a line, which stays ours; None: there are none, and it is nobody's. `done` letters are forgotten
        first; `sent`: how many notifications they were."""
        rows = await self._links.fetch(
            queries.take, *line, self._me, uuid4(), MOST_TOGETHER, sent, list(done), at, lease_s
        )
        if not rows:
            return None
        rows.sort(key=lambda row: row[0])
        return Taken(
            notification=rows[0][1],
            seqs=[row[0] for row in rows],
            heard=[read(row[2]) for row in rows],
            tries=max(row[3] for row in rows),
            refusals=max(row[4] for row in rows),
            oldest=min(row[5] for row in rows),
            failures=rows[0][6],
        )

    async def rest(self, line: Line, done: Sequence[int], at: datetime, pause_s: float) -> None:
        """Book and forget `done` letters, which were one notification, and let the line go for `pause_s`."""
        await self._links.fetch(queries.rest, *line, self._me, list(done), at, pause_s)

    async def fail(
        self, line: Line, taken: Taken, problem: str, *, refused: bool, dead: bool, at: datetime, pause_s: float
    ) -> None:
        """Book a try that failed, and let the line go for `pause_s`; nothing where another process has it by now."""
        await self._links.fetch(queries.fail, *line, self._me, taken.seqs, problem, int(refused), dead, at, pause_s)

    async def split(self, line: Line, taken: Taken, problem: str, *, at: datetime, pause_s: float) -> None:
        """Book a try of several letters that was refused; they go as two notifications from now on. The line is let go."""
        middle = taken.seqs[(len(taken.seqs) - 1) // 2]
        await self._links.fetch(
            queries.split, *line, self._me, taken.seqs, problem, middle, uuid4(), uuid4(), at, pause_s
        )

    async def release(self, line: Line, pause_s: float) -> None:
        """Let a line go for so long, with nothing tried."""
        await self._links.fetch(queries.release, *line, self._me, pause_s)

    async def tidy(self) -> tuple[int, int, list[tuple[str, int]]] | None:
        """Forget what nobody wants, bury what is too old, drop what is too much: how many were forgotten, buried, dropped by
        subscription. None: another process does it now."""
        async with self._links.lend() as link:
            if not (await link.fetch(queries.turn))[0][0]:
                return None
            try:
                forgotten = len(await link.fetch(queries.forget_orphans, DEAD_FOR))
                await link.fetch(queries.look_for_rest)
                buried = len(await link.fetch(queries.bury_old, OLDEST))
                dropped = [(row[0], row[1]) for row in await link.fetch(queries.drop_oldest, MOST_WAITING)]
            finally:
                await link.fetch(queries.turn_over)
        return forgotten, buried, dropped

    async def count(self) -> tuple[int, int]:
        """How many letters wait, and how many are dead."""
        waiting, dead = (await self._links.fetch(queries.count_waiting))[0]
        return waiting, dead

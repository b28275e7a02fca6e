"""Delivers letters: claims lines (several processes share them), sends, books what came of it, tries again later and later."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID, uuid4

from nhip.errors import NhipError
from nhip.graph.links import Links
from nhip.graph.query.narrowing import Asker
from nhip.graph.subscriptions.http import FAILED
from nhip.graph.subscriptions.letters.model import REFUSALS, Taken, pause_s, written
from nhip.graph.subscriptions.letters.store import LetterStore, Line
from nhip.graph.subscriptions.measures import DEAD_LETTERS, DROPPED, NOTIFICATIONS, WAITING_LETTERS
from nhip.graph.subscriptions.model import Endpoint, Message, Subscription
from nhip.graph.subscriptions.outlet import Heard
from nhip.graph.subscriptions.receivers import Receivers, Sender
from nhip.kernel.time import now

log = logging.getLogger(__name__)
POLL_S = 1.0
LEASE_S = 10.0
"""A line is ours for so long beyond the receiver's own time-out; who dies holding one delays it by this."""
_IN_TIME = 0.8
"""This part of it may pass until the receiver's time-out begins, lest another process delivers the same meanwhile."""
_AWAY_S, _EXPIRED_S = 1.0, 3600.0
"""When to look again after one that memory does not hold as the table does (yet), and one whose time is over."""
_TIDY_EVERY_S = 30.0
_MOST_LINES = 64
"""So many receivers are told at once."""
Compose = Callable[[Subscription, list[Heard], UUID], Awaitable[Message | None]]


class Post:
    """One in each process. `find` gives a subscription as it is held in memory, `compose` writes a notification."""

    def __init__(
        self, url: str, receivers: Receivers, find: Callable[[int, str], Subscription | None], compose: Compose
    ) -> None:
        self._links = Links(url, 2, generic_plans=True)
        self._store = LetterStore(self._links, uuid4())
        self._receivers, self._find, self._compose = receivers, find, compose
        self._senders: dict[Line, tuple[Endpoint, Asker, Sender]] = {}
        self._awake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._lines: dict[Line, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Begin to deliver, what other lives of this process left behind too."""
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._tidy())]

    async def close(self) -> None:
        """Stop; what is under way is tried again by whoever comes next."""
        tasks = [*self._tasks, *self._lines.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in list(self._senders):
            self._forget_sender(line)
        await self._links.close()

    async def keep(self, one: Subscription, heard: Heard) -> None:
        """Have told for certain what a source told us."""
        await self._store.add((one.tenant, one.id), written(one, heard))
        self.nudge()

    def nudge(self) -> None:
        """Letters were written."""
        self._awake.set()

    async def _work(self) -> None:
        while True:
            self._awake.clear()
            try:
                if (room := _MOST_LINES - len(self._lines)) > 0:
                    for line in await self._store.claim(room, LEASE_S, self._shares()):
                        task = self._lines[line] = asyncio.create_task(self._carry(line))
                        task.add_done_callback(partial(self._done, line))
            except Exception as error:
                _tell(error, "letters could not be claimed")
                await asyncio.sleep(POLL_S)
            try:
                async with asyncio.timeout(POLL_S):
                    await self._awake.wait()
            except TimeoutError:
                pass

    def _shares(self) -> Counter[Asker]:
        """How many lines of each owner are being carried."""
        return Counter(self._owner(line) for line in self._lines)

    def _owner(self, line: Line) -> Asker:
        one = self._find(*line)
        return Asker(line[0]) if one is None else one.asker

    def _done(self, line: Line, _task: asyncio.Task[None]) -> None:
        self._lines.pop(line, None)
        self._awake.set()  # what came while the line was let go

    async def _carry(self, line: Line) -> None:
        """Deliver a line's letters until there are no more, its receiver fails, or the subscription changes."""
        try:
            one = self._find(*line)
            if one is None or not one.live(now()):
                expired = one is not None and one.active
                await self._store.release(line, _EXPIRED_S if expired else _AWAY_S)
                return
            taken = await self._store.take(line, LEASE_S + one.endpoint.patience_s)
            while taken is not None:
                if self._find(*line) is not one or not one.live(now()):
                    await self._store.release(line, 0)
                    return
                taken = await self._deliver(line, one, taken)
        except Exception as error:
            # the line is ours until its time is over; then it is tried again
            _tell(error, f"letters of {line[1]} could not be delivered")

    def _sender(self, line: Line, one: Subscription) -> Sender:
        """Who delivers there; kept, as its connection is, until the endpoint or its owner changes, or it fails."""
        known = self._senders.get(line)
        if known is not None and known[:2] == (one.endpoint, one.asker):
            return known[2]
        self._forget_sender(line)
        sender = self._receivers.sender(one)
        self._senders[line] = one.endpoint, one.asker, sender
        return sender

    def _forget_sender(self, line: Line) -> None:
        if line in self._senders:
            self._receivers.forget(self._senders.pop(line)[2])

    async def _deliver(self, line: Line, one: Subscription, taken: Taken) -> Taken | None:
        """Try once; the next letters, None when the line is not ours any more."""
        lease_s = LEASE_S + one.endpoint.patience_s
        at = now()
        status, why = 0, ""
        try:
            async with asyncio.timeout(LEASE_S * _IN_TIME + one.endpoint.patience_s):
                message = await self._compose(one, taken.heard, taken.notification)
                if message is not None:
                    async with self._receivers.turn(one):
                        status = await self._receivers.send(self._sender(line, one), message, one)
                    why = str(status)
        except (*FAILED, NhipError) as error:
            why = type(error).__name__
        except Exception as error:
            log.exception("a notification of %s could not be written", one.id)
            why = type(error).__name__
        else:
            if message is None:
                return await self._store.take(line, lease_s, done=taken.seqs)
        if 200 <= status < 300:
            NOTIFICATIONS.add(result="delivered")
            if one.throttling_s:
                await self._store.rest(line, taken.seqs, at, one.throttling_s)
                return None
            return await self._store.take(line, lease_s, done=taken.seqs, sent=1, at=at)
        NOTIFICATIONS.add(result="failed")
        self._forget_sender(line)
        await self._book_failure(line, one, taken, status in REFUSALS, why)
        return None

    async def _book_failure(self, line: Line, one: Subscription, taken: Taken, refused: bool, why: str) -> None:
        at, several = now(), len(taken.seqs) > 1
        dead = taken.is_over(refused and not several, at)
        chance = (taken.notification.int >> taken.tries % 64 & 0xFF) / 0xFF
        log.log(
            logging.WARNING if dead else logging.INFO,
            "notification %s of %s was not delivered (%s), try %d%s",
            taken.notification,
            one.id,
            why,
            taken.tries,
            "; given up" if dead else "",
        )
        if refused and several and not dead:
            await self._store.split(line, taken, why, at=at, pause_s=pause_s(0, chance))
        else:
            pause = pause_s(taken.failures, chance)
            await self._store.fail(line, taken, why, refused=refused, dead=dead, at=at, pause_s=pause)

    async def _tidy(self) -> None:
        while True:
            try:
                await self.tidy()
            except Exception as error:
                _tell(error, "letters could not be tidied")
            await asyncio.sleep(_TIDY_EVERY_S)

    async def tidy(self) -> None:
        """Bury, forget, drop, and say so."""
        for line in self._senders.keys() - self._lines.keys():
            if self._find(*line) is None:
                self._forget_sender(line)
        if (done := await self._store.tidy()) is not None:
            _forgotten, buried, dropped = done
            if buried:
                log.warning("%d letters waited too long and are dead", buried)
            for id, count in dropped:
                log.warning("%d letters of %s were dropped: too many wait", count, id)
                DROPPED.add(count)
        waiting, dead = await self._store.count()
        WAITING_LETTERS.set(waiting)
        DEAD_LETTERS.set(dead)


def _tell(error: Exception, what: str) -> None:
    """Say in the log what could not be done; of a database that is away a line each second is enough."""
    if isinstance(error, NhipError):
        log.warning("%s: %s", what, error)
    else:
        log.error(what, exc_info=error)

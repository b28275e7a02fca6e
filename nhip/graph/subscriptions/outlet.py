"""The queue of one subscription: what it is to be told of waits here, goes out together when the receiver lags, never without
a count. A receiver that fails again and again is left in peace for a while (breaker); what comes meanwhile waits, bounded."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import msgspec

from nhip.errors import DatabaseAway, NhipError
from nhip.graph.model import Outcome
from nhip.graph.subscriptions.http import FAILED
from nhip.graph.subscriptions.measures import DROPPED, NOTIFICATIONS
from nhip.graph.subscriptions.model import Counts, Message, Subscription
from nhip.graph.subscriptions.receivers import Receivers, Sender
from nhip.kernel.time import monotonic, now

MOST_WAITING = 10_000
"""So many changes wait for one receiver; the oldest give way, and count as failed."""
MOST_HELD_BACK = 100_000
"""So many changes wait in a process for receivers that fail, of which each gets its part."""
_FEWEST = 10
MOST_TOGETHER = 1000
"""So many entities are in one notification at most."""
_AWAY_S = 1.0
"""So long the database is left in peace that is needed to write a notification."""
_LOOK_AGAIN_S = 5.0
"""So soon is seen that the receiver is well again by what others told it, or is another one."""
log = logging.getLogger(__name__)


class Heard(msgspec.Struct, frozen=True):
    """A change; no outcome: the interval has passed, and everything that is subscribed is to be told."""

    outcome: Outcome | None
    at: str
    entities: tuple[Any, ...] = ()
    """What a source told us of, ready to be passed on; then neither a change nor an interval."""


One = TypeVar("One", bound=Subscription)
Thing = TypeVar("Thing")


def share_room(outlets: Iterable[Outlet[Any, Any]]) -> None:
    """Let those whose receivers fail share what may wait for such: a thousand would else hold a thousand times as much."""
    all_of_them = list(outlets)
    many = sum(outlet.fails for outlet in all_of_them)
    part = min(MOST_WAITING, max(_FEWEST, MOST_HELD_BACK // many)) if many else MOST_WAITING
    for outlet in all_of_them:
        outlet.hold(part if outlet.fails else MOST_WAITING)


class Outlet(Generic[One, Thing]):
    """`compose` makes the notification with an id of what was heard, None when nothing of it is subscribed after all; `together`
    tells whether two things can be in one, `turn` takes the turn of a throttled subscription (tenant, id, seconds) from all
    processes: the seconds until there is one."""

    def __init__(
        self,
        subscription: One,
        receivers: Receivers,
        compose: Callable[[One, list[Thing], UUID], Awaitable[Message | None]],
        together: Callable[[Thing, Thing], bool],
        turn: Callable[[int, str, float], Awaitable[float]],
    ) -> None:
        self.subscription = subscription
        self.counts = Counts()
        """Since they were written to the table last."""
        self.dropped = 0
        self._receivers, self._compose, self._together, self._turn = receivers, compose, together, turn
        self._breaker = receivers.breaker(subscription)
        self._waiting: deque[Thing] = deque()
        self._task: asyncio.Task[None] | None = None
        self._sender: Sender | None = None
        self._not_before = 0.0
        self._most = MOST_WAITING

    def put(self, heard: Thing) -> None:
        """Something to tell."""
        self._make_room(self._most - 1)
        self._waiting.append(heard)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    def hold(self, most: int) -> None:
        """Let no more wait from now on."""
        self._most = most
        self._make_room(most)

    def _make_room(self, most: int) -> None:
        if (surplus := len(self._waiting) - most) > 0:
            for _one in range(surplus):
                self._waiting.popleft()
            if not self.dropped:
                log.warning("too much waits for the receiver of %s; the oldest gives way", self.subscription.id)
            self._drop(surplus)

    def _drop(self, count: int) -> None:
        self.dropped += count
        self.counts.failed += count
        self.counts.bad = now()
        DROPPED.add(count)

    def replace(self, subscription: One) -> None:
        """Go on with the subscription as it is now."""
        if (subscription.endpoint, subscription.asker) != (self.subscription.endpoint, self.subscription.asker):
            self._close_sender()
            self._breaker = self._receivers.breaker(subscription)
        self.subscription = subscription

    @property
    def waiting(self) -> int:
        """How many changes wait."""
        return len(self._waiting)

    @property
    def fails(self) -> bool:
        """Whether the receiver is left in peace again and again."""
        return self._breaker.fails

    @property
    def failures(self) -> int:
        """Of the receiver, in a row."""
        return self._breaker.failures

    @property
    def last_work(self) -> asyncio.Task[None] | None:
        """What is under way and is not held back, when everything ends."""
        held_back = self._breaker.is_open or self._not_before > monotonic()
        return None if held_back or self._task is None or self._task.done() else self._task

    async def close(self) -> None:
        """Stop; what waits is lost, and counted."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._waiting:
            log.warning("%d changes were not told to the receiver of %s", len(self._waiting), self.subscription.id)
            self._drop(len(self._waiting))
            self._waiting.clear()
        self._close_sender()

    def _close_sender(self) -> None:
        if self._sender is not None:
            self._receivers.forget(self._sender)
            self._sender = None

    async def _work(self) -> None:
        while self._waiting:
            if (pause := self._pause_s()) > 0:
                await asyncio.sleep(min(pause, _LOOK_AGAIN_S))
                continue
            some, failures = self._next(), self._breaker.failures
            one = self.subscription
            if not one.live(now()):
                continue
            try:
                message = await self._compose(one, some, uuid4())
                pause = await self._turn(one.tenant, one.id, one.throttling_s) if message and one.throttling_s else 0.0
            except DatabaseAway:
                pause = _AWAY_S
            except asyncio.CancelledError:
                self._waiting.extendleft(reversed(some))  # it is counted with what waits
                raise
            except Exception:
                log.exception("a notification of %s could not be written", one.id)
                self._failed(now())
                continue
            if pause > 0:
                self._waiting.extendleft(reversed(some))
                self._not_before = monotonic() + pause
            elif message is not None:
                await self._deliver(one, message, some, failures)

    def _pause_s(self) -> float:
        pause = self._not_before - monotonic()
        return pause if pause > 0 else self._breaker.wait_s(self.subscription.endpoint.patience_s)

    def _next(self) -> list[Thing]:
        some = [self._waiting.popleft()]
        while self._waiting and len(some) < MOST_TOGETHER and self._together(some[0], self._waiting[0]):
            some.append(self._waiting.popleft())
        return some

    async def _deliver(self, one: One, message: Message, some: list[Thing], failures: int) -> None:
        """Send it in its turn, unless the receiver failed others since it had so many failures: then it waits with the rest."""
        begun = False
        try:
            async with self._receivers.turn(one):
                if self._breaker.failures <= failures or not self._breaker.fails:
                    begun = True
                    await self._send(one, message)
        finally:
            if not begun:
                self._waiting.extendleft(reversed(some))

    async def _send(self, one: One, message: Message) -> None:
        at = now()
        self.counts.sent += 1
        self.counts.notified = at
        try:
            if self._sender is None:
                self._sender = self._receivers.sender(one)
            status = await self._receivers.send(self._sender, message, one)
            good, why = 200 <= status < 300, str(status)
        except (*FAILED, NhipError) as error:
            good, why = False, type(error).__name__
        except asyncio.CancelledError:
            self._failed(at)  # whether it arrived nobody will say any more
            raise
        except Exception as error:  # whatever a receiver brings about, the next notification is tried
            log.exception("a notification of %s could not be sent", one.id)
            good, why = False, type(error).__name__
        NOTIFICATIONS.add(result="delivered" if good else "failed")
        self._not_before = monotonic() + one.throttling_s if one.throttling_s else 0.0
        if good:
            self._breaker.good()
            self.counts.good = at
            return
        log.info("a notification of %s was not delivered: %s", one.id, why)
        self._breaker.bad(one.endpoint.cooldown_s)
        self._failed(at)

    def _failed(self, at: datetime) -> None:
        self.counts.failed += 1
        self.counts.bad = at

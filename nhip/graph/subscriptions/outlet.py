"""The queue of one subscription: what it is to be told of waits here, goes out together when the receiver lags, never without
a count. A receiver that fails again and again is left in peace for a while (breaker); what comes meanwhile waits, bounded."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from nhip.errors import NhipError
from nhip.graph.model import Outcome
from nhip.graph.subscriptions.http import FAILED, HttpSender
from nhip.graph.subscriptions.model import Counts, Subscription
from nhip.graph.subscriptions.mqtt import MqttSender
from nhip.kernel.time import monotonic, now
from nhip.settings import Settings

MOST_WAITING = 10_000
"""So many changes wait for one receiver; the oldest give way, and count as failed."""
MOST_TOGETHER = 1000
"""So many entities are in one notification at most."""
_FAILURES = 3
_PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)
log = logging.getLogger(__name__)


class Heard(msgspec.Struct, frozen=True):
    """A change; no outcome: the interval has passed, and everything that is subscribed is to be told."""

    outcome: Outcome | None
    at: str


class Message(msgspec.Struct, frozen=True):
    """A notification that is ready."""

    body: bytes
    headers: list[tuple[str, str]]


class Sender(Protocol):
    """Delivers to one receiver."""

    async def send(self, body: bytes, headers: list[tuple[str, str]], timeout_s: float) -> int:
        """The status."""

    def close(self) -> None:
        """Give the connection up."""


One = TypeVar("One", bound=Subscription)
Thing = TypeVar("Thing")


class Outlet(Generic[One, Thing]):
    """`compose` makes a notification of what was heard, None when nothing of it is subscribed after all; `together` tells
    whether two things can be in one."""

    def __init__(
        self,
        subscription: One,
        settings: Settings,
        compose: Callable[[One, list[Thing]], Awaitable[Message | None]],
        together: Callable[[Thing, Thing], bool],
    ) -> None:
        self.subscription = subscription
        self.counts = Counts()
        """Since they were written to the table last."""
        self.dropped = 0
        self._settings, self._compose, self._together = settings, compose, together
        self._waiting: deque[Thing] = deque()
        self._task: asyncio.Task[None] | None = None
        self._sender: Sender | None = None
        self.failures = 0
        """In a row."""
        self._not_before = 0.0

    def put(self, heard: Thing) -> None:
        """Something to tell."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1
            self.counts.failed += 1
        self._waiting.append(heard)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    def replace(self, subscription: One) -> None:
        """Go on with the subscription as it is now."""
        if subscription.endpoint != self.subscription.endpoint:
            self._close_sender()
            self.failures, self._not_before = 0, 0.0
        self.subscription = subscription

    @property
    def waiting(self) -> int:
        """How many changes wait."""
        return len(self._waiting)

    async def close(self) -> None:
        """Stop, whatever waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._close_sender()

    def _close_sender(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    async def _work(self) -> None:
        while self._waiting:
            if (pause := self._not_before - monotonic()) > 0:
                await asyncio.sleep(pause)
            some = self._next()
            one = self.subscription
            if not one.live(now()):
                continue
            try:
                message = await self._compose(one, some)
            except Exception:
                log.exception("a notification of %s could not be written", one.id)
                self.counts.failed += 1
                continue
            if message is not None:
                await self._deliver(one, message)

    def _next(self) -> list[Thing]:
        some = [self._waiting.popleft()]
        while self._waiting and len(some) < MOST_TOGETHER and self._together(some[0], self._waiting[0]):
            some.append(self._waiting.popleft())
        return some

    async def _deliver(self, one: One, message: Message) -> None:
        at = now()
        self.counts.sent += 1
        self.counts.notified = at
        try:
            if self._sender is None:
                self._sender = _sender_of(one, self._settings)
            status = await self._sender.send(message.body, message.headers, one.endpoint.timeout_s)
            good = 200 <= status < 300
            why = str(status)
        except (*FAILED, NhipError) as error:
            good, why = False, type(error).__name__
        if good:
            self.failures = 0
            self.counts.good = at
            self._not_before = monotonic() + one.throttling_s if one.throttling_s else 0.0
            return
        log.info("a notification of %s was not delivered: %s", one.id, why)
        self.failures += 1
        self.counts.failed += 1
        self.counts.bad = at
        self._not_before = monotonic() + max(one.endpoint.cooldown_s, one.throttling_s, _pause(self.failures))


def _pause(failures: int) -> float:
    """How long a receiver is left in peace after so many failures in a row."""
    if failures < _FAILURES:
        return 0.0
    return _PAUSES_S[min(failures - _FAILURES, len(_PAUSES_S) - 1)]


def _sender_of(one: Subscription, settings: Settings) -> Sender:
    if one.endpoint.uri.startswith("mqtt"):
        return MqttSender(settings, one.endpoint.uri, one.endpoint.notifier)
    return HttpSender(settings, one.endpoint.uri)

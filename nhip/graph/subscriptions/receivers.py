"""The receivers of a process: who delivers to which, how many connections stay open, which receivers are left in peace."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from nhip.graph.query.narrowing import Asker
from nhip.graph.subscriptions.http import HttpSender
from nhip.graph.subscriptions.measures import PAUSED
from nhip.graph.subscriptions.model import Endpoint, Message, Subscription
from nhip.graph.subscriptions.mqtt import MqttSender
from nhip.graph.subscriptions.turns import Threads, Turns
from nhip.kernel.time import monotonic
from nhip.settings import Settings

MOST_AT_ONCE = 200
"""So many notifications are under way at once."""
MOST_IDLE = 200
"""So many connections stay open with nothing under way; of more the one that was idle longest is closed."""
MOST_TO_ONE = 25
"""So many of them at one machine for one owner: where it is silent, the owner's others are told all the same."""
_FAILURES = 3
_PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)


class Sender(Protocol):
    """Delivers to one receiver."""

    async def send(self, body: bytes, headers: list[tuple[str, str]], timeout_s: float) -> int:
        """The status."""

    def close(self) -> None:
        """Give the connection up."""


def sender_of(endpoint: Endpoint, settings: Settings, threads: Threads, owner: Asker) -> Sender:
    """Who delivers to an endpoint of the owner's."""
    if endpoint.uri.startswith("mqtt"):
        return MqttSender(settings, endpoint.uri, endpoint.notifier, threads, owner)
    return HttpSender(settings, endpoint.uri, threads, owner)


def machine_of(uri: str) -> str:
    """Name and port; all of what cannot be read, which whoever is to connect there says."""
    try:
        return urlsplit(uri).netloc.rpartition("@")[2]
    except ValueError:
        return uri


class Breaker:
    """Of one receiver, for all that an owner has told there: after some failures in a row it is left in peace, longer and longer;
    then one notification tries whether it is back, and the others wait for what becomes of that."""

    def __init__(self) -> None:
        self.failures = 0
        """In a row."""
        self._not_before = 0.0

    @property
    def fails(self) -> bool:
        """Whether the last tries failed, so many that it is left in peace between two."""
        return self.failures >= _FAILURES

    @property
    def is_open(self) -> bool:
        """Whether the receiver is left in peace now."""
        return self._not_before > monotonic()

    def wait_s(self, patience_s: float) -> float:
        """How long to wait before the next try; 0: try now. Who is to try when a pause is over has `patience_s` for it."""
        left = self._not_before - monotonic()
        if left <= 0 and self.fails:
            self._not_before = monotonic() + patience_s
        return max(left, 0.0)

    def good(self) -> None:
        """It took a notification."""
        self.failures, self._not_before = 0, 0.0

    def bad(self, cooldown_s: float) -> None:
        """It did not. `cooldown_s`: at least so long the subscription's owner wants it left in peace."""
        self.failures += 1
        place = self.failures - _FAILURES
        pause = _PAUSES_S[min(place, len(_PAUSES_S) - 1)] if place >= 0 else 0.0
        self._not_before = monotonic() + max(cooldown_s, pause)


class Receivers:
    """What the subscriptions of a process have in common when they tell somebody. An owner's receivers that are slow, or that it
    wants left in peace, are no matter of other owners."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._breakers: WeakValueDictionary[tuple[Asker, str], Breaker] = WeakValueDictionary()
        self._places: WeakValueDictionary[tuple[Asker, str], asyncio.Semaphore] = WeakValueDictionary()
        self._idle: OrderedDict[Sender, None] = OrderedDict()
        self._turns, self._threads = Turns(MOST_AT_ONCE), Threads()

    def breaker(self, one: Subscription) -> Breaker:
        """That of the address that the subscription tells."""
        key = one.asker, one.endpoint.uri
        found = self._breakers.get(key)
        if found is None:
            found = self._breakers[key] = Breaker()
        return found

    def sender(self, one: Subscription) -> Sender:
        """Who delivers to its endpoint."""
        return sender_of(one.endpoint, self._settings, self._threads, one.asker)

    @asynccontextmanager
    async def turn(self, one: Subscription) -> AsyncIterator[None]:
        """The turn of who answers for the subscription, to tell its receiver."""
        key = one.asker, machine_of(one.endpoint.uri)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = asyncio.Semaphore(MOST_TO_ONE)
        async with place, self._turns.of(one.asker):
            yield

    async def send(self, sender: Sender, message: Message, one: Subscription) -> int:
        """The status; to be called in its turn. Raises one of FAILED."""
        self._idle.pop(sender, None)
        try:
            return await sender.send(message.body, message.headers, one.endpoint.patience_s)
        finally:
            self._idle[sender] = None
            while len(self._idle) > MOST_IDLE:
                self._idle.popitem(last=False)[0].close()

    def forget(self, sender: Sender) -> None:
        """It is not needed any more."""
        self._idle.pop(sender, None)
        sender.close()

    def close(self) -> None:
        """Nobody is told any more."""
        self._threads.close()

    def measure(self) -> None:
        """Tell /metrics how it stands."""
        PAUSED.set(sum(one.is_open for one in self._breakers.values()))

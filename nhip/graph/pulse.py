"""Tells pages, in every process of the node, which types of things changed: by NOTIFY, after the commit, at most once a second.

A writer only notes which entities it wrote. Their types are looked up when it is time to tell, and only while somebody looks at a
page that follows them (`keep_listening`); else nothing is looked up and nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec
import psycopg

from nhip.db import Database
from nhip.db.notify import announce
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.errors import DatabaseAway
from nhip.graph.service import DEFAULT_TENANT
from nhip.graph.writer import Commit

queries = load(__file__, "pulse.sql")
log = logging.getLogger(__name__)
TOPIC: Final = "things"
"""Something of the graph changed; topics of types begin with it and a dash, and whoever follows them hears this one too."""
PAUSE_S: Final = 1.0
SOON_S: Final = 0.05
"""What is written together is told together."""
MOST: Final = 2000
"""Of so many entities in a second the types are looked up; of more it is told that something changed."""
MOST_TYPES: Final = 16
HEARD_S: Final = 45.0
_RENEW_S, _LOOK_S = 20.0, 0.5
_GONE = (DatabaseAway, psycopg.Error)


def topic_of(kind: str) -> str:
    """The topic of a type (IRI): a bare word that tells a stranger nothing."""
    return f"{TOPIC}-{blake2b(kind.encode(), digest_size=6).hexdigest()}"


class _Type(msgspec.Struct, frozen=True):
    iri: str


class _Heard(msgspec.Struct, frozen=True):
    heard: bool


class Pulse:
    """A listener to the commits of a writing process."""

    def __init__(self, db: Database, pause_s: float = PAUSE_S) -> None:
        self._db, self._pause_s = db, pause_s
        self._ids: set[str] = set()
        self._more = False
        """Whether more was written than `_ids` tells."""
        self._heard = True
        self._last = 0.0
        self._task: asyncio.Task[None] | None = None

    def __call__(self, commit: Commit) -> None:
        """Something was written."""
        if commit.tenant != DEFAULT_TENANT:  # the pages show no other
            return
        if self._heard and len(self._ids) < MOST:
            self._ids.update([one.id for one in commit.outcomes if one.error is None])
        else:
            self._more = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell_on(), name="graph pulse")

    async def close(self) -> None:
        """Tell what was not told yet, then end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._tell_once()

    async def _tell_on(self) -> None:
        while self._ids or self._more:
            await asyncio.sleep(max(SOON_S, self._last + self._pause_s - time.monotonic()))
            await self._tell_once()

    async def _tell_once(self) -> None:
        if not self._ids and not self._more:
            return
        ids, more = self._ids, self._more
        self._ids, self._more = set(), False
        try:
            await self._tell(ids, more)
        except _GONE as error:
            self._more = True
            log.info("that things changed will be told later: %s", error)
        except Exception:
            log.exception("that things changed could not be told")
        self._last = time.monotonic()

    async def _tell(self, ids: set[str], more: bool) -> None:
        async with self._db.tx() as tx:
            found = await fetch_one(tx, _Heard, queries.is_heard)
            self._heard = found is not None and found.heard
            if not self._heard:
                return
            types = []
            if not more:
                types = await fetch_all(tx, _Type, queries.list_types_of, tenant=DEFAULT_TENANT, ids=list(ids))
            named = 0 < len(types) <= MOST_TYPES
            for topic in [topic_of(one.iri) for one in types] if named else [TOPIC]:
                await announce(tx, topic)


class Calm:
    """Passes topics of things on, each at most once in a pause, however many processes tell it; all others as they come."""

    def __init__(self, publish: Callable[[str], None], pause_s: float = PAUSE_S) -> None:
        self._publish, self._pause_s = publish, pause_s
        self._waiting: dict[str, bool] = {}
        """Topics that were told within the pause -> whether they were told again meanwhile."""

    def __call__(self, topic: str) -> None:
        """A topic was told."""
        if not topic.startswith(TOPIC):
            self._publish(topic)
        elif topic in self._waiting:
            self._waiting[topic] = True
        else:
            self._pass_on(topic)

    def _pass_on(self, topic: str) -> None:
        self._waiting[topic] = False
        asyncio.get_running_loop().call_later(self._pause_s, self._over, topic)
        self._publish(topic)

    def _over(self, topic: str) -> None:
        if self._waiting.pop(topic):
            self._pass_on(topic)


async def keep_listening(db: Database, hears: Callable[[], bool], publish: Callable[[str], None]) -> None:
    """While `hears()` tells that somebody looks, have writers tell; until cancelled. What was written before they knew is told
    once to those who look."""
    until = renewed = float("-inf")
    while True:
        at = time.monotonic()
        if hears() and at - renewed > _RENEW_S:
            try:
                async with db.tx() as tx:
                    await execute(tx, queries.listen, seconds=HEARD_S)
            except _GONE:
                log.info("what is written cannot be followed before the database is back")
            else:
                if at > until:
                    publish(TOPIC)
                renewed, until = at, at + HEARD_S
        await asyncio.sleep(_LOOK_S)

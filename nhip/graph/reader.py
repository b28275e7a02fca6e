"""Reading entities by their ids: what is asked for while a query is under way goes together into the next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Any

from nhip.db.sql import load
from nhip.errors import DatabaseAway
from nhip.graph.document.pack import pack, unpack
from nhip.graph.links import Link, Links
from nhip.graph.model import Stored
from nhip.graph.rows import alive
from nhip.kernel.i18n import _
from nhip.kernel.time import now

queries = load(__file__)
_MOST = 256
"""So many single reads go into one query."""
Waiting = dict[str, list[asyncio.Future[Stored | None]]]
"""Who asked for an entity, each with a future of its own: who gives up takes nobody with it."""


class Reader:
    """`size` connections, each busy with one query at a time."""

    def __init__(self, url: str, size: int) -> None:
        self._links = Links(url, size, generic_plans=True)
        self._size = size
        self._running = 0
        self._waiting: dict[int, Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Let what runs end, then close."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._links.close()

    def get(self, tenant: int, id: str) -> asyncio.Future[Stored | None]:
        """The entity, None when there is none; raises DatabaseAway when awaited."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Stored | None] = loop.create_future()
        waiting = self._waiting.setdefault(tenant, {})
        if (others := waiting.get(id)) is not None:
            others.append(asked)
            return asked
        waiting[id] = [asked]
        if self._running < self._size:
            self._running += 1
            loop.call_soon(self._start)
        return asked

    async def get_many(self, tenant: int, ids: Sequence[str]) -> list[Stored]:
        """Those of the entities that exist, in the order of `ids`."""
        rows = await self._links.fetch(queries.get, tenant, ids)
        found = {row[0]: stored for row in rows if (stored := _stored(row)) is not None}
        return [found[id] for id in ids if id in found]

    def _start(self) -> None:
        task = asyncio.get_running_loop().create_task(self._work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        """Answer until nothing waits."""
        try:
            async with self._links.lend() as link:
                while self._waiting:
                    tenant, waiting = self._waiting.popitem()
                    while len(waiting) > _MOST:
                        some = {id: waiting.pop(id) for id in list(waiting)[:_MOST]}
                        await _answer(link, tenant, some)
                    await _answer(link, tenant, waiting)
        finally:
            self._running -= 1


async def _answer(link: Link, tenant: int, waiting: Waiting) -> None:
    try:
        rows = await link.fetch(queries.get, tenant, list(waiting))
    except BaseException as error:
        told = error if isinstance(error, Exception) else DatabaseAway(what=_("it is being stopped"))
        for future in chain.from_iterable(waiting.values()):
            if not future.done():
                future.set_exception(told)
        if not isinstance(error, Exception):
            raise
        return
    for row in rows:
        stored = _stored(row)
        for future in waiting.pop(row[0]):
            if not future.done():
                future.set_result(stored)
    for future in chain.from_iterable(waiting.values()):
        if not future.done():
            future.set_result(None)


def _stored(row: Any) -> Stored | None:
    """A row of `get` as it is to be seen now: without what has expired but was not swept yet."""
    id, doc, sys, ver, due_at = row
    if due_at is not None and due_at <= now():
        left = alive(unpack(doc, sys))
        if left is None:
            return None
        doc, sys = pack(left)
    return Stored(id, doc, sys, ver)

"""Tables of values for what queries compare: made while everyone goes on writing, used once they are complete.

The writers add rows to a table as soon as it is in graph.indexed, and lock first while it is not complete. What was written
before is filled in here, after every transaction has ended that could not know yet. Who fills it in says so again and again;
where that ended (kill -9), the next slow query has it done anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from nhip.errors import NhipError
from nhip.graph.pieces import LARGE, Share, aside, pieces
from nhip.graph.query.finds import Ready, queries, wanted_indexes
from nhip.graph.query.model import Node
from nhip.graph.query.scanning import Shapes
from nhip.graph.query.stores import Store
from nhip.graph.query.values import Index, Numbers, Texts, rows_of

MOST_INDEXED = 200
"""So many tables of a tenant are made by being asked for."""
_BATCH = 500
_WAIT_S, _PAUSE_S, _AGAIN_S = 120.0, 0.05, 10.0
Key = tuple[int, str]
"""Tenant and name of a table."""
_tasks: WeakKeyDictionary[Store, dict[Key, asyncio.Task[None]]] = WeakKeyDictionary()
_turns: WeakKeyDictionary[Store, asyncio.Lock] = WeakKeyDictionary()
log = logging.getLogger(__name__)


def ask(graph: Store, tenant: int, node: Node | None, ready: Ready) -> None:
    """Begin to make the tables that a slow query could use, in the background, one after the other."""
    running = _tasks.setdefault(graph, {})
    for one in wanted_indexes(node):
        key = tenant, one.text
        under_way = sum(of == tenant for of, _text in running)
        known = one.names[0] in graph.codes.iris and one.text not in ready and key not in running
        if known and len(ready) + under_way < MOST_INDEXED:
            task = running[key] = asyncio.get_running_loop().create_task(_quietly(graph, tenant, one))
            task.add_done_callback(partial(_over, running, key))


def _over(running: dict[Key, asyncio.Task[None]], key: Key, _task: object) -> None:
    running.pop(key, None)


async def _quietly(graph: Store, tenant: int, wanted: Index) -> None:
    """As `index`; where that failed the next slow query asks again, which is heard at the earliest after a minute."""
    try:
        async with _turns.setdefault(graph, asyncio.Lock()):
            await index(graph, tenant, wanted)
    except NhipError as error:
        log.info("values of %s could not get rows: %s", wanted.text, error)
    except Exception:
        log.exception("values of %s could not get rows", wanted.text)


async def settled(graph: Store) -> None:
    """Wait for what is under way."""
    await asyncio.gather(*_tasks.get(graph, {}).values())


async def stop(graph: Store) -> None:
    """End what is under way, before the graph is closed; another process, or the next start, does it again."""
    tasks = list(_tasks.pop(graph, {}).values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def index(graph: Store, tenant: int, wanted: Index) -> bool:
    """Make a table of values; False when another does, it is there, or a long transaction is in the way."""
    attribute = await graph.codes.find(wanted.names[0])
    await graph.codes.need([wanted.text])
    code = graph.codes.iris[wanted.text]
    rows = await graph.fetch(queries.ask_for_index, tenant, code)
    if not attribute or not rows:
        return False
    filling = _Filling(graph, tenant, wanted, code, rows[0][0])
    if not await filling.all_know():
        return False
    shapes = await graph.fetch(queries.list_shapes, tenant, [], [attribute], [])
    lists = Shapes(graph, tenant, [(row[0], row[1]) for row in shapes])
    while not lists.ended:
        if not await filling.fill(await lists.next(_BATCH)):
            return False
    await graph.fetch(queries.refresh_index)
    return bool(await graph.fetch(queries.set_ready, tenant, code, filling.turn))


class _Filling:
    """A turn of filling in a table."""

    def __init__(self, graph: Store, tenant: int, wanted: Index, code: int, turn: int) -> None:
        self._graph, self._tenant, self._wanted, self._code, self.turn = graph, tenant, wanted, code, turn
        self._said = time.monotonic()

    async def all_know(self) -> bool:
        """Wait until no transaction is left that could have begun to write without seeing what was asked (and committed) just
        now."""
        running = (await self._graph.fetch(queries.list_running))[0][0]
        end = time.monotonic() + _WAIT_S
        while not (await self._graph.fetch(queries.all_ended, running))[0][0]:
            if time.monotonic() > end or not await self._going_on():
                return False
            await asyncio.sleep(_PAUSE_S)
        return True

    async def _going_on(self) -> bool:
        """Say, from time to time, that somebody is at it; False when another thinks that nobody was."""
        if time.monotonic() - self._said < _AGAIN_S:
            return True
        self._said = time.monotonic()
        return bool(await self._graph.fetch(queries.keep_index, self._tenant, self._code, self.turn))

    async def fill(self, ids: Sequence[str]) -> bool:
        """Rows of these entities; those that were changed meanwhile are read again. False when it is another's turn."""
        while ids:
            if not await self._going_on():
                return False
            docs = await self._graph.fetch(queries.list_docs, self._tenant, ids)
            if not docs:
                return True
            rows = await self._rows(docs)
            told = self._tenant, self._code, self.turn
            read = [[doc[n] for doc in docs] for n in range(3)]
            filled = {row[0] for row in await self._graph.fetch(queries.fill_index, *told, *read, *rows)}
            if not filled:  # all changed, or it is another's turn
                self._said -= _AGAIN_S
            ids = [id for id in read[0] if id not in filled]
        return True

    async def _rows(self, docs: Sequence[Any]) -> list[list[Any]]:
        """Columns: numbers of tables, numbers and ids; numbers of tables, texts and ids."""
        numbers: list[tuple[int, float, str]] = []
        texts: list[tuple[int, str, str]] = []
        share = Share()
        async for some in pieces(docs, share=share):
            for doc in some:
                found = await aside(self._of, doc[3]) if len(doc[3]) > LARGE else self._of(doc[3])
                numbers += [(code, value, doc[0]) for code, value in found[0]]
                texts += [(code, value, doc[0]) for code, value in found[1]]
        return [[row[n] for row in rows] for rows in (numbers, texts) for n in range(3)]

    def _of(self, doc: bytes) -> tuple[Numbers, Texts]:
        return rows_of(self._wanted, self._code, orjson.loads(doc).get(self._wanted.names[0], ()))

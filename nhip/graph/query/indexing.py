"""Rows for the values of attributes that queries ask for: made while everyone goes on writing, used once they are complete.

The writers add rows for an attribute as soon as it is in graph.indexed. What was written before is filled in here, after every
transaction has ended that could not know yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from weakref import WeakKeyDictionary

from nhip.errors import NhipError
from nhip.graph.query.model import MEMBERS, And, Node, Or, Term
from nhip.graph.query.narrow import queries
from nhip.graph.query.scanning import Shapes
from nhip.graph.query.stores import Store

MOST_INDEXED = 200
"""So many attributes of a tenant get rows by being asked for."""
_BATCH = 500
_WAIT_S, _PAUSE_S = 120.0, 0.05
Key = tuple[int, int]
"""Tenant and number of an attribute."""
_tasks: WeakKeyDictionary[Store, dict[Key, asyncio.Task[None]]] = WeakKeyDictionary()
log = logging.getLogger(__name__)


def ask(graph: Store, tenant: int, node: Node | None, ready: frozenset[int]) -> None:
    """Begin to make rows for the attributes that a slow query compares, in the background."""
    running = _tasks.setdefault(graph, {})
    for iri in comparable(node):
        code = graph.codes.iris.get(iri, 0)
        if code and code not in ready and (tenant, code) not in running and len(ready) < MOST_INDEXED:
            task = running[tenant, code] = asyncio.get_running_loop().create_task(_quietly(graph, tenant, iri))
            task.add_done_callback(partial(_over, running, (tenant, code)))


def _over(running: dict[Key, asyncio.Task[None]], key: Key, _task: object) -> None:
    running.pop(key, None)


async def _quietly(graph: Store, tenant: int, iri: str) -> None:
    """As `index`; where that failed the next slow query asks again, which is heard at the earliest after ten minutes."""
    try:
        await index(graph, tenant, iri)
    except NhipError as error:
        log.info("values of %s could not get rows: %s", iri, error)
    except Exception:
        log.exception("values of %s could not get rows", iri)


async def settled(graph: Store) -> None:
    """Wait for what is under way."""
    await asyncio.gather(*_tasks.get(graph, {}).values())


async def stop(graph: Store) -> None:
    """End what is under way, before the graph is closed; another process, or the next start, does it again."""
    tasks = list(_tasks.pop(graph, {}).values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def index(graph: Store, tenant: int, iri: str) -> bool:
    """Make rows for an attribute's values; False when another does, they are there, or a long transaction is in the way."""
    attribute = await graph.codes.find(iri)
    if not await graph.fetch(queries.ask_for_index, tenant, attribute) or not await _all_know(graph):
        return False
    shapes = await graph.fetch(queries.list_shapes, tenant, [], [attribute], [])
    lists = Shapes(graph, tenant, [(row[0], row[1]) for row in shapes])
    while not lists.ended:
        await graph.fetch(queries.fill_index, tenant, attribute, iri, await lists.next(_BATCH))
    await graph.fetch(queries.refresh_index)
    await graph.fetch(queries.set_ready, tenant, attribute)
    return True


async def _all_know(graph: Store) -> bool:
    """Wait until no transaction is left that could have begun to write without seeing what was asked (and committed) just now."""
    running = (await graph.fetch(queries.list_running))[0][0]
    end = time.monotonic() + _WAIT_S
    while not (await graph.fetch(queries.all_ended, running))[0][0]:
        if time.monotonic() > end:
            return False
        await asyncio.sleep(_PAUSE_S)
    return True


def comparable(node: Node | None) -> set[str]:
    """The attributes of a tree that rows of values could narrow."""
    match node:
        case And(parts) | Or(parts):
            return set().union(*(comparable(part) for part in parts))
        case Term(path, operator) if operator in {"==", ">", ">=", "<", "<="}:
            plain = len(path.names) == 1 and not path.keys and path.linked is None
            return {path.names[0]} if plain and path.names[0] not in MEMBERS else set()
        case _:
            return set()

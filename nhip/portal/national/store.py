"""Access to what is known of registering: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.errors import NhipError
from nhip.kernel.time import now
from nhip.portal.national.model import Count, Due, National, Registration, State

queries = load(__file__)


class _Sealed(msgspec.Struct, frozen=True):
    secret: bytes | None


async def find_national(tx: Connection) -> National | None:
    """Where we register; None until it is set."""
    return await fetch_one(tx, National, queries.find_national)


async def find_key(tx: Connection) -> bytes | None:
    """The sealed key."""
    found = await fetch_one(tx, _Sealed, queries.find_key)
    return found.secret if found else None


async def list_due(tx: Connection, most: int) -> list[Due]:
    """Datasets of which something has to be told now."""
    return await fetch_all(tx, Due, queries.list_due, now=now(), most=most)


async def list_registrations(tx: Connection, state: State | None, most: int, start: int = 0) -> list[Registration]:
    """How datasets stand, those out of order first."""
    return await fetch_all(tx, Registration, queries.list_registrations, state=state, most=most, start=start)


async def count_registrations(tx: Connection) -> dict[State, int]:
    """How many datasets are in each state."""
    return {row.state: row.number for row in await fetch_all(tx, Count, queries.count_registrations)}


async def begun(tx: Connection, due: Due) -> None:
    """A dataset is about to be told."""
    await execute(tx, queries.begun, dataset_id=due.dataset_id, name=due.name, title=due.title)


async def sent(tx: Connection, due: Due, remote_id: str) -> None:
    """The other side has it."""
    await execute(tx, queries.sent, dataset_id=due.dataset_id, mark=due.mark, remote_id=remote_id, now=now())


async def withdrawn(tx: Connection, dataset_id: uuid.UUID) -> None:
    """The other side has it no longer."""
    await execute(tx, queries.withdrawn, dataset_id=dataset_id, now=now())


async def refused(tx: Connection, dataset_id: uuid.UUID, error: NhipError, next_try: datetime) -> None:
    """The other side does not want it."""
    await execute(tx, queries.refused, dataset_id=dataset_id, problem=_problem(error), next=next_try)


async def away(tx: Connection, error: NhipError, next_try: datetime) -> None:
    """The other side is not there."""
    await execute(tx, queries.away, problem=_problem(error), now=now(), next=next_try)


async def answered(tx: Connection) -> None:
    """The other side is there."""
    await execute(tx, queries.answered, now=now())


def _problem(error: NhipError) -> Jsonb:
    """An error as a page tells it in any language."""
    return Jsonb({"template": error.template(), "values": {name: str(value) for name, value in error.values.items()}})

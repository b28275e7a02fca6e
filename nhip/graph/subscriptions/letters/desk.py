"""Looking after letters: what waits for whom, what was given up; to try it again, or to drop it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from nhip.db.database import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.errors import NhipError

queries = load(__file__, "desk.sql")
MOST_SHOWN = 1000


class NoSuchLetter(NhipError):
    """There is no dead letter {id}. It was delivered, dropped, or is being tried again."""

    status = 404


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that was given up; `id` is that of every try."""

    id: UUID
    tenant: str
    subscription: str
    changes: int
    made_at: datetime
    dead_at: datetime
    tries: int
    problem: str
    """The last answer's status, or what kind of error it was."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one receiver."""

    tenant: str
    subscription: str
    changes: int
    made_at: datetime
    """Of the oldest."""
    failures: int
    """Of the receiver, in a row."""
    retry_at: datetime | None
    problem: str


class _Row(msgspec.Struct, frozen=True):
    heard: str


async def list_dead(tx: Connection, limit: int = MOST_SHOWN) -> list[DeadLetter]:
    """Dead letters, those that died last first."""
    return await fetch_all(tx, DeadLetter, queries.list_dead, limit=limit)


async def list_waiting(tx: Connection, limit: int = MOST_SHOWN) -> list[Waiting]:
    """The subscriptions for which letters wait, the one with the oldest first."""
    return await fetch_all(tx, Waiting, queries.list_waiting, limit=limit)


async def get_dead(tx: Connection, id: UUID) -> tuple[DeadLetter, list[dict[str, Any]]]:
    """A dead letter with the changes that it would have told of. Raises NoSuchLetter."""
    found = await fetch_one(tx, DeadLetter, queries.find_dead, id=id)
    if found is None:
        raise NoSuchLetter(id=id)
    heard = await fetch_all(tx, _Row, queries.list_heard, id=id, limit=MOST_SHOWN)
    return found, [orjson.loads(row.heard) for row in heard]


async def retry(tx: Connection, id: UUID) -> None:
    """Try a dead letter again, as if it were new. Raises NoSuchLetter."""
    if not await execute(tx, queries.retry, id=id):
        raise NoSuchLetter(id=id)


async def drop(tx: Connection, id: UUID) -> None:
    """Forget a dead letter. Raises NoSuchLetter."""
    if not await execute(tx, queries.drop, id=id):
        raise NoSuchLetter(id=id)

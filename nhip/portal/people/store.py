"""Access to wishes, remarks and ratings: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.portal.people.model import Rating, Remark, Wish, WishStep

queries = load(__file__)
Within = frozenset[uuid.UUID] | None
"""Agencies whose things may be seen; None: all."""


async def find_wish(tx: Connection, key: int | uuid.UUID) -> Wish | None:
    """A request for data by its number or id."""
    no = key if isinstance(key, int) and 0 < key < 2**31 else None
    return await fetch_one(tx, Wish, queries.find_wish, no=no, id=key if isinstance(key, uuid.UUID) else None)


async def list_wishes(
    tx: Connection,
    states: Sequence[str],
    *,
    shown: bool | None = None,
    within: Within = None,
    by_due: bool = False,
    size: int = 50,
    offset: int = 0,
) -> tuple[list[Wish], int]:
    """A page of requests (the last received first, or what is due first), and how many there are."""
    wanted = {"states": list(states), "shown": shown, "within": _ids(within)}
    found = await fetch_all(tx, Wish, queries.list_wishes, **wanted, by_due=by_due, size=size, offset=offset)
    return found, await _count(tx, queries.count_wishes, wanted)


def _ids(within: Iterable[uuid.UUID] | None) -> list[uuid.UUID] | None:
    return None if within is None else list(within)


async def _count(tx: Connection, query: LiteralString, values: Mapping[str, object]) -> int:
    row = await (await tx.execute(query, values)).fetchone()
    return int(row[0]) if row else 0


async def add_step(tx: Connection, wish_id: uuid.UUID, act: str, *, told: str = "", note: str = "") -> None:
    """Write down what whoever acts did about a request."""
    values = {"act": act, "by_name": acting().name, "told": told, "note": note}
    await execute(tx, queries.insert_step, id=new_id(), wish_id=wish_id, now=now(), **values)


async def list_steps(tx: Connection, wish: Wish) -> list[WishStep]:
    """Everything that was done about a request, in its order."""
    return await fetch_all(tx, WishStep, queries.list_steps, wish_id=wish.id)


async def count_recent(tx: Connection, address: str, since: datetime) -> tuple[int, int]:
    """How many requests and comments came from a network address since then, and how many wait to be looked at in all."""
    row = await (await tx.execute(queries.count_recent, {"address": address, "since": since})).fetchone()
    assert row is not None, "a select without a table has one row"
    return int(row[0]), int(row[1])


async def has_voted(tx: Connection, wish: Wish, browser: uuid.UUID) -> bool:
    """Whether a browser said that it needs this too."""
    return await (await tx.execute(queries.has_voted, {"id": wish.id, "browser": browser})).fetchone() is not None


async def find_remark(tx: Connection, remark_id: uuid.UUID) -> Remark | None:
    """One comment."""
    return await fetch_one(tx, Remark, queries.find_remark, id=remark_id)


async def list_remarks(
    tx: Connection,
    states: Sequence[str],
    *,
    dataset_id: uuid.UUID | None = None,
    waiting: bool | None = None,
    tasks: bool = False,
    within: Within = None,
    size: int = 50,
    offset: int = 0,
) -> tuple[list[Remark], int]:
    """A page of comments (the last first; those that wait, by what is due first), and how many there are."""
    wanted = {
        "states": list(states),
        "dataset_id": dataset_id,
        "waiting": waiting,
        "tasks": tasks,
        "within": _ids(within),
    }
    found = await fetch_all(tx, Remark, queries.list_remarks, **wanted, size=size, offset=offset)
    return found, await _count(tx, queries.count_remarks, wanted)


async def find_rating(tx: Connection, dataset_id: uuid.UUID) -> Rating:
    """What readers gave a dataset."""
    found = await fetch_one(tx, Rating, queries.find_rating, dataset_id=dataset_id)
    assert found is not None, "an aggregate without groups has one row"
    return found


async def find_own_rating(tx: Connection, dataset_id: uuid.UUID, browser: uuid.UUID) -> int | None:
    """What one browser gave."""
    row = await (await tx.execute(queries.find_own_rating, {"dataset_id": dataset_id, "browser": browser})).fetchone()
    return int(row[0]) if row else None

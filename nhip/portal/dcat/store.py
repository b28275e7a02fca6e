"""Access to what descriptions are made of besides the entries: `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.time import now
from nhip.portal.dcat.model import Asked, Facts

queries = load(__file__)


class Unlooked(msgspec.Struct, frozen=True):
    """A release in force whose rows were not looked at yet."""

    dataset_id: uuid.UUID
    name: str
    no: int


class Counted(msgspec.Struct, frozen=True):
    """How many datasets are meant, and when the last of all changed."""

    total: int
    modified: datetime | None


async def list_facts(tx: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Facts]:
    """What is known of the releases in force of open datasets."""
    found = await fetch_all(tx, Facts, queries.list_facts, ids=list(ids))
    return {facts.dataset_id: facts for facts in found}


async def list_unlooked(tx: Connection, most: int) -> list[Unlooked]:
    """Releases in force to be looked at."""
    return await fetch_all(tx, Unlooked, queries.list_unlooked, most=most)


async def put_extent(tx: Connection, facts: Facts) -> None:
    """Where and when the rows of a release are."""
    await execute(tx, queries.put_extent, **msgspec.structs.asdict(facts))


async def set_places(tx: Connection, dataset_id: uuid.UUID, places: list[str]) -> None:
    """The units that an entry is found by."""
    await execute(tx, queries.set_places, dataset_id=dataset_id, places=places)


async def find_answer(tx: Connection, dataset_id: uuid.UUID) -> Asked | None:
    """What the addresses of a dataset answered when they were asked last."""
    return await fetch_one(tx, Asked, queries.find_answer, dataset_id=dataset_id)


async def put_answer(tx: Connection, dataset_id: uuid.UUID, answers: dict[str, int]) -> None:
    """What they answer now."""
    await execute(tx, queries.put_answer, dataset_id=dataset_id, now=now(), answers=Jsonb(answers))


async def list_unasked(tx: Connection, since: datetime, failed_since: datetime, most: int) -> list[str]:
    """Names of datasets whose addresses are due: changed since, not asked since a moment, or failed before a later one."""
    asked = {"since": since, "failed_since": failed_since, "most": most}
    cursor = await tx.execute(queries.list_unasked, asked)
    return [str(row[0]) for row in await cursor.fetchall()]


async def count_entries(tx: Connection, since: datetime | None) -> Counted:
    """How many datasets are open, or changed since a moment."""
    found = await fetch_one(tx, Counted, queries.count_entries, since=since)
    assert found is not None, "an aggregate without groups has one row"
    return found


async def list_page(tx: Connection, since: datetime | None, size: int, offset: int) -> list[Any]:
    """Ids of a page of datasets, by name."""
    cursor = await tx.execute(queries.list_page, {"since": since, "size": size, "offset": offset})
    return [row[0] for row in await cursor.fetchall()]

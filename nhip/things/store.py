"""Mappings, what the graph holds of them, and what did not become things."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.security.permissions.current import reach
from nhip.things.model import Fault, Held, Mapping

queries = load(__file__)
READ = "dataset.read"
MOST_FAULTS = 1000


class Behind(msgspec.Struct, frozen=True):
    """A dataset whose things are to be brought up to date."""

    dataset_id: uuid.UUID
    name: str


class Locked(msgspec.Struct, frozen=True):
    """A mapping while it is worked on."""

    mapping: dict[str, Any]
    stamp: str
    ending: bool
    digest: str


class Known(msgspec.Struct, frozen=True):
    """A thing that some dataset has in the graph; no digest: it was being written when the process ended."""

    id: str
    dataset_id: uuid.UUID
    digest: bytes | None


class Holder(msgspec.Struct, frozen=True):
    """The dataset whose row a thing is."""

    name: str
    title: str
    title_en: str
    mapping: dict[str, Any]
    version_no: int | None
    held_at: datetime | None


class _Id(msgspec.Struct, frozen=True):
    id: str


async def put_mapping(tx: Connection, dataset_id: uuid.UUID, mapping: Mapping) -> bool:
    """Set a dataset's mapping; whether that changed anything."""
    told = Jsonb(msgspec.to_builtins(mapping))
    return await execute(tx, queries.put_mapping, dataset_id=dataset_id, mapping=told) > 0


async def list_held(tx: Connection) -> list[Held]:
    """Every mapping of a dataset that whoever asks may read, with what the graph holds of it."""
    return await fetch_all(tx, Held, queries.list_held, within=reach(READ))


async def find_held(tx: Connection, dataset_id: uuid.UUID) -> Held | None:
    """The mapping of a dataset with what the graph holds of it."""
    return await fetch_one(tx, Held, queries.find_held, dataset_id=dataset_id)


async def find_holder(tx: Connection, id: str) -> Holder | None:
    """The dataset whose row a thing is, if whoever asks may read it."""
    return await fetch_one(tx, Holder, queries.find_holder, id=id, within=reach(READ))


async def end_mapping(tx: Connection, dataset_id: uuid.UUID) -> None:
    """Have the things of a mapping deleted, and the mapping after them."""
    await execute(tx, queries.end_mapping, dataset_id=dataset_id)


async def delete_mapping(tx: Connection, dataset_id: uuid.UUID) -> None:
    """Forget a mapping; its things stay as they are."""
    await execute(tx, queries.delete_mapping, dataset_id=dataset_id)


async def list_behind(tx: Connection) -> list[Behind]:
    """Datasets whose things are to be brought up to date."""
    return await fetch_all(tx, Behind, queries.list_behind)


async def lock_mapping(tx: Connection, dataset_id: uuid.UUID) -> Locked | None:
    """The mapping, held until the transaction ends; None while another works on it."""
    return await fetch_one(tx, Locked, queries.lock_mapping, dataset_id=dataset_id)


async def finish(
    tx: Connection, dataset_id: uuid.UUID, stamp: str, version_no: int, refused: int, at: datetime
) -> None:
    """The graph holds this version whole."""
    values = {"stamp": stamp, "version_no": version_no, "refused": refused, "at": at}
    await execute(tx, queries.finish, dataset_id=dataset_id, **values)


async def find_known(tx: Connection, ids: Sequence[str]) -> dict[str, Known]:
    """What is known of things with these ids."""
    return {one.id: one for one in await fetch_all(tx, Known, queries.find_digests, ids=list(ids))}


async def begin_held(tx: Connection, dataset_id: uuid.UUID, ids: Sequence[str]) -> None:
    """Note things that are about to be written."""
    await execute(tx, queries.begin_held, dataset_id=dataset_id, ids=list(ids))


async def end_held(tx: Connection, dataset_id: uuid.UUID, digests: dict[str, bytes]) -> None:
    """Note that things were written."""
    values = {"ids": list(digests), "digests": list(digests.values())}
    await execute(tx, queries.end_held, dataset_id=dataset_id, **values)


async def page_of_held(tx: Connection, dataset_id: uuid.UUID, after: str, most: int) -> list[str]:
    """Ids of a dataset's things behind `after`."""
    found = await fetch_all(tx, _Id, queries.page_of_held, dataset_id=dataset_id, after=after, most=most)
    return [one.id for one in found]


async def delete_held(tx: Connection, dataset_id: uuid.UUID, ids: Sequence[str]) -> None:
    """Forget things that are in the graph no longer."""
    await execute(tx, queries.delete_held, dataset_id=dataset_id, ids=list(ids))


async def count_held(tx: Connection, dataset_id: uuid.UUID) -> int:
    """How many things a dataset has in the graph."""
    row = await (await tx.execute(queries.count_held, {"dataset_id": dataset_id})).fetchone()
    return int(row[0]) if row else 0


async def put_faults(tx: Connection, dataset_id: uuid.UUID, faults: Sequence[Fault]) -> None:
    """Tell of these instead of those of an earlier version; the first thousand are kept."""
    kept = faults[:MOST_FAULTS]
    await execute(tx, queries.clear_faults, dataset_id=dataset_id)
    columns = {"rows": [f.row for f in kept], "reasons": [f.reason for f in kept], "values": [f.value for f in kept]}
    await execute(tx, queries.add_faults, dataset_id=dataset_id, **columns)


async def list_faults(tx: Connection, name: str, most: int = MOST_FAULTS) -> list[Fault]:
    """What of a dataset did not become things, if whoever asks may read it."""
    return await fetch_all(tx, Fault, queries.list_faults, name=name, most=most, within=reach(READ))

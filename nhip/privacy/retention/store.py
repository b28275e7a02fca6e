"""Access to retention: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from nhip.datasets.records import Dataset
from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.actor import acting
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.privacy.retention.model import Deletion, Plan, Rule

queries = load(__file__)


class VersionObject(msgspec.Struct, frozen=True):
    """An object of a version; `main` holds its rows."""

    no: int
    role: str
    object: str
    main: bool


class RawDelivery(msgspec.Struct, frozen=True):
    """A delivery and the digest of its raw bytes."""

    id: uuid.UUID
    sha256: str


class DeletedObject(msgspec.Struct, frozen=True):
    """An object that a deletion took away."""

    object: str
    sha256: str


class LedgerEvent(msgspec.Struct, frozen=True):
    """The event of a deletion."""

    seq: int
    at_us: int
    body: str


class _Name(msgspec.Struct):
    object: str


class _No(msgspec.Struct):
    no: int


async def put_rule(tx: Connection, dataset: Dataset, months: int | None, ground: str) -> None:
    """Set a dataset's rule from now on; None ends it."""
    await execute(tx, queries.end_rule, dataset_id=dataset.id, now=now())
    if months is not None:
        values = {"id": new_id(), "dataset_id": dataset.id, "months": months, "ground": ground}
        await execute(tx, queries.insert_rule, now=now(), made_by=acting().name, **values)


async def list_rules(tx: Connection, dataset: str | None = None, *, ended: bool = False) -> list[Rule]:
    """Rules in force, in Vietnamese order of the datasets; with `ended` also the earlier ones."""
    return await fetch_all(tx, Rule, queries.list_rules, dataset=dataset, ended=ended)


async def list_expired_versions(tx: Connection, dataset: Dataset, before: datetime) -> list[int]:
    """Numbers of versions that were superseded before a moment and are still here."""
    rows = await fetch_all(tx, _No, queries.list_expired_versions, dataset_id=dataset.id, before=before)
    return [row.no for row in rows]


async def list_objects(tx: Connection, dataset: Dataset, nos: Sequence[int]) -> list[VersionObject]:
    """The objects of versions."""
    return await fetch_all(tx, VersionObject, queries.list_objects, dataset_id=dataset.id, nos=list(nos))


async def list_left_objects(tx: Connection, dataset: Dataset) -> set[str]:
    """Objects of deleted versions that stayed because something else needed them."""
    return {row.object for row in await fetch_all(tx, _Name, queries.list_left_objects, dataset_id=dataset.id)}


async def list_needed_objects(tx: Connection, dataset: Dataset, nos: Sequence[int], objects: Iterable[str]) -> set[str]:
    """Which of `objects` a version needs that stays when `nos` go."""
    values = {"dataset_id": dataset.id, "nos": list(nos), "objects": list(objects)}
    return {row.object for row in await fetch_all(tx, _Name, queries.list_needed_objects, **values)}


async def list_expired_deliveries(
    tx: Connection, dataset: Dataset, nos: Sequence[int], before: datetime
) -> list[RawDelivery]:
    """Deliveries that nothing needs when the versions `nos` go."""
    values = {"dataset_id": dataset.id, "nos": list(nos), "before": before}
    return await fetch_all(tx, RawDelivery, queries.list_expired_deliveries, **values)


async def list_needed_raw(tx: Connection, deliveries: Sequence[uuid.UUID], digests: Iterable[str]) -> set[str]:
    """Which raw payloads (SHA-256) a delivery needs that stays when `deliveries` go."""
    values = {"objects": list(digests), "deliveries": list(deliveries)}
    return {row.object for row in await fetch_all(tx, _Name, queries.list_needed_raw, **values)}


async def is_busy(tx: Connection, dataset: Dataset) -> bool:
    """Whether a delivery of the dataset is being worked through."""
    row = await (await tx.execute(queries.count_unfinished, {"dataset_id": dataset.id})).fetchone()
    return bool(row and row[0])


async def insert_deletion(tx: Connection, dataset: Dataset, plan: Plan) -> uuid.UUID:
    """A deletion begins; gives its number."""
    made = new_id()
    await execute(tx, queries.insert_deletion, id=made, dataset_id=dataset.id, retention_id=plan.rule.id, now=now())
    digests = [digest_of(name) for name in plan.objects]
    await execute(tx, queries.insert_deleted_objects, id=made, objects=plan.objects, sha256s=digests)
    await execute(tx, queries.insert_deleted_versions, id=made, dataset_id=dataset.id, nos=plan.versions)
    await execute(tx, queries.insert_deleted_deliveries, id=made, deliveries=plan.deliveries)
    return made


def digest_of(object_name: str) -> str:
    """The SHA-256 of an object, which is its name."""
    return object_name.rsplit("/", 1)[-1].partition(".")[0]


async def finish_deletion(tx: Connection, deletion_id: uuid.UUID) -> None:
    """Everything is gone."""
    await execute(tx, queries.finish_deletion, id=deletion_id, now=now())


async def list_deletions(
    tx: Connection, *, id_: uuid.UUID | None = None, state: str | None = None, most: int = 200
) -> list[Deletion]:
    """Deletions, newest first."""
    return await fetch_all(tx, Deletion, queries.list_deletions, id=id_, state=state, most=most)


async def list_deleted_objects(tx: Connection, deletion_id: uuid.UUID) -> list[DeletedObject]:
    """What a deletion took away."""
    return await fetch_all(tx, DeletedObject, queries.list_deleted_objects, id=deletion_id)


async def find_event(tx: Connection, deletion_id: uuid.UUID) -> LedgerEvent | None:
    """The event of the ledger that says what a deletion took away."""
    return await fetch_one(tx, LedgerEvent, queries.find_event, what=f"deletion:{deletion_id}")


async def list_exported_versions(tx: Connection, dataset: Dataset) -> set[int]:
    """Versions of a dataset that were ever handed out whole."""
    rows = await fetch_all(
        tx, _No, queries.list_exported_versions, dataset_id=dataset.id, what=f"dataset:{dataset.name}"
    )
    return {row.no for row in rows}


async def keep_former(tx: Connection, dataset: Dataset, no: int, subjects: Iterable[bytes]) -> None:
    """Keep who was in a version that is deleted."""
    async with tx.cursor() as cursor, cursor.copy(queries.begin_former) as copy:
        for subject in subjects:
            await copy.write_row((dataset.id, no, subject))

"""Receiving: the raw bytes are kept under their SHA-256 before anything else happens to them."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from datetime import datetime
from pathlib import Path

import msgspec

from nhip.datasets.errors import FileTooLarge
from nhip.datasets.happened import happened
from nhip.datasets.jobs import process_delivery
from nhip.datasets.records import Dataset, DeliveryRecord
from nhip.datasets.store import get_dataset, get_delivery, move_delivery, queries
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute, fetch_one
from nhip.jobs.app import enqueue
from nhip.kernel.ids import new_id
from nhip.kernel.time import now

CHUNK = 1 << 20


class Receipt(msgspec.Struct, frozen=True):
    """What became of a payload: its delivery, and whether the same bytes were here already."""

    delivery: DeliveryRecord
    unchanged: bool


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def raw_name(sha256: str) -> str:
    """Name of raw bytes in the object store."""
    return f"raw/{sha256[:2]}/{sha256}"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A payload whose bytes are in the object store already. `as_of`: the time the data speak of, when the source says it;
    `changes`: only rows that are new or changed since the delivery before, `key` telling which rows they replace."""

    sha256: str
    size: int
    filename: str
    as_of: datetime | None = None
    changes: bool = False
    key: tuple[str, ...] = ()
    titles: dict[str, str] = {}


async def keep(
    installation: Installation,
    file: Path,
    filename: str,
    *,
    as_of: datetime | None = None,
    changes: bool = False,
    key: tuple[str, ...] = (),
    titles: dict[str, str] | None = None,
) -> Arrival:
    """Put the bytes of `file` into the object store, for ever. Raises BadInput when there are too many, StorageFull."""
    size = file.stat().st_size
    limit = installation.settings.max_file_mb
    if size > limit << 20:
        raise FileTooLarge(file=filename, size_mb=size >> 20, limit_mb=limit)
    sha256 = await asyncio.to_thread(sha256_of, file)
    await asyncio.to_thread(installation.objects.put, raw_name(sha256), file)
    told = {
        column[:200]: title[:300] for column, title in list((titles or {}).items())[: installation.settings.max_columns]
    }
    return Arrival(
        sha256=sha256, size=size, filename=filename[:300], as_of=as_of, changes=changes, key=key, titles=told
    )


async def record(
    tx: Connection,
    dataset_id: uuid.UUID,
    arrival: Arrival,
    *,
    who: str,
    source_id: uuid.UUID | None = None,
    later: bool = True,
) -> Receipt:
    """Record the delivery and (`later`) enqueue its processing, in the caller's transaction.

    The same whole bytes as the dataset's last delivery only confirm that one.
    """
    await tx.execute(queries.lock_dataset, {"id": dataset_id})
    last = await fetch_one(tx, DeliveryRecord, queries.find_last_delivery, dataset_id=dataset_id)
    if last is not None and last.sha256 == arrival.sha256 and last.state != "failed":
        await execute(tx, queries.confirm_delivery, id=last.id, now=now())
        return Receipt(last, unchanged=True)
    delivery_id = new_id()
    what = msgspec.structs.asdict(arrival) | {
        "as_of": arrival.as_of or now(),
        "key": list(arrival.key),
        "titles": Jsonb(arrival.titles),
    }
    where = {"id": delivery_id, "dataset_id": dataset_id, "source_id": source_id, "received_by": who, "now": now()}
    base = last.id if arrival.changes and last is not None else None
    await execute(tx, queries.insert_delivery, **where, **what, base_id=base)
    if later:
        await enqueue(tx, process_delivery, lock=str(dataset_id), delivery_id=str(delivery_id))
    dataset = await get_dataset(tx, dataset_id)
    told = {"delivery": str(delivery_id), "sha256": arrival.sha256, "size": arrival.size}
    await happened(tx, "delivery.received", f"dataset:{dataset.name}", **told)
    return Receipt(await get_delivery(tx, delivery_id), unchanged=False)


async def receive(
    installation: Installation, dataset_id: uuid.UUID, file: Path, *, filename: str, who: str, later: bool = True
) -> Receipt:
    """Keep and record one whole file: an upload, or a file given on the command line."""
    arrival = await keep(installation, file, filename)
    async with installation.db.tx() as tx:
        return await record(tx, dataset_id, arrival, who=who, later=later)


async def work_again(
    installation: Installation, dataset: Dataset, *, later: bool = True, failed_too: bool = False
) -> DeliveryRecord | None:
    """Run the steps of the last usable delivery again from its raw bytes (a better contract, a corrected cell); None if nothing
    was ever delivered. `failed_too`: also those of a later one that failed, as another contract may make it usable."""
    async with installation.db.tx() as tx:
        await tx.execute(queries.lock_dataset, {"id": dataset.id})
        usable = await fetch_one(tx, DeliveryRecord, queries.find_last_usable, dataset_id=dataset.id)
        if usable is None:
            return None
        last = await fetch_one(tx, DeliveryRecord, queries.find_last_delivery, dataset_id=dataset.id)
        again = [usable, last] if failed_too and last is not None and last.id != usable.id else [usable]
        for delivery in again:
            await move_delivery(tx, delivery.id, "received", now())
            if later:
                await enqueue(tx, process_delivery, lock=str(dataset.id), delivery_id=str(delivery.id))
        return await get_delivery(tx, usable.id)

"""Access to the `datasets` schema: the queries of `store.sql` as typed functions.

Lists are narrowed in SQL to what whoever asks may reach (`nhip.security.permissions.current`); single objects: `access.py`.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from nhip.datasets.errors import AgencyNotFound, DatasetNotFound, DeliveryNotFound, SourceNotFound, VersionNotFound
from nhip.datasets.records import (
    Agency,
    Alert,
    Conflict,
    ContractRecord,
    Correction,
    Dataset,
    DeliveryRecord,
    Source,
    Vanished,
    Version,
    VirtueRecord,
)
from nhip.db import Connection
from nhip.db.query import execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.security.permissions.current import reach

queries = load(__file__)
READ = "dataset.read"


async def get_agency(tx: Connection, code: str) -> Agency:
    """An agency by code. Raises AgencyNotFound."""
    agency = await fetch_one(tx, Agency, queries.find_agency, code=code)
    if agency is None:
        raise AgencyNotFound(code=code)
    return agency


async def list_agencies(tx: Connection, *, permission: str = READ) -> list[Agency]:
    """Agencies in Vietnamese order: those for whose data whoever asks holds `permission`; all for Nhịp itself."""
    return await fetch_all(tx, Agency, queries.list_agencies, within=reach(permission))


async def get_dataset(tx: Connection, name: str | uuid.UUID) -> Dataset:
    """A dataset by name or id. Raises DatasetNotFound."""
    by_id = name if isinstance(name, uuid.UUID) else None
    dataset = await fetch_one(tx, Dataset, queries.find_dataset, name=None if by_id else name, id=by_id)
    if dataset is None:
        raise DatasetNotFound(name=str(name))
    return dataset


async def list_datasets(tx: Connection, agency: str | None = None, *, permission: str = READ) -> list[Dataset]:
    """Datasets in Vietnamese order, of one agency (code) or all: those for which whoever asks holds `permission`."""
    return await fetch_all(tx, Dataset, queries.list_datasets, agency=agency, within=reach(permission))


async def find_contract(tx: Connection, dataset: Dataset, no: int | None = None) -> ContractRecord | None:
    """An edition of the contract (the one in force by default), or None."""
    wanted = no or dataset.contract_no
    return await fetch_one(tx, ContractRecord, queries.find_contract, dataset_id=dataset.id, no=wanted)


async def list_contracts(tx: Connection, dataset: Dataset) -> list[ContractRecord]:
    """All editions, newest first."""
    return await fetch_all(tx, ContractRecord, queries.list_contracts, dataset_id=dataset.id)


async def find_source(tx: Connection, name: str) -> Source | None:
    """A source by name, without its secret."""
    return await fetch_one(tx, Source, queries.find_source, name=name, id=None)


async def get_source(tx: Connection, name: str | uuid.UUID) -> Source:
    """A source by name or id, without its secret. Raises SourceNotFound."""
    by_id = name if isinstance(name, uuid.UUID) else None
    source = await fetch_one(tx, Source, queries.find_source, name=None if by_id else name, id=by_id)
    if source is None:
        raise SourceNotFound(name=str(name))
    return source


async def list_sources(tx: Connection) -> list[Source]:
    """Sources by name: those that whoever asks may see."""
    return await fetch_all(tx, Source, queries.list_sources, within=reach("source.read"))


async def get_delivery(tx: Connection, delivery_id: uuid.UUID) -> DeliveryRecord:
    """A delivery. Raises DeliveryNotFound."""
    delivery = await fetch_one(tx, DeliveryRecord, queries.find_delivery, id=delivery_id)
    if delivery is None:
        raise DeliveryNotFound()
    return delivery


async def list_deliveries(tx: Connection, dataset: Dataset, most: int = 50) -> list[DeliveryRecord]:
    """A dataset's deliveries, newest first."""
    return await fetch_all(tx, DeliveryRecord, queries.list_deliveries, dataset_id=dataset.id, most=most)


async def list_unfinished(tx: Connection) -> list[DeliveryRecord]:
    """Deliveries whose work was cut off, oldest first."""
    return await fetch_all(tx, DeliveryRecord, queries.list_unfinished)


async def move_delivery(
    tx: Connection,
    delivery_id: uuid.UUID,
    state: str,
    now: datetime,
    *,
    seen: datetime | None = None,
    problem: Any = None,
    decoded: Any = None,
) -> None:
    """Record that a delivery reached `state`; `problem` and `decoded` are JSON or None.

    `seen`: the `state_at` that the work began with. If the work was asked for again meanwhile (a second correction), the state
    stays as it is, so that the work is really done again.
    """
    values = {"id": delivery_id, "state": state, "now": now, "seen": seen, "problem": problem, "decoded": decoded}
    await execute(tx, queries.move_delivery, **values)


async def get_version(tx: Connection, dataset: Dataset, no: int) -> Version:
    """A version by number. Raises VersionNotFound."""
    version = await fetch_one(tx, Version, queries.find_version, dataset_id=dataset.id, no=no)
    if version is None:
        raise VersionNotFound(name=dataset.name, no=no)
    return version


async def find_version_in_force(tx: Connection, dataset: Dataset) -> Version | None:
    """The version in force, or None before the first."""
    return await get_version(tx, dataset, dataset.version_no) if dataset.version_no else None


async def list_versions(tx: Connection, dataset: Dataset) -> list[Version]:
    """All versions, newest first."""
    return await fetch_all(tx, Version, queries.list_versions, dataset_id=dataset.id)


async def list_corrections(tx: Connection, dataset: Dataset) -> list[Correction]:
    """Corrections in force, oldest first."""
    return await fetch_all(tx, Correction, queries.list_corrections, dataset_id=dataset.id)


async def list_in_force(tx: Connection) -> list[Version]:
    """The version in force of every dataset that has one and that whoever asks may read."""
    return await fetch_all(tx, Version, queries.list_in_force, within=reach(READ))


async def list_latest_virtues(tx: Connection) -> list[VirtueRecord]:
    """The last scores of every dataset that whoever asks may read."""
    return await fetch_all(tx, VirtueRecord, queries.list_latest_virtues, within=reach(READ))


async def list_virtue_history(tx: Connection, dataset: Dataset) -> list[VirtueRecord]:
    """A dataset's scores over time, oldest first."""
    return await fetch_all(tx, VirtueRecord, queries.list_virtue_history, dataset_id=dataset.id)


async def list_alerts(tx: Connection, most: int = 50) -> list[Alert]:
    """Alerts nobody has seen yet, newest first, of the datasets that whoever asks may read."""
    return await fetch_all(tx, Alert, queries.list_alerts, most=most, within=reach(READ))


async def find_alert_place(tx: Connection, alert_id: uuid.UUID) -> uuid.UUID | None:
    """The agency of the dataset that an alert is about."""
    row = await (await tx.execute(queries.find_alert_place, {"id": alert_id})).fetchone()
    return row[0] if row else None


async def list_vanished(
    tx: Connection, *, source_id: uuid.UUID | None = None, dataset_id: uuid.UUID | None = None
) -> list[Vanished]:
    """What portals offer no longer: of one source, or of what stands for one dataset; the latest first."""
    return await fetch_all(tx, Vanished, queries.list_vanished, source_id=source_id, dataset_id=dataset_id)


async def list_conflicts(
    tx: Connection, dataset_id: uuid.UUID, *, within: list[uuid.UUID] | None = None
) -> list[Conflict]:
    """What other datasets (of the agencies `within`; None: all) say differently of the same things, most conflicts first."""
    return await fetch_all(tx, Conflict, queries.list_conflicts, dataset_id=dataset_id, within=within)

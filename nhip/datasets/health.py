"""Virtues over time: recording them, measuring again what changes with time alone, raising alerts, the matrix of the city."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from nhip.datasets.contract.yaml import load
from nhip.datasets.model import Virtues
from nhip.datasets.records import Agency, Dataset, Version, VirtueRecord
from nhip.datasets.store import (
    find_contract,
    find_version_in_force,
    list_agencies,
    list_conflicts,
    list_datasets,
    list_in_force,
    list_latest_virtues,
    list_virtue_history,
    queries,
)
from nhip.datasets.virtues import live_score, scores, shared_score
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.kernel.ids import new_id
from nhip.kernel.time import now, today

NAMES = ("accurate", "complete", "clean", "live", "consistent", "shared")
"""The six virtues in their order: đúng, đủ, sạch, sống, thống nhất, dùng chung."""

ALERT_DROP = 5.0
"""Points that a virtue must drop by to raise an alert."""


EVERYBODY = "everybody"
"""Open data are shared with everybody."""


class _Count(msgspec.Struct, frozen=True):
    dataset_id: uuid.UUID
    n: int


async def record_virtues(tx: Connection, dataset: Dataset, version: Version, facts: dict[str, Any]) -> Virtues:
    """Measure the dataset with the facts of an assessment, keep the scores, alert on drops."""
    contract = await find_contract(tx, dataset, version.contract_no)
    parsed = load(contract.yaml) if contract else None
    extra = {
        "cadence_days": parsed.cadence_days if parsed else None,
        "as_of": version.as_of.isoformat(),
        "described": _described(dataset, parsed is not None),
        **(await _use(tx, dataset.id))(dataset.id),
    }
    everything = {**facts, **extra, **await _shared_cells(tx, dataset)}
    virtues = _with_time(scores(everything), everything, version)
    await _keep(tx, dataset.id, version.no, virtues, everything)
    return virtues


async def _shared_cells(tx: Connection, dataset: Dataset) -> dict[str, int]:
    """The cells that other datasets hold too, and those of them that they say differently, as last measured."""
    found = await list_conflicts(tx, dataset.id)
    if not found:
        return {}
    return {"compared_cells": sum(c.compared for c in found), "conflict_cells": sum(c.conflicts for c in found)}


def _with_time(virtues: Virtues, facts: dict[str, Any], version: Version) -> Virtues:
    age_days = (now() - version.as_of) / timedelta(days=1)
    return msgspec.structs.replace(
        virtues,
        live=live_score(age_days, facts.get("cadence_days")),
        shared=shared_score(
            described=facts.get("described", 0.0),
            grants=facts.get("shared_with", 0),
            reads=facts.get("reads_90_days", 0),
        ),
    )


def _described(dataset: Dataset, has_contract: bool) -> float:
    """Share of the catalogue entries that are filled in, 0..1."""
    parts = [dataset.title, dataset.title_en, dataset.description, dataset.theme, "x" if has_contract else ""]
    return sum(bool(p) for p in parts) / len(parts)


async def _use(tx: Connection, only: uuid.UUID | None = None) -> Callable[[uuid.UUID], dict[str, int]]:
    """Gives of each dataset, or of one, with how many it is shared and how often it was read."""
    since = today() - timedelta(days=90)
    reads = {one.dataset_id: one.n for one in await fetch_all(tx, _Count, queries.count_reads, since=since, only=only)}
    shares = {one.dataset_id: one.n for one in await fetch_all(tx, _Count, queries.count_shares, only=only)}
    return lambda id: {"shared_with": shares.get(id, 0), "reads_90_days": reads.get(id, 0)}


async def _keep(
    tx: Connection, dataset_id: uuid.UUID, version_no: int, virtues: Virtues, facts: dict[str, Any]
) -> None:
    before = await fetch_all(tx, VirtueRecord, queries.list_latest_of, dataset_id=dataset_id)
    values = {name: getattr(virtues, name) for name in (*NAMES, "clean_delivered")}
    where = {"dataset_id": dataset_id, "at": now(), "version_no": version_no}
    await execute(tx, queries.insert_virtue, **where, **values, facts=Jsonb(facts))
    for name in NAMES if before else ():
        was, score = getattr(before[0], name), values[name]
        if was is not None and score is not None and was - score >= ALERT_DROP:
            drop = {"virtue": name, "was": was, "now": score, "at": now()}
            await execute(tx, queries.insert_alert, id=new_id(), dataset_id=dataset_id, **drop)


async def measure_all(installation: Installation) -> int:
    """Measure live and shared of every dataset again; scores are kept when one moved by a point. Gives how many were kept."""
    async with installation.db.tx() as tx:
        latest = {v.dataset_id: v for v in await list_latest_virtues(tx)}
        use = await _use(tx)
        return sum([await _again(tx, one, latest.get(one.id), use(one.id)) for one in await list_datasets(tx)])


async def share(tx: Connection, dataset: Dataset, who: str) -> None:
    """The dataset is shared with `who` from now on; its virtue *shared* says so at once."""
    if await execute(tx, queries.share, dataset_id=dataset.id, who=who):
        await _measure(tx, dataset)


async def unshare(tx: Connection, dataset: Dataset, who: str) -> None:
    """The dataset is no longer shared with `who`."""
    if await execute(tx, queries.unshare, dataset_id=dataset.id, who=who):
        await _measure(tx, dataset)


async def _measure(tx: Connection, dataset: Dataset) -> None:
    record = await fetch_one(tx, VirtueRecord, queries.list_latest_of, dataset_id=dataset.id)
    await _again(tx, dataset, record, (await _use(tx, dataset.id))(dataset.id))


async def _again(tx: Connection, dataset: Dataset, record: VirtueRecord | None, use: dict[str, int]) -> bool:
    """Measure what changes without a new version; whether it was kept."""
    version = await find_version_in_force(tx, dataset)
    if record is None or version is None:
        return False
    facts = {**record.facts, **use}
    before = Virtues(**{n: getattr(record, n) for n in (*NAMES, "clean_delivered")})
    virtues = _with_time(before, facts, version)
    moved = _moved(before.live, virtues.live) or _moved(before.shared, virtues.shared)
    if moved:
        await _keep(tx, dataset.id, version.no, virtues, facts)
    return moved


def _moved(was: float | None, score: float | None) -> bool:
    return was is not None and score is not None and abs(was - score) >= 1


class DatasetHealth(msgspec.Struct, frozen=True):
    """A dataset with its scores now (live and shared as of this minute) and its version in force."""

    dataset: Dataset
    virtues: Virtues | None
    version: Version | None
    cadence_days: float | None = None
    """Days within which a new delivery is due."""


class AgencyHealth(msgspec.Struct, frozen=True):
    """An agency, the mean scores of its datasets (weighed equally) and the datasets."""

    agency: Agency
    virtues: Virtues
    datasets: list[DatasetHealth]


class CityHealth(msgspec.Struct, frozen=True):
    """The whole matrix: the city's mean over datasets, and the agencies."""

    virtues: Virtues
    agencies: list[AgencyHealth]

    @property
    def datasets(self) -> list[DatasetHealth]:
        """All datasets of all agencies."""
        return [d for a in self.agencies for d in a.datasets]


async def get_city_health(tx: Connection) -> CityHealth:
    """Scores of every dataset, agency and the city. Four queries, whatever the number of datasets."""
    latest = {v.dataset_id: v for v in await list_latest_virtues(tx)}
    versions = {v.dataset_id: v for v in await list_in_force(tx)}
    by_agency: dict[uuid.UUID, list[DatasetHealth]] = {}
    for dataset in await list_datasets(tx):
        health = _dataset_health(dataset, latest.get(dataset.id), versions.get(dataset.id))
        by_agency.setdefault(dataset.agency_id, []).append(health)
    agencies = [_agency_health(a, by_agency.get(a.id, [])) for a in await list_agencies(tx)]
    everything = [d.virtues for a in agencies for d in a.datasets if d.virtues]
    return CityHealth(mean(everything), agencies)


async def get_dataset_health(tx: Connection, dataset: Dataset) -> DatasetHealth:
    """One dataset with its scores now and its version in force."""
    latest = await fetch_one(tx, VirtueRecord, queries.list_latest_of, dataset_id=dataset.id)
    return _dataset_health(dataset, latest, await find_version_in_force(tx, dataset))


def _dataset_health(dataset: Dataset, record: VirtueRecord | None, version: Version | None) -> DatasetHealth:
    if record is None or version is None:
        return DatasetHealth(dataset, None, version)
    stored = Virtues(**{name: getattr(record, name) for name in (*NAMES, "clean_delivered")})
    return DatasetHealth(dataset, _with_time(stored, record.facts, version), version, record.facts.get("cadence_days"))


def _agency_health(agency: Agency, datasets: list[DatasetHealth]) -> AgencyHealth:
    return AgencyHealth(agency, mean([d.virtues for d in datasets if d.virtues]), datasets)


def mean(all_virtues: list[Virtues]) -> Virtues:
    """The mean of each virtue over those that have it; None where none has."""
    means: dict[str, float | None] = {}
    for name in (*NAMES, "clean_delivered"):
        found = [s for v in all_virtues if (s := getattr(v, name)) is not None]
        means[name] = sum(found) / len(found) if found else None
    return Virtues(**means)


async def get_history(tx: Connection, dataset: Dataset) -> list[VirtueRecord]:
    """A dataset's scores over time, oldest first."""
    return await list_virtue_history(tx, dataset)

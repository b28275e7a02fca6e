"""Conflicts between datasets: found after publication for every two that share a key, kept with the rows behind them.

The relations come from the contracts' foreign keys: a dataset and the one it refers to, and two that refer to the same key of a
third. Only pairs of which a version or contract changed are measured again.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from nhip.datasets.compare import ColumnResult, Link, Side, compare
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import load
from nhip.datasets.engine import literal, session
from nhip.datasets.health import record_virtues
from nhip.datasets.publish import object_name
from nhip.datasets.records import Conflict, Dataset, Version
from nhip.datasets.store import (
    READ,
    find_contract,
    find_version_in_force,
    get_dataset,
    list_conflicts,
    list_datasets,
    list_in_force,
    queries,
)
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.db.query import Jsonb, execute, fetch_all
from nhip.kernel.time import now
from nhip.security.permissions.current import reach


class Pair(NamedTuple):
    """Two datasets by name, and the columns by which they speak of the same things; the first is the one that is measured."""

    mine: str
    other: str
    link: Link


class Known(msgspec.Struct, frozen=True):
    """A dataset with its version in force and the contract of it."""

    dataset: Dataset
    version: Version
    contract: Contract


class Difference(msgspec.Struct, frozen=True):
    """A cell that another dataset says differently."""

    row: int
    key: str
    column: str
    value: str
    other_row: int
    other_value: str


def pairs_of(contracts: dict[str, Contract]) -> list[Pair]:
    """Every two related datasets in both directions, one link for each two."""
    found: dict[tuple[str, str], Link] = {}
    by_target: dict[tuple[str, tuple[str, ...]], list[tuple[str, tuple[str, ...]]]] = {}
    for name, contract in contracts.items():
        for reference in contract.references:
            if reference.to_dataset in contracts and reference.to_dataset != name:
                target = (reference.to_dataset, reference.to_columns)
                by_target.setdefault(target, [target]).append((name, reference.columns))
    for members in by_target.values():
        for mine, columns in members:
            for other, to_columns in members:
                if mine != other:
                    found.setdefault((mine, other), Link(columns, to_columns))
    return [Pair(mine, other, link) for (mine, other), link in sorted(found.items())]


async def measure_conflicts(installation: Installation) -> int:
    """Measure the pairs of which something changed since; gives how many. The virtue of both is recorded anew."""
    async with installation.db.read() as tx:
        known = await _known(tx)
        done = {(c.dataset_id, c.other_id): c for c in await fetch_all(tx, Conflict, queries.list_all_conflicts)}
    pairs = pairs_of({name: one.contract for name, one in known.items()})
    current = {(known[p.mine].dataset.id, known[p.other].dataset.id) for p in pairs}
    stale = [p for p in pairs if not _is_current(known[p.mine], known[p.other], done)]
    touched = {known[p.mine].dataset.id for p in stale} | await _forget(installation, set(done) - current)
    for pair in stale:
        await _measure(installation, known[pair.mine], known[pair.other], pair.link)
    for dataset_id in touched:
        await _record(installation, dataset_id)
    return len(stale)


async def _known(tx: Connection) -> dict[str, Known]:
    versions = {v.dataset_id: v for v in await list_in_force(tx)}
    known = {}
    for dataset in await list_datasets(tx):
        version = versions.get(dataset.id)
        record = await find_contract(tx, dataset, version.contract_no) if version else None
        if version and record:
            known[dataset.name] = Known(dataset, version, _parsed(record.yaml))
    return known


@lru_cache(maxsize=2_000)
def _parsed(yaml: str) -> Contract:
    return load(yaml)


def _is_current(mine: Known, other: Known, done: dict[tuple[uuid.UUID, uuid.UUID], Conflict]) -> bool:
    kept = done.get((mine.dataset.id, other.dataset.id))
    return kept is not None and (kept.version_no, kept.other_version_no) == (mine.version.no, other.version.no)


async def _forget(installation: Installation, gone: set[tuple[uuid.UUID, uuid.UUID]]) -> set[uuid.UUID]:
    """Drop what was measured of pairs that no contract relates any more."""
    async with installation.db.tx() as tx:
        for dataset_id, other_id in gone:
            await execute(tx, queries.delete_conflict, dataset_id=dataset_id, other_id=other_id)
    return {dataset_id for dataset_id, _other in gone}


async def _measure(installation: Installation, mine: Known, other: Known, link: Link) -> None:
    results, name = await asyncio.to_thread(_compare, installation, mine, other, link)
    counted = [result for result in results if result.alike]
    values = {"dataset_id": mine.dataset.id, "other_id": other.dataset.id, "at": now(), "object": name}
    values |= {"version_no": mine.version.no, "other_version_no": other.version.no}
    values |= {"compared": sum(r.compared for r in counted), "conflicts": sum(r.conflicts for r in counted)}
    async with installation.db.tx() as tx:
        await execute(tx, queries.put_conflict, **values, columns=Jsonb(msgspec.to_builtins(results)))


def _compare(
    installation: Installation, mine: Known, other: Known, link: Link
) -> tuple[list[ColumnResult], str | None]:
    installation.work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="compare-", dir=installation.work))
    try:
        target = folder / "conflicts.parquet"
        with session(installation.settings) as con:
            results = compare(con, _side(installation, mine), _side(installation, other), link, target)
        if not target.exists():
            return results, None
        name = object_name(target)
        installation.objects.put(name, target)
        return results, name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _side(installation: Installation, known: Known) -> Side:
    return Side(installation.objects.path(known.version.object), known.contract)


async def _record(installation: Installation, dataset_id: uuid.UUID) -> None:
    async with installation.db.tx() as tx:
        dataset = await get_dataset(tx, dataset_id)
        version = await find_version_in_force(tx, dataset)
        if version is not None:
            await record_virtues(tx, dataset, version, version.manifest["facts"])
            await announce(tx, "datasets")


async def conflicts_of(tx: Connection, dataset: Dataset) -> list[Conflict]:
    """What was measured against other datasets that whoever asks may read, those with most conflicts first."""
    return await list_conflicts(tx, dataset.id, within=reach(READ))


async def list_differences(
    installation: Installation, conflict: Conflict, column: str = "", *, offset: int = 0, most: int = 50
) -> tuple[int, list[Difference]]:
    """How many cells differ (in `column`, or in all), and a page of them in the order of the file."""
    if conflict.object is None:
        return 0, []
    path = installation.objects.path(conflict.object)
    return await asyncio.to_thread(_read, installation, path, column, offset, most)


def _read(installation: Installation, path: Path, column: str, offset: int, most: int) -> tuple[int, list[Difference]]:
    source = f"read_parquet({literal(str(path))})"
    where, values = ('"column" = ?', [column]) if column else ("true", [])
    with session(installation.settings) as con:
        total = con.execute(f"SELECT count(*) FROM {source} WHERE {where}", values).fetchone()
        rows = con.execute(
            f'SELECT "row", key, "column", value, other_row, other_value FROM {source} WHERE {where} '
            'ORDER BY "row", "column" LIMIT ? OFFSET ?',
            [*values, most, offset],
        ).fetchall()
    return int(total[0]) if total else 0, [Difference(*row) for row in rows]

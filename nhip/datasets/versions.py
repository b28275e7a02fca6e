"""Reading versions: rows, differences by key, as of a date, restoring an earlier one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import msgspec

from nhip.datasets.engine import ident, session
from nhip.datasets.errors import NoVersionYet
from nhip.datasets.happened import happened
from nhip.datasets.health import record_virtues
from nhip.datasets.looks import record_read
from nhip.datasets.personal import Look, Sight, blurred, masked, sight_of
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_contract, get_dataset, get_version, queries
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.db.query import Jsonb, execute, fetch_one
from nhip.kernel.time import now


class RowChange(msgspec.Struct, frozen=True):
    """One row that differs between two versions; values are text, as stored. `before`/`after` is None on that side."""

    change: Literal["added", "changed", "removed"]
    key: dict[str, str | None]
    before: dict[str, str | None] | None
    after: dict[str, str | None] | None


class Difference(msgspec.Struct, frozen=True):
    """How version `to` differs from version `since`. `rows` holds at most as many as were asked for; the counts are complete."""

    since: int
    to: int
    key: list[str]
    added: int
    changed: int
    removed: int
    columns_added: list[str]
    columns_removed: list[str]
    rows: list[RowChange]


async def find_version_at(tx: Connection, dataset: Dataset, at: datetime) -> Version | None:
    """The version that was in force at `at`, or None when there was none yet."""
    return await fetch_one(tx, Version, queries.find_version_at, dataset_id=dataset.id, at=at)


async def diff(
    installation: Installation,
    dataset: Dataset,
    since: int,
    to: int | None = None,
    most: int = 100,
    *,
    look: Look | None = None,
) -> Difference:
    """Rows added, changed and removed from version `since` to version `to` (default: the one in force), by primary key;
    without a key, equal rows are matched as wholes. Personal cells are masked; with a `look` they are shown and recorded.
    Raises VersionNotFound, NoVersionYet, LedgerClosed."""
    async with installation.db.read() as tx:
        old = await get_version(tx, dataset, since)
        if to is None and dataset.version_no is None:
            raise NoVersionYet(name=dataset.name)
        new = await get_version(tx, dataset, to or dataset.version_no or 0)
        contract = await find_contract(tx, dataset, new.contract_no)
        sight = await sight_of(tx, dataset, old, new, look=look)
    key: list[str] = new.manifest.get("key", []) if contract else []
    old_path, new_path = installation.objects.path(old.object), installation.objects.path(new.object)
    sides = ((since, old_path), (new.no, new_path))
    found = await asyncio.to_thread(_diff_files, installation, *sides, key, most, sight)
    if sight.personal and found.rows:
        await record_read(
            installation, sight, {"versions": [since, new.no], "rows": len(found.rows)}, _people(found, sight)
        )
    return found


def _people(found: Difference, sight: Sight) -> set[str | None]:
    """The citizen numbers that stand in the rows."""
    sides = [side for row in found.rows for side in (row.before, row.after) if side]
    return {side.get(name) for side in sides for name in sight.protection.people}


def _diff_files(
    installation: Installation, old: tuple[int, Path], new: tuple[int, Path], key: list[str], most: int, sight: Sight
) -> Difference:
    with session(installation.settings) as con:
        before, after = _columns(con, old[1]), _columns(con, new[1])
        common = [c for c in after if c in before and c != "_row"]
        key = key if key and all(k in common for k in key) else []
        _compare(con, old[1], new[1], common, key)
        counts = dict(con.execute("select change, count(*) from difference group by 1").fetchall())
        cells = ", ".join(f"{_seen(side, common, sight)} as {side}" for side in ("before", "after"))
        query = f"select change, _place, {cells} from difference order by _place limit ?"
        rows = con.execute(query, [most]).fetchall()
        return Difference(
            since=old[0],
            to=new[0],
            key=key,
            added=counts.get("added", 0),
            changed=counts.get("changed", 0),
            removed=counts.get("removed", 0),
            columns_added=[c for c in after if c not in before],
            columns_removed=[c for c in before if c not in after],
            rows=[_row_change(row, common, key) for row in rows],
        )


def _columns(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    return [row[0] for row in con.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()]


def _compare(con: duckdb.DuckDBPyConnection, old: Path, new: Path, columns: list[str], key: list[str]) -> None:
    """Fill the table `difference`: change, place, then the common columns before and after as two lists of text."""
    texts = ", ".join(f"{ident(c)}::varchar" for c in columns)
    matched_by = key or columns
    keys = ", ".join(f"{ident(c)}::varchar" for c in matched_by)
    # equal keys (or, without a key, equal rows) are numbered, so that doubles are matched one to one
    side = (
        f"select _row, [{texts}] as cells, [{keys}] as k, row_number() over (partition by [{keys}] order by _row) as n "
        "from read_parquet(?)"
    )
    con.execute(
        f"""
        create or replace temp table difference as
        with a as ({side}), b as ({side})
        select case when a.n is null then 'added' when b.n is null then 'removed' else 'changed' end as change,
               coalesce(b._row, a._row) as _place, a.cells as before, b.cells as after
        from a full outer join b on a.k = b.k and a.n = b.n
        where a.cells is distinct from b.cells
        """,
        [str(old), str(new)],
    )


def _seen(side: str, columns: list[str], sight: Sight) -> str:
    """SQL: the cells of one side as a list of text, masked where they are not to be seen."""
    cells = []
    for place, column in enumerate(columns, 1):
        cell = f"{side}[{place}]"
        cells.append(masked(cell) if sight.hides(column) else blurred(cell) if sight.blurs(column) else cell)
    return f"case when {side} is not null then [{', '.join(cells)}] end"


def _row_change(row: tuple[Any, ...], columns: list[str], key: list[str]) -> RowChange:
    change, _place, before, after = row
    old = dict(zip(columns, before, strict=True)) if before is not None else None
    new = dict(zip(columns, after, strict=True)) if after is not None else None
    shown = new or old or {}
    return RowChange(change, {k: shown[k] for k in key}, old, new)


async def restore(installation: Installation, dataset: Dataset, no: int, who: str) -> Version:
    """Put version `no` in force again, as a new version with the same rows. Raises VersionNotFound, Gone."""
    async with installation.db.tx() as tx:
        await tx.execute(queries.lock_dataset, {"id": dataset.id})
        dataset = await get_dataset(tx, dataset.id)
        old = await get_version(tx, dataset, no)
        if dataset.version_no == no:
            return old
        await asyncio.to_thread(installation.objects.path, old.object)  # what the law had deleted cannot come back
        made = await insert_version(tx, msgspec.structs.replace(old, made_at=now(), made_by=who, restored_from=no))
        await execute(tx, queries.point_version, id=dataset.id, no=made)
        dataset = await get_dataset(tx, dataset.id)
        restored = await get_version(tx, dataset, made)
        await record_virtues(tx, dataset, restored, restored.manifest["facts"])
        await happened(tx, "version.restored", f"dataset:{dataset.name}", no=made, restored=no)
        await announce(tx, "datasets")
        return restored


async def insert_version(tx: Connection, version: Version) -> int:
    """Record a version under the next number (its own `no` is ignored); gives that number."""
    values = msgspec.structs.asdict(version)
    values.pop("no")
    values["by_rule"], values["manifest"] = Jsonb(version.by_rule), Jsonb(version.manifest)
    row = await (await tx.execute(queries.insert_version, values)).fetchone()
    assert row is not None
    return int(row[0])

"""Reading findings: counts by rule and column, pages of single faults, and the delivered row behind each.

Every reader takes what may be shown (`Sight`): personal cells are masked inside DuckDB, or recorded before they are given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.looks import record_rows
from nhip.datasets.model import ROW, Severity
from nhip.datasets.personal import Sight, finding_cells, shown
from nhip.datasets.records import Version
from nhip.db.installation import Installation
from nhip.settings import Settings


class Finding(msgspec.Struct, frozen=True):
    """One fault: where, which rule, what was delivered, what would be right where that is known."""

    row: int
    column: str
    rule: str
    severity: Severity
    value: str | None
    suggestion: str | None


class FindingGroup(msgspec.Struct, frozen=True):
    """How many findings a rule has in a column."""

    rule: str
    column: str
    severity: Severity
    count: int
    example: str | None


class FindingPage(msgspec.Struct, frozen=True):
    """A page of findings and the count of all that match."""

    total: int
    findings: list[Finding]


class DataPage(msgspec.Struct, frozen=True):
    """Rows of a table as text, `row` being the number in the delivered file; the cells of the `hidden` columns are masked."""

    total: int
    columns: list[str]
    rows: list[tuple[int, list[str | None]]]
    hidden: frozenset[str] = frozenset()


async def list_groups(installation: Installation, version: Version, sight: Sight) -> list[FindingGroup]:
    """Counts by rule and column, the worst first."""
    path = installation.objects.path(version.manifest["objects"]["findings"])
    return await asyncio.to_thread(groups_of, installation.settings, path, sight)


def groups_of(settings: Settings, path: Path, sight: Sight) -> list[FindingGroup]:
    """Counts by rule and column of a findings file. An example is never personal, whatever may be looked at."""
    source = f"read_parquet({literal(str(path))})"
    with session(settings) as con:
        value, _suggestion = finding_cells(without_look(sight), _named(con, source))
        rows = con.execute(
            f'select rule, "column", severity, count(*) n, min({value}) from {source} group by rule, "column", severity '
            "order by list_position(['fatal', 'error', 'warning', 'mended'], severity), n desc, rule, \"column\""
        ).fetchall()
    return [FindingGroup(*row) for row in rows]


def without_look(sight: Sight) -> Sight:
    """The same sight, personal data masked."""
    return msgspec.structs.replace(sight, look=None)


def _named(con: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    return [row[0] for row in con.execute(f'select distinct "column" from {source}').fetchall()]


async def list_findings(
    installation: Installation,
    version: Version,
    sight: Sight,
    *,
    rule: str = "",
    column: str = "",
    severity: str = "",
    row: int | None = None,
    offset: int = 0,
    most: int = 50,
) -> FindingPage:
    """Single findings in the order of the file, narrowed by what is given; without a severity the mends are left out."""
    wanted: dict[str, Any] = {"rule": rule, "column": column, "severity": severity, "row": row}
    path = installation.objects.path(version.manifest["objects"]["findings"])
    found = await asyncio.to_thread(read_findings, installation.settings, path, sight, wanted, offset, most)
    told = [finding for finding in found.findings if finding.row and sight.is_private(finding.column)]
    free = [
        finding
        for finding in found.findings
        if finding.row and sight.free and finding.column in sight.protection.watched
    ]
    rows = {finding.row for finding in (*told, *free)}
    await record_rows(installation, sight, version, rows, {finding.column for finding in told})
    return found


def read_findings(
    settings: Settings, path: Path, sight: Sight, wanted: dict[str, Any], offset: int, most: int
) -> FindingPage:
    """A page of a findings file, narrowed by what `wanted` holds of rule, column, severity and row (never by a value)."""
    source = f"read_parquet({literal(str(path))})"
    tests, values = ["true"], []
    for name, value in wanted.items():
        if value not in ("", None):
            tests.append(f"{ident(name)} = ?")
            values.append(value)
    if not wanted.get("severity"):
        tests.append("severity <> 'mended'")
    where = " and ".join(tests)
    with session(settings) as con:
        shown_value, suggestion = finding_cells(sight, _named(con, source))
        total = con.execute(f"select count(*) from {source} where {where}", values).fetchone()
        rows = con.execute(
            f'select "row", "column", rule, severity, {shown_value}, {suggestion} from {source} where {where} '
            'order by "row", "column", rule limit ? offset ?',
            [*values, most, offset],
        ).fetchall()
    return FindingPage(int(total[0]) if total else 0, [Finding(*r) for r in rows])


async def list_delivered_rows(installation: Installation, version: Version, sight: Sight, rows: list[int]) -> DataPage:
    """The delivered text of `rows` (those that have a fault), as it arrived after decoding."""
    return await _read(installation, version, sight, _Wanted("evidence", rows, 0, max(len(rows), 1)))


async def list_rows(
    installation: Installation, version: Version, sight: Sight, *, offset: int = 0, most: int = 50
) -> DataPage:
    """Rows of the version itself, as text."""
    return await _read(installation, version, sight, _Wanted("version", None, offset, most))


async def list_row(installation: Installation, version: Version, sight: Sight, row: int) -> DataPage:
    """One row of the version by its number in the delivered file; empty when it has none."""
    return await _read(installation, version, sight, _Wanted("version", [row], 0, 1))


async def list_quarantined(
    installation: Installation, version: Version, sight: Sight, *, offset: int = 0, most: int = 50
) -> DataPage:
    """Rows that were kept out of the version, as delivered."""
    return await _read(installation, version, sight, _Wanted("quarantine", None, offset, most))


class _Wanted(NamedTuple):
    role: str
    rows: list[int] | None
    offset: int
    most: int


async def _read(installation: Installation, version: Version, sight: Sight, wanted: _Wanted) -> DataPage:
    """The rows that are wanted; what is personal among them is in the ledger when this returns."""
    data = await asyncio.to_thread(_data, installation, version, sight, wanted)
    names = contract_names(version, wanted.role, data.columns).values()
    await record_rows(installation, sight, version, [number for number, _cells in data.rows], names)
    return data


def contract_names(version: Version, role: str, columns: Iterable[str]) -> dict[str, str]:
    """The contract's name of each column of a file of `version`; a delivered header that no contract knows stays as it is, behind
    a space, so that it is not taken for the column of that name."""
    if role == "version":
        return {name: name for name in columns}
    known = {header: name for name, header in version.manifest.get("delivered", {}).items()}
    return {header: known.get(header, f" {header}") for header in columns}


def _data(installation: Installation, version: Version, sight: Sight, wanted: _Wanted) -> DataPage:
    if wanted.role not in version.manifest["objects"]:
        return DataPage(0, [], [])
    source = f"read_parquet({literal(str(installation.objects.path(version.manifest['objects'][wanted.role])))})"
    where, values = ("true", []) if wanted.rows is None else (f"{ROW} in (select unnest(?))", [wanted.rows])
    with session(installation.settings) as con:
        columns = [r[0] for r in con.execute(f"describe select * exclude ({ROW}) from {source}").fetchall()]
        names = contract_names(version, wanted.role, columns)
        total = con.execute(f"select count(*) from {source} where {where}", values).fetchone()
        found = con.execute(
            f"select {ROW}, {', '.join(shown(sight, names))} from {source} where {where} order by {ROW} limit ? offset ?",
            [*values, wanted.most, wanted.offset],
        ).fetchall()
    hidden = frozenset(column for column, name in names.items() if sight.hides(name))
    return DataPage(int(total[0]) if total else 0, columns, [(r[0], list(r[1:])) for r in found], hidden)

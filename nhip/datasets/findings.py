"""Reading findings: counts by rule and column, pages of single faults, and the delivered row behind each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW, Severity
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
    """Rows of a table as text, `row` being the number in the delivered file."""

    total: int
    columns: list[str]
    rows: list[tuple[int, list[str | None]]]


async def list_groups(installation: Installation, version: Version) -> list[FindingGroup]:
    """Counts by rule and column, the worst first."""
    path = installation.objects.path(version.manifest["objects"]["findings"])
    return await asyncio.to_thread(groups_of, installation.settings, path)


def groups_of(settings: Settings, path: Path) -> list[FindingGroup]:
    """Counts by rule and column of a findings file."""
    source = f"read_parquet({literal(str(path))})"
    with session(settings) as con:
        rows = con.execute(
            f'select rule, "column", severity, count(*) n, min(value) from {source} group by rule, "column", severity '
            "order by list_position(['fatal', 'error', 'warning', 'mended'], severity), n desc, rule, \"column\""
        ).fetchall()
    return [FindingGroup(*row) for row in rows]


async def list_findings(
    installation: Installation,
    version: Version,
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
    return await asyncio.to_thread(read_findings, installation.settings, path, wanted, offset, most)


def read_findings(settings: Settings, path: Path, wanted: dict[str, Any], offset: int, most: int) -> FindingPage:
    """A page of a findings file, narrowed by what `wanted` holds of rule, column, severity and row."""
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
        total = con.execute(f"select count(*) from {source} where {where}", values).fetchone()
        rows = con.execute(
            f'select "row", "column", rule, severity, value, suggestion from {source} where {where} '
            'order by "row", "column", rule limit ? offset ?',
            [*values, most, offset],
        ).fetchall()
    return FindingPage(int(total[0]) if total else 0, [Finding(*r) for r in rows])


async def list_delivered_rows(installation: Installation, version: Version, rows: list[int]) -> DataPage:
    """The delivered text of `rows` (those that have a fault), as it arrived after decoding."""
    return await asyncio.to_thread(_data, installation, version, "evidence", rows, 0, max(len(rows), 1))


async def list_rows(installation: Installation, version: Version, *, offset: int = 0, most: int = 50) -> DataPage:
    """Rows of the version itself, as text."""
    return await asyncio.to_thread(_data, installation, version, "version", None, offset, most)


async def list_row(installation: Installation, version: Version, row: int) -> DataPage:
    """One row of the version by its number in the delivered file; empty when it has none."""
    return await asyncio.to_thread(_data, installation, version, "version", [row], 0, 1)


async def list_quarantined(
    installation: Installation, version: Version, *, offset: int = 0, most: int = 50
) -> DataPage:
    """Rows that were kept out of the version, as delivered."""
    return await asyncio.to_thread(_data, installation, version, "quarantine", None, offset, most)


def _data(
    installation: Installation, version: Version, role: str, rows: list[int] | None, offset: int, most: int
) -> DataPage:
    if role not in version.manifest["objects"]:
        return DataPage(0, [], [])
    source = _source(installation, version, role)
    where, values = ("true", []) if rows is None else (f"{ROW} in (select unnest(?))", [rows])
    with session(installation.settings) as con:
        columns = [r[0] for r in con.execute(f"describe select * exclude ({ROW}) from {source}").fetchall()]
        total = con.execute(f"select count(*) from {source} where {where}", values).fetchone()
        texts = ", ".join(f"{ident(c)}::varchar" for c in columns)
        found = con.execute(
            f"select {ROW}, {texts} from {source} where {where} order by {ROW} limit ? offset ?",
            [*values, most, offset],
        ).fetchall()
    return DataPage(int(total[0]) if total else 0, columns, [(r[0], list(r[1:])) for r in found])


def _source(installation: Installation, version: Version, role: str) -> str:
    path = installation.objects.path(version.manifest["objects"][role])
    return f"read_parquet({literal(str(path))})"

"""Conform and check one decoded table against its contract: the one way for `nhip check` and for deliveries.

One pass over the rows finds the suspects; only these are parsed, judged and written as findings; a second pass writes the
version. Work done in Python grows with the distinct values that are not canonical, memory with the suspects and the keys (both
spill to disk).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from nhip.datasets.check.drift import find_drift
from nhip.datasets.check.judge import find_faults, judge, make_findings, read_cells
from nhip.datasets.check.keys import find_key_faults, kept_columns
from nhip.datasets.check.marks import odd_columns
from nhip.datasets.check.rowrules import compile_rules
from nhip.datasets.check.scan import scan, shared_columns
from nhip.datasets.check.suggest import suggest_enums
from nhip.datasets.check.tally import Tally, count_findings, make_tally
from nhip.datasets.check.whole import find_whole_faults
from nhip.datasets.conform.beside import write_beside
from nhip.datasets.conform.expected import Expected, province_box
from nhip.datasets.conform.extras import Extra
from nhip.datasets.conform.forms import Reading
from nhip.datasets.conform.lookup import Lookups
from nhip.datasets.conform.mapping import map_values
from nhip.datasets.conform.pairs import find_pairs, map_pairs
from nhip.datasets.conform.places import make_extras
from nhip.datasets.conform.plan import Column, Plan, Room, make_plan
from nhip.datasets.conform.readings import learn_readings
from nhip.datasets.conform.version import ROWS_A_GROUP, find_quarantine, write_delivered, write_findings, write_rows
from nhip.datasets.contract.model import Contract
from nhip.datasets.engine import frugal, ident, memory_allowed, one_thread, sides_as_written
from nhip.datasets.model import DecodedTable
from nhip.datasets.rowsource import settle
from nhip.places.resolver import Resolver

CHECK_MB, CHECK_MB_A_COLUMN, WRITE_MB = 120, 5, 60
"""Memory that an assessment tries to do with: what it keeps of the rows is read once or twice and may lie on disk, so that a long
file takes no more than a short one. To write, it has to hold a group of rows, twice while it is packed."""
SAMPLED_ROWS = 1_000
TEXT_BYTES = 16
"""What DuckDB holds of a text beside its letters."""


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What an assessment found. `findings` counts faults (fatal, error, warning); mends are counted apart."""

    rows: int
    findings: int
    by_rule: dict[str, int]
    mended: int
    mended_by_rule: dict[str, int]
    quarantined: int
    """Rows with a fatal finding; all rows when the table as a whole has one."""
    usable: bool
    """Whether a version can be made: no fatal finding over the table as a whole (a required column is missing)."""
    tally: Tally
    findings_path: Path
    """Parquet of FINDING_DDL, mends included, by row; CSV where that was asked for."""
    version_path: Path | None = None
    version_rows: int = 0
    quarantine_path: Path | None = None
    """The rows outside the version, as delivered."""
    evidence_path: Path | None = None
    """The rows with a fault, as delivered, so that a person can go from a number to the raw cell."""


def assess(
    con: duckdb.DuckDBPyConnection,
    table: DecodedTable,
    contract: Contract,
    *,
    work: Path,
    resolver: Resolver | None = None,
    references: Mapping[str, Path] | None = None,
    previous: Path | None = None,
    mends: bool = True,
    write_version: Path | None = None,
    findings: Path,
    reading: Reading | None = None,
    province: str = "",
) -> Assessment:
    """Judge every cell of `table` by `contract`, write the findings to `findings` (.parquet or .csv) and, if asked, the version.

    work: existing folder for `quarantine.parquet` and `evidence.parquet`. resolver: for columns of places; without it they are
    plain text. references: Parquet in force by dataset name, for foreign keys; a reference to another dataset is not judged.
    previous: Parquet of the version in force, for drift; needs `write_version`. mends=False: check the text exactly as
    delivered. reading: what is known of the file, e.g. that its numbers have a decimal point because it is JSON.
    province: code of the installation's province, for places and meridians where the contract names none.

    Raises OtherColumns, NameTaken, FormatUnknown, PatternUnusable, LimitUnreadable, ExpressionRefused, UnknownUnit.
    """
    known = reading or Reading()
    wanted = _Wanted(
        table, contract, work, resolver, references or {}, previous, mends, write_version, findings, known, province
    )
    with one_thread(con), sides_as_written(con):
        enough = _write_mb(con, table) if write_version else CHECK_MB + CHECK_MB_A_COLUMN * len(table.columns)
        if enough < memory_allowed(con):
            try:
                with frugal(con, enough):
                    return _assess(con, wanted)
            except duckdb.OutOfMemoryException as error:
                if "max_temp_directory_size" in str(error):  # the disk is full, which more memory does not mend
                    raise
        return _assess(con, wanted)


def _write_mb(con: duckdb.DuckDBPyConnection, table: DecodedTable) -> int:
    names = ", ".join(ident(column.name) for column in table.columns) or "''"
    rows = f"(SELECT {names} FROM {table.relation} LIMIT {SAMPLED_ROWS})"
    row = con.execute(f"SELECT coalesce(avg(strlen(concat({names}))), 0) FROM {rows}").fetchone()
    width = (row[0] if row else 0) + TEXT_BYTES * len(table.columns)
    return WRITE_MB + (2 * ROWS_A_GROUP * int(width) >> 20)


class _Wanted(NamedTuple):
    table: DecodedTable
    contract: Contract
    work: Path
    resolver: Resolver | None
    references: Mapping[str, Path]
    previous: Path | None
    mends: bool
    version: Path | None
    findings: Path
    known: Reading
    province: str


def _assess(con: duckdb.DuckDBPyConnection, wanted: _Wanted) -> Assessment:
    resolver, contract = wanted.resolver, wanted.contract
    with Room(con) as room:
        table = settle(con, wanted.table, wanted.work / "delivered.parquet") if wanted.version else wanted.table
        plan = make_plan(contract, table, wanted.known, as_delivered=not wanted.mends)
        make_findings(room)
        box = province_box(resolver, contract.province or wanted.province) if wanted.mends else None
        extras = make_extras(room, plan, resolver, wanted.province) if wanted.mends else []
        plan, odd, rows = _judge(room, plan, wanted, box)
        if wanted.version is None:
            return _report(room, plan, rows, wanted.findings)
        return _with_version(room, plan, odd, extras, rows, wanted)


def _judge(room: Room, plan: Plan, wanted: _Wanted, box: Expected) -> tuple[Plan, list[Column], int]:
    """Find every fault; gives the plan with what the columns proved, the columns with odd cells, and the number of rows."""
    mends = not plan.as_delivered
    rules, pairs = compile_rules(plan), find_pairs(room, plan, box) if mends else []
    kept = kept_columns(plan, wanted.references)
    rows = scan(room, plan, rules, pairs, kept)
    if mends:
        plan = learn_readings(room, plan, wanted.known)
    odd = odd_columns(room, plan)
    paired = {column.at for pair in pairs for column in pair.columns}
    mapped = map_values(room, plan, [column for column in odd if column.at not in paired])
    map_pairs(room, plan, pairs)
    lookups = Lookups(room, mapped, pairs)
    read_cells(room, odd, lookups)
    shared = shared_columns(kept, rules)
    judge(room, [column for column in plan.columns if column.at in shared], odd)
    suggest_enums(room, odd)
    find_faults(room, odd, rules)
    find_key_faults(room, plan, kept, wanted.references)
    find_whole_faults(room, plan, rows)
    return plan, odd, rows


def _report(room: Room, plan: Plan, rows: int, findings: Path) -> Assessment:
    quarantined = find_quarantine(room)
    usable = not any(field.required or field.primary_key for field in plan.missing)
    faults, mends = count_findings(room)
    tally = make_tally(room, plan, rows)
    write_findings(room, findings)
    return Assessment(
        rows=rows,
        findings=sum(faults.values()),
        by_rule=faults,
        mended=sum(mends.values()),
        mended_by_rule=mends,
        quarantined=quarantined if usable else rows,
        usable=usable,
        tally=tally,
        findings_path=findings,
    )


def _with_version(
    room: Room, plan: Plan, odd: list[Column], extras: list[Extra], rows: int, wanted: _Wanted
) -> Assessment:
    assert wanted.version is not None
    if any(field.required or field.primary_key for field in plan.missing):
        return _report(room, plan, rows, wanted.findings)
    quarantined = find_quarantine(room)
    beside = write_beside(room, plan, odd, wanted.work / "beside")
    written = write_rows(room, plan, beside, odd, extras, wanted.version)
    evidence, quarantine = (wanted.work / f"{name}.parquet" for name in ("evidence", "quarantine"))
    write_delivered(room, beside, "faulty", evidence)
    if quarantined:
        write_delivered(room, beside, "quarantined", quarantine)
    if wanted.previous is not None:
        find_drift(room, plan.contract, wanted.previous, wanted.version)
    return msgspec.structs.replace(
        _report(room, plan, rows, wanted.findings),
        version_path=wanted.version,
        version_rows=written,
        quarantine_path=quarantine if quarantined else None,
        evidence_path=evidence,
    )

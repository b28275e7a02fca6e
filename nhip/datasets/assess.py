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
from nhip.datasets.conform.expected import Expected, province_box
from nhip.datasets.conform.extras import Extra
from nhip.datasets.conform.forms import Reading
from nhip.datasets.conform.lookup import Lookups
from nhip.datasets.conform.mapping import map_values
from nhip.datasets.conform.pairs import find_pairs, map_pairs
from nhip.datasets.conform.places import make_extras
from nhip.datasets.conform.plan import Column, Plan, Room, make_plan
from nhip.datasets.conform.readings import learn_readings
from nhip.datasets.conform.version import find_quarantine, write_findings, write_quarantine, write_rows
from nhip.datasets.contract.model import Contract
from nhip.datasets.engine import one_thread, sides_as_written
from nhip.datasets.model import DecodedTable
from nhip.places.resolver import Resolver


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

    work: existing folder for `quarantine.parquet`. resolver: for columns of places; without it they are plain text.
    references: Parquet in force by dataset name, for foreign keys; a reference to another dataset is not judged.
    previous: Parquet of the version in force, for drift; needs `write_version`. mends=False: check the text exactly as
    delivered. reading: what is known of the file, e.g. that its numbers have a decimal point because it is JSON.
    province: code of the installation's province, for places and meridians where the contract names none.

    Raises OtherColumns, NameTaken, FormatUnknown, PatternUnusable, LimitUnreadable, ExpressionRefused, UnknownUnit.
    """
    known = reading or Reading()
    with one_thread(con), sides_as_written(con), Room(con) as room:
        plan = make_plan(contract, table, known, as_delivered=not mends)
        make_findings(room)
        box = province_box(resolver, contract.province or province) if mends else None
        extras = make_extras(room, plan, resolver, province) if mends else []
        plan, odd, rows = _judge(room, plan, references or {}, known, box)
        if write_version is None:
            return _report(room, plan, rows, findings)
        return _with_version(room, plan, odd, extras, _Out(rows, work, previous, write_version, findings))


def _judge(
    room: Room, plan: Plan, others: Mapping[str, Path], known: Reading, box: Expected
) -> tuple[Plan, list[Column], int]:
    """Find every fault; gives the plan with what the columns proved, the columns with odd cells, and the number of rows."""
    mends = not plan.as_delivered
    rules, pairs = compile_rules(plan), find_pairs(room, plan, box) if mends else []
    kept = kept_columns(plan, others)
    rows = scan(room, plan, rules, pairs, kept)
    if mends:
        plan = learn_readings(room, plan, known)
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
    find_key_faults(room, plan, kept, others)
    find_whole_faults(room, plan, rows)
    return plan, odd, rows


class _Out(NamedTuple):
    rows: int
    work: Path
    previous: Path | None
    version: Path
    findings: Path


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


def _with_version(room: Room, plan: Plan, odd: list[Column], extras: list[Extra], out: _Out) -> Assessment:
    if any(field.required or field.primary_key for field in plan.missing):
        return _report(room, plan, out.rows, out.findings)
    quarantined = find_quarantine(room)
    written = write_rows(room, plan, odd, extras, out.version)
    if out.previous is not None:
        find_drift(room, plan.contract, out.previous, out.version)
    quarantine = out.work / "quarantine.parquet" if quarantined else None
    if quarantine is not None:
        write_quarantine(room, plan, quarantine)
    report = _report(room, plan, out.rows, out.findings)
    return msgspec.structs.replace(report, version_path=out.version, version_rows=written, quarantine_path=quarantine)

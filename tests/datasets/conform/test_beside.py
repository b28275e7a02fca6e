"""Versions, evidence and quarantine of a file and what was found beside it: the same by every way, in little memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from nhip.datasets import assess as assessing
from nhip.datasets.assess import Assessment, assess
from nhip.datasets.check.judge import make_findings
from nhip.datasets.conform import beside
from nhip.datasets.conform.forms import Reading
from nhip.datasets.conform.plan import Room, make_plan
from nhip.datasets.contract.model import Contract, Field, RowRule
from nhip.datasets.decode import decode
from nhip.datasets.engine import memory_allowed, one_thread
from nhip.datasets.model import DecodedTable
from nhip.datasets.rowsource import is_ordered, scan_of, settle
from nhip.settings import Settings

ROWS = 6_000
CONTRACT = Contract(
    id="c",
    version="1",
    dataset="d",
    fields=(
        Field(name="ma", primary_key=True),
        Field(name="ngay", type="date"),
        Field(name="so", type="integer", maximum=5_000),
        Field(name="chu", required=True),
    ),
    row_rules=(RowRule(name="lon", holds="so <> 77"),),
)


def line(number: int) -> str:
    """Every kind of row: clean, mended, faulty in a cell, in the row, in its key, and a repeat a chunk of DuckDB later."""
    key = "" if number % 1_000 == 7 else f"K{number - 2_500 if number % 1_500 == 0 and number > 2_500 else number}"
    day = "13/1/2024" if number % 3 == 0 else "sai" if number % 11 == 0 else "2024-01-02"
    return f"{key},{day},{number},{'' if number % 13 == 0 else f'chữ {number}'}"


@pytest.fixture
def table(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> DecodedTable:
    path = tmp_path / "a.csv"
    path.write_text("ma,ngay,so,chu\n" + "\n".join(map(line, range(ROWS))) + "\n", "utf-8")
    return decode(path, tmp_path / "decoded", Settings(data_dir=tmp_path), con=con).tables[0]


def worked(con: duckdb.DuckDBPyConnection, table: DecodedTable, folder: Path) -> Assessment:
    folder.mkdir()
    files: dict[str, Any] = {"write_version": folder / "version.parquet", "findings": folder / "findings.parquet"}
    return assess(con, table, CONTRACT, work=folder, **files)


def products(con: duckdb.DuckDBPyConnection, made: Assessment) -> list[list[tuple[Any, ...]]]:
    paths = (made.version_path, made.evidence_path, made.quarantine_path, made.findings_path)
    return [con.execute("FROM read_parquet(?)", [str(path)]).fetchall() for path in paths]


def test_every_row_is_where_it_belongs(
    con: duckdb.DuckDBPyConnection, table: DecodedTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "ROWS_AT_A_TIME", 700)
    made = worked(con, table, tmp_path / "made")
    version, evidence, quarantine, findings = products(con, made)
    lines = {number + 2: tuple(cell or None for cell in line(number).split(",")) for number in range(ROWS)}
    faulty = {row for row, _column, _rule, severity, *_ in findings if severity != "mended"}
    fatal = {row for row, _column, _rule, severity, *_ in findings if severity == "fatal"}
    assert [row for row, *_ in version] == sorted(lines.keys() - fatal) and len(version) == made.version_rows
    assert evidence == [(row, *lines[row]) for row in sorted(faulty)]
    assert quarantine == [(row, *lines[row]) for row in sorted(fatal)] and len(fatal) == 8 == made.quarantined
    for row, key, day, number, text in version:
        told = lines[row]
        assert (key, str(number), text) == (told[0], told[2], told[3])
        assert str(day) == {"13/1/2024": "2024-01-13", "sai": "None", "2024-01-02": "2024-01-02"}[told[1] or ""]


def test_a_table_that_is_more_than_a_scan_gives_the_same(
    con: duckdb.DuckDBPyConnection, table: DecodedTable, tmp_path: Path
) -> None:
    expected = products(con, worked(con, table, tmp_path / "scan"))
    con.execute(f"CREATE TABLE rows AS FROM {table.relation}")
    shuffled = msgspec.structs.replace(table, relation="(FROM rows ORDER BY hash(_row))")
    assert not scan_of(shuffled)
    assert products(con, worked(con, shuffled, tmp_path / "more")) == expected


def test_both_sides_are_read_as_streams(con: duckdb.DuckDBPyConnection, table: DecodedTable, tmp_path: Path) -> None:
    """Else DuckDB would hold one of them in memory."""
    with one_thread(con), Room(con) as room:
        for place, relation in enumerate((table.relation, "(FROM range(9) t(_row))")):
            settled = settle(con, msgspec.structs.replace(table, relation=relation), tmp_path / f"{place}.parquet")
            con.execute(f"CREATE OR REPLACE TABLE {room.table('kept')} AS SELECT 2::BIGINT AS _row")
            con.execute(f"CREATE OR REPLACE TABLE {room.table('quarantine')} (_row BIGINT)")
            if not place:
                make_findings(room)
            plan = make_plan(CONTRACT, table, Reading(), as_delivered=False)._replace(table=settled)
            found = beside.write_beside(room, plan, [], tmp_path / f"beside{place}")
            told = str(con.execute(f"EXPLAIN SELECT {found.delivered} FROM {found.rows} WHERE f.faulty").fetchall())
            assert "POSITIONAL_SCAN" in told and "POSITIONAL_JOIN" not in told
            assert is_ordered(con, settled.relation)


def test_little_memory_is_tried_first_and_all_of_it_if_need_be(
    con: duckdb.DuckDBPyConnection, table: DecodedTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = products(con, worked(con, table, tmp_path / "first"))
    tried = []
    real = assessing.frugal
    monkeypatch.setattr(assessing, "frugal", lambda con, mb: tried.append(mb) or real(con, mb))
    monkeypatch.setattr(assessing, "WRITE_MB", 1)
    monkeypatch.setattr(assessing, "ROWS_A_GROUP", 1)
    assert products(con, worked(con, table, tmp_path / "second")) == expected
    assert tried == [1] and memory_allowed(con) == 200
    assert con.execute("SELECT current_setting('memory_limit')").fetchone() == ("190.7 MiB",)

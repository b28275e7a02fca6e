"""References to other datasets, drift against the version before, what decoding left, counts for the virtues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nhip.datasets.check.tally import Tally
from nhip.datasets.contract.model import Contract, Field, Reference
from nhip.datasets.model import FINDING_DDL, DecodedColumn, DecodedTable
from nhip.datasets.virtues import live_score, scores, shared_score

Check = Callable[..., Any]


def contract(*fields: Field, **more: Any) -> Contract:
    return Contract(id="c", version="1", dataset="d", fields=fields, **more)


def parquet(con: Any, path: Path, query: str) -> Path:
    con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_reference(check: Check, con: Any, tmp_path: Path) -> None:
    other = parquet(con, tmp_path / "o.parquet", "SELECT 1 AS _row, 7 AS ma, 'x' AS vùng UNION ALL SELECT 2, 8, 'y'")
    fields = (Field(name="a", type="integer"), Field(name="b"))
    one = contract(*fields, references=(Reference(columns=("a",), to_dataset="o", to_columns=("ma",)),))
    made = check(one, [["7", "x"], ["9", "x"], [None, "x"], ["7,0", "y"]], references={"o": other})
    assert [finding[:5] for finding in made.findings if finding[3] != "mended"] == [(3, "a", "reference", "error", "9")]
    two = contract(*fields, references=(Reference(columns=("a", "b"), to_dataset="o", to_columns=("ma", "vùng")),))
    made = check(two, [["7", "x"], ["7", "y"], ["8", None]], references={"o": other})
    assert made.cells("reference") == [(3, "")]


def test_reference_to_a_dataset_without_version_is_not_judged(check: Check) -> None:
    terms = contract(Field(name="a"), references=(Reference(columns=("a",), to_dataset="o", to_columns=("ma",)),))
    assert check(terms, [["x"]]).findings == []


def drift(
    check: Check, con: Any, tmp_path: Path, before: str, rows: list[list[str | None]]
) -> dict[tuple[str, str], str]:
    previous = parquet(con, tmp_path / "previous.parquet", before)
    fields = (Field(name="loai"), Field(name="so", type="number"), Field(name="moi"))
    made = check(contract(*fields, drift_rows_percent=20.0), rows, previous=previous)
    assert all(finding[0] == 0 and finding[3] == "warning" for finding in made.findings)
    return {(finding[1], finding[2]): finding[4] for finding in made.findings}


BEFORE = "SELECT i AS _row, CASE WHEN i % 2 = 0 THEN 'A' ELSE 'B' END AS loai, CAST(i % 97 AS DOUBLE) AS so FROM range(100) t(i)"


def test_no_drift_between_equal_tables(check: Check, con: Any, tmp_path: Path) -> None:
    rows: list[list[str | None]] = [["A" if i % 2 == 0 else "B", str(i % 97), None] for i in range(100)]
    assert drift(check, con, tmp_path, BEFORE, rows) == {}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["A" if i % 2 == 0 else "B", str(i * 2 % 97), None] for i in range(50)], {("", "drift.rows")}),
        ([["A", str(i % 97), None] for i in range(100)], {("loai", "drift.categories")}),
        ([["A" if i % 2 == 0 else "B", str(i % 97 + 50), None] for i in range(100)], {("so", "drift.mean")}),
        (
            [["A" if i % 2 == 0 else "B", str(i % 97) if i % 3 else None, None] for i in range(100)],
            {("so", "drift.empty")},
        ),
        ([["A" if i % 2 == 0 else "B", str(i % 9 + 44), None] for i in range(100)], {("so", "drift.distinct")}),
    ],
)
def test_drift(
    check: Check, con: Any, tmp_path: Path, rows: list[list[str | None]], told: set[tuple[str, str]]
) -> None:
    assert set(drift(check, con, tmp_path, BEFORE, rows)) == told


def test_findings_of_decoding_get_the_contracts_names(check: Check, con: Any, tmp_path: Path) -> None:
    left = tmp_path / "decode.parquet"
    con.execute(f"CREATE TABLE f ({FINDING_DDL})")
    con.execute("INSERT INTO f VALUES (2, 'Họ tên', 'text.lost', 'error', 'Gia __nh', '')")
    con.execute(f"COPY f TO '{left}' (FORMAT parquet)")
    table = DecodedTable(name="t", rows=1, columns=[DecodedColumn(name="Họ tên")], relation="delivered", findings=left)
    made = check([Field(name="ho_ten")], [["Gia __nh"]], names=["Họ tên"], table=table)
    assert [finding[:3] for finding in made.findings] == [(2, "ho_ten", "text.lost")]
    assert made.assessment.tally.cells_broken == 1


def test_tally_and_scores(check: Check) -> None:
    fields = [
        Field(name="a", unique=True, required=True),
        Field(name="b", type="integer", minimum=0.0),
        Field(name="c", enum=("x", "y")),
    ]
    rows = [["1", "5", "x"], ["1", "-5", "y"], [None, "năm mươi tư triệu", "z"], ["4", "1.000.000", None]]
    made = check(fields, rows)
    tally = made.assessment.tally
    assert (tally.rows, tally.rows_faulty, tally.rows_double) == (4, 2, 1)
    assert (tally.required_cells, tally.required_missing) == (4, 1)
    assert (tally.coded_cells, tally.coded_faults) == (4, 1)
    found = scores(tally)
    assert (found.accurate, found.complete, found.consistent, found.live) == (50.0, 75.0, 75.0, None)
    assert found.clean is not None and found.clean_delivered is not None
    assert found.clean_delivered < found.clean < 100
    assert scores(msgspec.to_builtins(tally)) == found


def test_scores_of_nothing_are_none() -> None:
    nothing = Tally(**dict.fromkeys(Tally.__struct_fields__, 0))
    found = scores(nothing)
    assert (found.accurate, found.complete, found.clean, found.consistent) == (None, None, None, None)
    assert scores(msgspec.structs.replace(nothing, rows_expected=5)).complete == 0.0


def test_one_fault_in_a_million_is_not_perfect() -> None:
    tally = Tally(**{**dict.fromkeys(Tally.__struct_fields__, 0), "rows": 1_000_000, "rows_faulty": 1})
    assert scores(tally).accurate == 99.99


@pytest.mark.parametrize(("age", "score"), [(0, 100), (7.7, 100), (14.35, 50), (21, 0), (400, 0)])
def test_live(age: float, score: float) -> None:
    assert live_score(age, 7) == score
    assert live_score(age, None) is None


def test_shared_is_an_honest_zero() -> None:
    assert shared_score(described=0, grants=0, reads=0) == 0
    assert shared_score(described=1, grants=0, reads=0) == 40
    assert shared_score(described=0.5, grants=2, reads=9) == 80

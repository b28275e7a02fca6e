"""The comparison of findings with the truth, on findings of which every number is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nhip.datasets.model import FINDING_DDL
from nhip.modelcity.generate import TRUTH_TYPES
from nhip.modelcity.model import City
from nhip.modelcity.truth import ACCEPTED, Comparison, Score, compare
from nhip.modelcity.writers.tables import copy_parquet

Findings = Callable[..., Path]
NAMES = ("dataset", "delivery", "row", "column", "kind", "value", "right", "twin")


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    def write(*rows: tuple[int, str, str, str]) -> Path:
        path = tmp_path / "findings.parquet"
        with duckdb.connect() as db:
            db.execute(f"CREATE TABLE f ({FINDING_DDL})")
            for row, column, rule, severity in rows:
                db.execute("INSERT INTO f VALUES (?, ?, ?, ?, NULL, NULL)", [row, column, rule, severity])
            db.execute(f"COPY f TO '{path}' (FORMAT parquet)")
        return path

    return write


@pytest.fixture
def truth_of(tmp_path: Path) -> Callable[..., Path]:
    def write(*plants: dict[str, Any]) -> Path:
        path = tmp_path / "truth.parquet"
        whole = [{"dataset": "cho", "delivery": 1, "row": 0, "column": "", "twin": 0} | plant for plant in plants]
        copy_parquet(
            path, list(TRUTH_TYPES), list(TRUTH_TYPES.values()), [[p.get(name) for p in whole] for name in NAMES]
        )
        return path

    return write


def judge(truth: Path, found: Path) -> Comparison:
    return compare(truth, {("cho", 1): found})


def test_found_missed_and_found_otherwise(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of(
        {"row": 5, "column": "so_ho", "kind": "required"},
        {"row": 6, "column": "so_ho", "kind": "required"},
        {"row": 7, "column": "so_ho", "kind": "enum"},
    )
    result = judge(truth, findings((5, "so_ho", "required", "error"), (7, "so_ho", "pattern", "error")))
    assert result.by_kind == {"required": Score(2, 1, 0, 1), "enum": Score(1, 0, 1, 0)}
    assert result.found_share == pytest.approx(2 / 3)
    assert [miss["row"] for miss in result.missed] == [6]
    assert result.false_alarms == {}


def test_findings_that_nobody_planted_are_false_alarms(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of({"row": 5, "column": "ten_cho", "kind": "text.lost"})
    found = findings(
        (5, "ten_cho", "text.lost", "error"),
        (5, "so_ho", "type", "error"),
        (9, "so_ho", "type", "error"),
        (9, "ngay", "date.form", "mended"),
    )
    result = judge(truth, found)
    assert result.false_alarms == {"type": 2}
    assert {(alarm["row"], alarm["col"]) for alarm in result.alarms} == {(5, "so_ho"), (9, "so_ho")}


def test_either_of_two_duplicates_may_be_named(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of({"row": 20, "kind": "duplicate.exact", "twin": 4})
    assert judge(truth, findings((4, "ma_cho", "primaryKey", "fatal"))).by_kind["duplicate.exact"] == Score(1, 1, 0, 0)
    assert judge(truth, findings((20, "", "duplicate", "error"))).by_kind["duplicate.exact"] == Score(1, 1, 0, 0)
    assert judge(truth, findings((21, "", "duplicate", "error"))).by_kind["duplicate.exact"] == Score(1, 0, 0, 1)


def test_quiet_kinds_are_found_when_they_cause_no_error(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of({"row": 160, "kind": "layout.total"}, {"row": 0, "kind": "stale"})
    assert judge(truth, findings()).by_kind["layout.total"] == Score(1, 1, 0, 0)
    disturbed = judge(truth, findings((160, "ten_cho", "required", "error"))).by_kind
    assert disturbed == {"layout.total": Score(1, 0, 0, 1), "stale": Score(1, 1, 0, 0)}


def test_a_pair_of_coordinates_may_be_found_in_either_column(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of({"row": 3, "column": "vi_do", "kind": "coordinate.outside"})
    result = judge(truth, findings((3, "kinh_do", "point.outside", "error")))
    assert result.by_kind["coordinate.outside"].found == 1
    assert result.false_alarms == {}


def test_row_rules_count_wherever_they_are_reported(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of({"row": 3, "column": "be_giang", "kind": "row.rule"})
    assert judge(truth, findings((3, "", "row:be-giang-sau-khai-giang", "error"))).by_kind["row.rule"].found == 1


def test_a_conflict_is_found_by_the_cells_that_the_other_dataset_says_differently(
    truth_of: Callable[..., Path], findings: Findings, tmp_path: Path
) -> None:
    truth = truth_of(*({"row": row, "column": "so_ho", "kind": "conflict"} for row in (3, 4)))
    differing = tmp_path / "conflicts.parquet"
    with duckdb.connect() as db:
        cells = "VALUES (3::BIGINT, 'C1', 'so_ho', '7', 2::BIGINT, '9'), (8, 'C2', 'so_ho', '1', 5, '2')"
        names = '"row", key, "column", value, other_row, other_value'
        db.execute(f"COPY (FROM ({cells}) AS c ({names})) TO '{differing}' (FORMAT parquet)")
    result = compare(truth, {("cho", 1): findings()}, {("cho", 1): [differing]})
    assert result.by_kind["conflict"] == Score(2, 1, 0, 1)
    assert result.false_alarms == {"conflict": 1}


def test_deliveries_that_are_not_given_do_not_count(truth_of: Callable[..., Path], findings: Findings) -> None:
    truth = truth_of(
        {"row": 3, "column": "a", "kind": "enum", "delivery": 2}, {"row": 3, "column": "a", "kind": "enum"}
    )
    assert judge(truth, findings((3, "a", "enum", "error"))).by_kind["enum"] == Score(1, 1, 0, 0)


def test_every_planted_kind_says_what_finding_it_means(city: City) -> None:
    quiet = ("layout.", "file.", "stale", "dataset.same", "place.old", "encoding.")
    assert {kind for kind in city.planted if not kind.startswith(quiet)} == set(ACCEPTED)

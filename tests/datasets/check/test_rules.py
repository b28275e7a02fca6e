"""Each rule by itself: what it reports, with which severity, and that it reports nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nhip.datasets.check.errors import FormatUnknown, LimitUnreadable, NameTaken, OtherColumns, PatternUnusable
from nhip.datasets.contract.errors import ExpressionRefused
from nhip.datasets.contract.model import Contract, Field, RowRule
from nhip.datasets.rules import TITLES, title_of_rule

Check = Callable[..., Any]


@pytest.mark.parametrize(
    ("field", "good", "bad", "rule"),
    [
        (Field(name="a", required=True), "x", None, "required"),
        (Field(name="a", required=True), "x", "   ", "required"),
        (Field(name="a", pattern="[a-z]+"), "abc", "abc1", "pattern"),
        (Field(name="a", pattern=r"\w+ \w+"), "Huế đẹp", "Huế", "pattern"),
        (Field(name="a", enum=("Nam", "Nữ")), "Nữ", "nữ", "enum"),
        (Field(name="a", type="integer", enum=("1", "2")), "2", "3", "enum"),
        (Field(name="a", enum=tuple(f"xã {n}" for n in range(60))), "xã 59", "xã 60", "enum"),
        (Field(name="a", type="integer", enum=tuple(str(n) for n in range(60))), "59", "60", "enum"),
        (Field(name="a", min_length=2), "ab", "a", "minLength"),
        (Field(name="a", max_length=2), "ếế", "ếếế", "maxLength"),
        (Field(name="a", type="integer", minimum=5.0), "5", "4", "minimum"),
        (Field(name="a", type="number", maximum=5.0), "5", "5000.5", "maximum"),
        (Field(name="a", type="number", exclusive_minimum=5.0), "6", "5", "exclusiveMinimum"),
        (Field(name="a", type="number", exclusive_maximum=5.0), "4", "5", "exclusiveMaximum"),
        (Field(name="a", type="number", multiple_of=0.1), "0.3", "0.35", "multipleOf"),
        (Field(name="a", type="date", minimum="2020-01-01"), "2020-01-01", "2019-12-31", "minimum"),
        (Field(name="a", type="timestamp", maximum="2020-01-01"), "2019-05-05 10:00:00", "2021-01-01 00:00:00", "maximum"),
        (Field(name="a", type="integer"), "12", "mười hai rưỡi", "type"),
        (Field(name="a", format="email"), "a@hue.vn", "a@hue", "format"),
        (Field(name="a", format="uuid"), "0190a1b2-0000-7000-8000-000000000000", "0190", "format"),
    ],
)  # fmt: skip
def test_rule(check: Check, field: Field, good: str, bad: str | None, rule: str) -> None:
    made = check([field, Field(name="b")], [[good, "x"], [bad, "x"]])
    faults = [finding for finding in made.findings if finding[3] != "mended"]
    assert [finding[:4] for finding in faults] == [(3, "a", rule, "error")]
    assert faults[0][4] == (bad or "")
    assert made.assessment.by_rule == {rule: 1}


def test_severity_of_the_contract_wins(check: Check) -> None:
    field = Field(name="a", pattern="[a-z]+", required=True, severity={"pattern": "warning", "required": "fatal"})
    made = check([field, Field(name="b")], [["1", "x"], [None, "x"]])
    assert [finding[2:4] for finding in made.findings] == [("pattern", "warning"), ("required", "fatal")]
    assert made.assessment.quarantined == 1


def test_nearest_enum_value_is_suggested(check: Check) -> None:
    field = Field(name="a", enum=("Đang xử lý", "Đã hủy", "Đã hứa"))
    made = check([field], [["dang xu ly"], ["Đang sử lý"], ["Da hu"], ["khác hẳn"]])
    assert [finding[5] for finding in made.findings] == ["Đang xử lý", "Đang xử lý", "", ""]


def test_unique_counts_the_repeats(check: Check) -> None:
    made = check([Field(name="a", unique=True), Field(name="b")], [[v, "x"] for v in ("p", "q", "p", None, None, "p")])
    assert made.cells("unique") == [(4, "a"), (7, "a")]


def test_unique_compares_values_not_texts(check: Check) -> None:
    made = check([Field(name="a", type="number", unique=True)], [["1.5"], ["1.50"], ["1,5"], ["2"]])
    assert made.cells("unique") == [(3, "a"), (4, "a")]


def test_primary_key_quarantines_the_repeats(check: Check) -> None:
    fields = [Field(name="a", primary_key=1), Field(name="b", primary_key=2, type="integer"), Field(name="c")]
    made = check(fields, [["x", "1", "p"], ["x", "2", "q"], ["x", "1", "r"], [None, "1", "s"], ["y", "ba", "t"]])
    assert [finding[:4] for finding in made.findings] == [
        (4, "", "primaryKey", "fatal"),
        (5, "a", "required", "fatal"),
        (6, "b", "type", "fatal"),
    ]
    assert made.findings[0][5] == "= 2"
    assert (made.assessment.quarantined, made.column("c")) == (3, ["p", "q"])


def test_quarantine_keeps_the_text_as_delivered(check: Check, con: Any) -> None:
    made = check([Field(name="a", primary_key=1), Field(name="b")], [["x", " hoà "], [None, " hoà "]])
    kept = con.execute("SELECT * FROM read_parquet(?)", [str(made.assessment.quarantine_path)]).fetchall()
    assert kept == [(3, None, " hoà ")]
    assert made.column("b") == ["hòa"]


def test_business_duplicates_are_compared_folded(check: Check) -> None:
    contract = Contract(
        id="c",
        version="1",
        dataset="d",
        fields=(Field(name="ten"), Field(name="nha")),
        duplicate_keys=(("ten", "nha"),),
    )
    made = check(contract, [["Quán Bé", "12"], ["QUAN BE", "12"], ["quán bé", "13"], ["Đò", None], ["do", None]])
    assert [finding[:4] for finding in made.findings] == [(3, "", "duplicate", "warning")]
    assert made.assessment.tally.rows_double == 1


def test_row_rule(check: Check) -> None:
    fields = (Field(name="từ", type="date"), Field(name="select", type="date"))
    rule = RowRule(name="thứ tự", holds='"select" >= "từ"')
    contract = Contract(id="c", version="1", dataset="d", fields=fields, row_rules=(rule,))
    made = check(contract, [["2024-01-02", "2024-01-01"], ["2024-01-01", None], ["2024-01-01", "2024-01-01"]])
    assert [finding[:5] for finding in made.findings] == [
        (2, "", "row:thứ tự", "error", "select = 2024-01-01; từ = 2024-01-02")
    ]


@pytest.mark.parametrize(
    "holds",
    ["(SELECT count(*) FROM read_text('/etc/passwd')) = 0", "getenv('HOME') = ''", "b > 1", "a > 1; DROP TABLE x"],
)
def test_row_rule_that_reads_elsewhere_is_refused(check: Check, holds: str) -> None:
    rule = RowRule(name="r", holds=holds)
    contract = Contract(id="c", version="1", dataset="d", fields=(Field(name="a", type="integer"),), row_rules=(rule,))
    with pytest.raises(ExpressionRefused):
        check(contract, [["1"]])


def test_row_rule_that_overflows_is_told_there(check: Check) -> None:
    rule = RowRule(name="r", holds="a * a * a > 30")
    contract = Contract(id="c", version="1", dataset="d", fields=(Field(name="a", type="integer"),), row_rules=(rule,))
    made = check(contract, [["999999999999999999"], ["-5"], ["5"]])
    assert [finding[:5] for finding in made.findings] == [
        (2, "", "row.unjudged:r", "warning", "a = 999999999999999999"),
        (3, "", "row:r", "error", "a = -5"),
    ]
    assert made.assessment.tally.rows_faulty == 1
    assert title_of_rule("row.unjudged:r") == TITLES["row.unjudged"] != title_of_rule("row:r")


def test_columns_missing_and_unknown(check: Check) -> None:
    fields = [Field(name="a"), Field(name="b"), Field(name="c", required=True)]
    made = check(fields, [["x", "y"]], names=["a", "z"])
    assert [finding[:4] for finding in made.findings] == [
        (0, "b", "column.missing", "error"),
        (0, "c", "column.missing", "fatal"),
        (0, "z", "column.unknown", "warning"),
    ]
    assert not made.assessment.usable
    assert (made.assessment.version_path, made.assessment.quarantined) == (None, 1)


def test_optional_column_missing_is_empty_in_the_version(check: Check) -> None:
    made = check([Field(name="a"), Field(name="b", type="date")], [["x"]], names=["a"])
    assert (made.columns, made.version) == (["_row", "a", "b"], [(2, "x", None)])


def test_row_counts(check: Check) -> None:
    contract = Contract(id="c", version="1", dataset="d", fields=(Field(name="a"),), min_rows=3)
    made = check(contract, [["x"]])
    assert [finding[:5] for finding in made.findings] == [(0, "", "rows.minimum", "error", "1")]
    assert made.assessment.tally.rows_expected == 3


def test_no_rows_and_no_values(check: Check) -> None:
    fields = [
        Field(name="a", unique=True, pattern="x"),
        Field(name="b", type="number", minimum=1.0),
        Field(name="c", enum=("x",)),
    ]
    assert check(fields, []).findings == []
    made = check(fields, [[None, None, None]] * 3)
    assert (made.findings, len(made.version)) == ([], 3)


def test_names_that_look_like_sql(check: Check) -> None:
    names = [
        'a"; DROP TABLE delivered; --',
        "select",
        "c1",
        "v1",
        "suspect",
        "Tên người",
        "x'y",
        "k0",
        "_ROW2",
        "cells",
    ]
    fields = [Field(name=name, required=True, unique=True, pattern="[a-z']+") for name in names]
    made = check(fields, [["a"] * len(names), ["b'"] * len(names), [None] * len(names), ["B"] * len(names)])
    assert made.assessment.by_rule == {"required": len(names), "pattern": len(names)}
    assert made.columns == ["_row", *names]


def test_values_that_look_like_sql(check: Check) -> None:
    field = Field(name="a", enum=("x'); DROP TABLE delivered; --", "\\"), pattern=r".*['\\].*", min_length=1)
    made = check([field], [["x'); DROP TABLE delivered; --"], ["\\"], ["'"]])
    assert made.cells() == [(4, "a")]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ([Field(name="x")], OtherColumns),
        ([Field(name="a"), Field(name="A")], NameTaken),
        ([Field(name="a"), Field(name="_ROW")], NameTaken),
        ([Field(name="a", pattern="(?=x)")], PatternUnusable),
        ([Field(name="a", type="date", format="dd/MM/yy")], FormatUnknown),
        ([Field(name="a", type="date", minimum="hôm qua")], LimitUnreadable),
    ],
)
def test_contract_that_cannot_be_used(check: Check, fields: list[Field], error: type[Exception]) -> None:
    with pytest.raises(error):
        check(fields, [["x"]], names=["a"])


def test_limit_with_an_at_sign_in_a_pattern(check: Check) -> None:
    """The sign that stands for the cell in our SQL must not be one that a pattern may hold."""
    made = check([Field(name="a", pattern=r"[^@\s]+@[a-z.]+")], [["a@hue.vn"], ["hue.vn"]])
    assert made.cells() == [(3, "a")]


def test_long_values_are_cut_in_findings(check: Check) -> None:
    made = check([Field(name="a", max_length=10)], [["x" * 5_000]])
    assert len(made.findings[0][4]) == 1_000
    assert made.column("a") == ["x" * 5_000]

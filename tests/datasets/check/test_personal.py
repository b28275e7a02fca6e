"""Citizen and mobile numbers in free text: told, masked, and only where nobody agreed on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.check.personal import is_watched, patterns, with_personal
from nhip.datasets.conform.text import SUSPECT
from nhip.datasets.contract.model import Field
from nhip.datasets.rules import meaning_of_rule, title_of_rule, virtues_of
from nhip.kernel.values.identity import parse_citizen_id

Check = Callable[..., Any]

NOTE = Field(name="ghi_chu")
CITIZEN = "046085001234"


def found(check: Check, field: Field, *texts: str | None) -> list[tuple[int, str, str]]:
    """Row, rule and value of the findings about personal data."""
    made = check([field, Field(name="so", type="integer")], [[text, "1"] for text in texts])
    return [(f[0], f[2], f[4]) for f in made.findings if f[2].startswith("personal.")]


@pytest.mark.parametrize(
    ("text", "rule", "masked"),
    [
        (f"Liên hệ người có số CCCD {CITIZEN}", "personal.identity", "046*******34"),
        (CITIZEN, "personal.identity", "046*******34"),
        (f"({CITIZEN}), chủ hộ", "personal.identity", "046*******34"),
        ("SĐT: 0905123456", "personal.phone", "090*****56"),
        ("gọi đt 0905.123.456 để nhận", "personal.phone", "090*******56"),
        ("Điện thoại +84 905 123 456", "personal.phone", "+84**********56"),
        ("ĐTDĐ 0385123456; ghi chú", "personal.phone", "038*****56"),
        ("Số điện thoại: 0905123456", "personal.phone", "090*****56"),
    ],
)
def test_numbers_of_people_are_told_and_masked(check: Check, text: str, rule: str, masked: str) -> None:
    assert found(check, NOTE, "không có gì", text) == [(3, rule, masked)]


@pytest.mark.parametrize(
    "text",
    [
        "Quyết định 1234/QĐ-UBND ngày 12/03/2024",
        "999085001234",  # no province
        "046985001234",  # no century
        "1046085001234",  # thirteen digits
        "MS046085001234",  # part of a code
        "0905123456",  # a number without a word: could be any code
        "SĐT: 0234 3822 456",  # a landline of an office
        "Tờ bản đồ 09, thửa 05123456",
        "đất 0905123456",
        None,
    ],
)
def test_other_numbers_are_not(check: Check, text: str | None) -> None:
    assert found(check, NOTE, text) == []


def test_both_in_one_cell_and_in_odd_text(check: Check) -> None:
    text = f"Trần  An, CCCD {CITIZEN}, SĐT 0905123456"
    assert found(check, NOTE, text) == [(2, "personal.identity", "046*******34"), (2, "personal.phone", "090*****56")]


@pytest.mark.parametrize(
    "field",
    [
        Field(name="a", kind="citizen_id"),
        Field(name="a", kind="phone"),
        Field(name="a", classification="personal"),
        Field(name="a", classification="sensitive"),
        Field(name="a", pattern=r".*[0-9]{12}.*"),
        Field(name="a", enum=(CITIZEN,)),
    ],
)
def test_where_they_are_agreed_nothing_is_told(check: Check, field: Field) -> None:
    assert not is_watched(field)
    assert with_personal(field, SUSPECT) == SUSPECT
    assert found(check, field, CITIZEN) == []


def test_the_text_itself_is_kept_and_no_virtue_counts_it(check: Check) -> None:
    made = check([NOTE, Field(name="so", type="integer")], [[f"CCCD {CITIZEN}", "1"]])
    assert made.column("ghi_chu") == [f"CCCD {CITIZEN}"]
    assert (made.assessment.tally.rows_faulty, made.assessment.tally.cells_broken) == (0, 0)
    assert made.assessment.mended == 0
    assert [f[3] for f in made.findings] == ["warning"]
    assert virtues_of("personal.identity", "warning") == frozenset()


def test_the_contract_may_raise_the_severity(check: Check) -> None:
    field = Field(name="ghi_chu", severity={"personal.identity": "error"})
    made = check([field], [[f"CCCD {CITIZEN}"]])
    assert [(f[2], f[3]) for f in made.findings] == [("personal.identity", "error")]


def test_as_delivered_says_nothing(check: Check) -> None:
    made = check([NOTE], [[f"CCCD {CITIZEN}"]], mends=False)
    assert made.findings == []


def test_titles() -> None:
    for rule in ("personal.identity", "personal.phone", "point.axes"):
        assert title_of_rule(rule) != rule
        assert meaning_of_rule(rule)


@given(st.integers(0, 999), st.integers(0, 9), st.integers(0, 99), st.integers(0, 999_999))
def test_the_same_numbers_as_the_parser(province: int, century: int, year: int, rest: int) -> None:
    text = f"{province:03}{century}{year:02}{rest:06}"
    row = duckdb.execute("SELECT regexp_extract(?, ?, 1)", [f"số {text}.", patterns()["personal.identity"]]).fetchone()
    assert row == ((text if parse_citizen_id(text).rule == "" else ""),)

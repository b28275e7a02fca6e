"""The single door, the evidence patterns and the table of rules."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

import nhip.kernel
from nhip.kernel.measure import UnknownUnit
from nhip.kernel.values.dates import parse_date
from nhip.kernel.values.fastpath import CANONICAL
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.numbers import parse_number
from nhip.kernel.values.registry import canonical_for, canonical_sql, evidence_for, parser_for
from nhip.kernel.values.rules import RULES


def test_kind_wins_over_type():
    assert parser_for("string", "phone")("0912345678").value == "+84912345678"
    assert parser_for("number", "latitude")("16,468").value == "16.468"
    assert parser_for("number", "money")("1.234").value == "1234"
    assert parser_for("integer", "money")("1.234").value == "1234"
    assert parser_for("number", "x")("563.123") == Parsed("563.123")
    assert parser_for("string", "address")("12 Lê  Lợi") == Parsed("12 Lê  Lợi")
    assert parser_for("string", "quantity", unit="ha")("5.000 m2").rule == "number.ambiguous"


def test_options_reach_the_parsers():
    assert parser_for("date", order="mdy")("03/04/2024").value == "2024-03-04"
    assert parser_for("date", serial=True, epoch1904=True)("44439").value == "2025-09-01"
    assert parser_for("date", partial_dates=True)("9/2026").value == "2026-09-01"
    assert parser_for("timestamp", order="dmy")("03/04/2024 07:05").value == "2024-04-03 07:05:00"
    assert parser_for("time", serial=True)("0.5").value == "12:00:00"
    assert parser_for("number", unit="m2")("5 ha").value == "50000"
    assert parser_for("number", decimal=",")("1,234").value == "1.2340"


def test_an_unknown_unit_is_told_before_the_first_value():
    with pytest.raises(UnknownUnit):
        parser_for("number", unit="furlong")


def test_columns_without_a_form_are_always_canonical():
    assert canonical_for("string", "address") == ""
    assert canonical_sql('"a"', "string", "address") == "true"


@pytest.mark.parametrize("name", CANONICAL)
def test_patterns_say_the_same_in_re_and_re2(name):
    """The newline and non-ASCII digits are where the two engines could differ."""
    seeds = {"date": "2024-02-29", "number": "12.5", "plate": "75A-123.45", "url": "https://hue.gov.vn/a"}
    seed = seeds.get(name, "0912")
    texts = [seed, f"{seed}\n", f"\n{seed}", seed.replace("2", "٢"), seed.upper(), "", "\x00", "Đ", "12.345", "12.3456"]
    query = "SELECT regexp_full_match(t, $pattern) FROM (SELECT unnest($texts) AS t)"
    found = duckdb.execute(query, {"pattern": CANONICAL[name], "texts": texts}).fetchall()
    assert [bool(re.fullmatch(CANONICAL[name], text)) for text in texts] == [row[0] for row in found]


def test_evidence_is_never_of_two_minds():
    """A value that proves a reading is read so without being told, and does not prove the other one."""
    for text in ("1234.5", "0.123", "1,234.56", "1,234,567", "12.25"):
        assert re.fullmatch(evidence_for("number")["."], text), text
        assert not re.fullmatch(evidence_for("number")[","], text), text
        assert parse_number(text).value == parse_number(text, decimal=".").value
    for text in ("1234,5", "0,123", "1.234,56", "1.234.567", "12,25"):
        assert re.fullmatch(evidence_for("number")[","], text), text
        assert not re.fullmatch(evidence_for("number")["."], text), text
        assert parse_number(text).value == parse_number(text, decimal=",").value
    for text in ("1234", "1.234", "1,234", "x"):
        assert not any(re.fullmatch(pattern, text) for pattern in evidence_for("number").values()), text
    assert re.fullmatch(evidence_for("date")["dmy"], "13/9/2026 07:05")
    assert re.fullmatch(evidence_for("timestamp")["mdy"], "9-13-26")
    for text in ("9/9/2026", "2026-09-13", "13/13/2026"):
        assert not any(re.fullmatch(pattern, text) for pattern in evidence_for("date").values()), text
    assert parse_date("13/9/2026").value == parse_date("13/9/2026", order="dmy").value
    assert evidence_for("boolean") == {}


def test_every_rule_in_the_code_has_a_sentence():
    families = {rule.split(".")[0] for rule in RULES}
    named = re.compile(rf'"((?:{"|".join(families)})\.[a-zA-Z]+)"')
    folder = Path(nhip.kernel.__file__).parent
    sources = [*(folder / "values").glob("*.py"), folder / "geo.py"]
    used = {rule for path in sources for rule in named.findall(path.read_text("utf-8"))} - set(CANONICAL)
    assert used - set(RULES) == set()
    composed = {
        "number.float",
        "healthInsurance.form",
        "healthInsurance.unreadable",
        "bankAccount.form",
        "bankAccount.unreadable",
    }
    assert composed <= set(RULES)

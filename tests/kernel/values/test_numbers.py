"""Numbers, money and quantities, case by case."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.measure import UnknownUnit
from nhip.kernel.values.model import Parsed
from nhip.kernel.values.numbers import parse_number

VND, M2 = {"unit": "VND"}, {"unit": "m2"}


def _ok(value, rule="number.form", severity="mended"):
    return Parsed(value, rule, severity)


def _bad(rule, suggestion=""):
    return Parsed(None, rule, "error", suggestion)


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1234.5", {}, Parsed("1234.5")),
        ("-7", {}, Parsed("-7")),
        ("0.123456789012", {}, Parsed("0.123456789012")),
        ("1.234,5", {}, _ok("1234.5")),
        ("1,234.5", {}, _ok("1234.5")),
        ("1 234,5", {}, _ok("1234.5")),
        ("1\u00a0234\u00a0567", {}, _ok("1234567")),
        ("1'234.5", {}, _ok("1234.5")),
        ("1.234.567", {}, _ok("1234567")),
        ("1,5", {}, _ok("1.5")),
        ("12,50", {}, _ok("12.50")),
        (".5", {}, _ok("0.5")),
        ("12.", {}, _ok("12")),
        ("+5", {}, _ok("5")),
        ("−5", {}, _ok("-5")),
        ("123-", {}, _ok("-123")),
        ("(1.234)", {"integer": True}, _ok("-1234")),
        ("１２３", {}, _ok("123")),
        ("007", {}, _ok("7", "number.leadingZero", "warning")),
        ("1.234", {}, _bad("number.ambiguous", "1234")),
        ("1,234", {}, _bad("number.ambiguous", "1.2340")),
        ("1.234", {"decimal": "."}, Parsed("1.234")),
        ("1.234", {"decimal": ","}, _ok("1234")),
        ("1,234", {"decimal": ","}, _ok("1.2340")),
        ("123,456", {"decimal": ","}, _ok("123.4560")),
        ("1,234", {"decimal": "."}, _ok("1234")),
        ("1.234", {"integer": True}, _ok("1234")),
        ("1,234", {"integer": True}, _ok("1234")),
        ("1.234", {"integer": True, "decimal": "."}, _bad("number.notInteger")),
        ("12.5", {"integer": True}, _bad("number.notInteger")),
        ("12,0", {"integer": True}, _ok("12")),
        ("0.500", {}, Parsed("0.500")),
        ("1234.567", {}, Parsed("1234.567")),
        ("1.23.456", {}, _bad("number.unreadable")),
        ("1,23.456", {}, _bad("number.unreadable")),
        ("1.234,567.8", {}, _bad("number.unreadable")),
        ("1E+05", {}, _ok("100000", "number.scientific", "warning")),
        ("1,2e-3", {}, _ok("0.0012", "number.scientific", "warning")),
        ("1e400", {}, _bad("number.range")),
        ("12345.000000001", {}, _ok("12345", "number.float")),
        ("0.30000000000000004", {}, _ok("0.3", "number.float")),
        ("12.344000001", {}, _ok("12.3440", "number.float")),
        ("0.000000012", {}, Parsed("0.000000012")),
        ("0.99999000000000005", {}, _ok("0.99999", "number.float")),
        ("16.990000000000002", {}, _ok("16.99", "number.float")),
        ("0.7999999999999999", {}, _ok("0.8", "number.float")),
        ("1.2340000000001", {}, _ok("1.2340", "number.float")),
        ("12345.000000001", {"integer": True}, _ok("12345", "number.float")),
        ("9" * 19, {}, _bad("number.range")),
        ("20.000 VND", VND, _ok("20000")),
        ("20.000 VND", {}, _ok("20000")),
        ("20.000đ", VND, _ok("20000")),
        ("20,000 ₫", VND, _ok("20000")),
        ("₫20.000", VND, _ok("20000")),
        ("20.000,-", VND, _ok("20000")),
        ("20.000 đồng chẵn", VND, _ok("20000")),
        ("20.000 đồng/lượt", VND, _ok("20000", "number.perUnit", "warning")),
        ("20k", VND, _ok("20000")),
        ("1,5 triệu", {}, _ok("1500000")),
        ("2 tỷ", {}, _ok("2000000000")),
        ("2 tỷ 500 triệu đồng", VND, _ok("2500000000")),
        ("500 triệu 2 tỷ", VND, _bad("number.several")),
        ("1.234 tỷ", VND, _bad("number.ambiguous")),
        ("1.234,5 tỷ đồng", VND, _ok("1234500000000")),
        ("20.000.000 đ", {"unit": "triệu đồng"}, _ok("20", "number.unit")),
        ("1,5 triệu đồng", {"unit": "triệu đồng"}, _ok("1.5")),
        ("Miễn phí", VND, _ok("0", "number.word")),
        ("Miễn phí", {}, _bad("number.unreadable")),
        ("khoảng 20.000 đ", VND, _bad("number.approximate", "20000")),
        (">100", {}, _bad("number.approximate", "100")),
        ("20.000 - 30.000", VND, _bad("number.several")),
        ("5 10", {}, _bad("number.several")),
        ("$20", VND, _bad("number.unitMismatch")),
        ("-", {}, Parsed(None, "value.blank")),
        ("#N/A", {}, Parsed(None, "value.blank")),
        ("5 ha", M2, _ok("50000", "number.unit")),
        ("50 m²", M2, _ok("50")),
        ("0,5 km2", M2, _ok("500000", "number.unit")),
        ("5 ha", {}, _bad("number.unitMissing", "5")),
        ("5 sào", M2, _bad("number.unitAmbiguous")),
        ("5 sào", {"unit": "sào Trung Bộ"}, _ok("5")),
        ("5 sào Trung Bộ", M2, _ok("2500", "number.unit")),
        ("2 sào Bắc Bộ", M2, _ok("720", "number.unit")),
        ("3 tạ", {"unit": "kg"}, _ok("300", "number.unit")),
        ("3 km", M2, _bad("number.unitMismatch")),
        ("3 thúng", M2, _bad("number.unitUnknown")),
        ("12%", {"unit": "%"}, _ok("12")),
        ("12%", {"unit": "ratio"}, _ok("0.12", "number.unit")),
        ("12%", {}, _bad("number.unitMissing", "12")),
        ("5 người", {"integer": True}, _ok("5")),
        ("hai mươi", {}, _bad("number.unreadable")),
        ("12abc", {}, _bad("number.unitUnknown")),
        ("2026-09-02", {}, _bad("number.several")),
    ],
)
def test_numbers(text, options, expected):
    assert parse_number(text, **options) == expected


def test_a_unit_that_does_not_exist():
    with pytest.raises(UnknownUnit, match="furlong"):
        parse_number("1,5", unit="furlong")


@settings(deadline=None)
@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_both_ways_of_grouping_mean_the_same(number):
    """Whatever is written with all its marks comes back as the number that was meant."""
    english = f"{number:,.2f}"
    vietnamese = english.translate(str.maketrans(",.", ".,"))
    for text in (english, vietnamese, vietnamese.replace(".", " "), f"{vietnamese} đ"):
        value = parse_number(text, unit="VND").value
        assert value is not None, text
        assert Decimal(value) == number


@settings(deadline=None)
@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False))
def test_floats_come_back_but_for_noise(number):
    value = parse_number(f"{number:.17g}", decimal=".").value
    assert value is not None
    assert float(value) == pytest.approx(number, rel=1e-9, abs=1e-9)

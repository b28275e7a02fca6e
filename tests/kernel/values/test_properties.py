"""What holds for every parser and every text: no exception, no guess, canonical means canonical, also in DuckDB."""

from __future__ import annotations

import os
from collections.abc import Callable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.values.model import Parsed
from nhip.kernel.values.registry import canonical_for, canonical_sql, parser_for
from nhip.kernel.values.rules import RULES

SCALE = int(os.environ.get("NHIP_TEST_EXAMPLES", "8"))
"""Hypothesis examples; raise it for a long hunt."""

COLUMNS = {
    "integer": ("integer", "", {}),
    "number": ("number", "", {}),
    "number with a point": ("number", "", {"decimal": "."}),
    "number with a comma": ("number", "", {"decimal": ","}),
    "area": ("number", "quantity", {"unit": "m2"}),
    "money": ("number", "money", {}),
    "x": ("number", "x", {}),
    "boolean": ("boolean", "", {}),
    "date": ("date", "", {}),
    "date dmy": ("date", "", {"order": "dmy", "serial": True}),
    "date mdy": ("date", "", {"order": "mdy", "serial": True, "epoch1904": True, "partial_dates": True}),
    "timestamp": ("timestamp", "", {"serial": True}),
    "time": ("time", "", {"serial": True}),
    "phone": ("string", "phone", {}),
    "plate": ("string", "plate", {}),
    "citizen_id": ("string", "citizen_id", {}),
    "tax_code": ("string", "tax_code", {}),
    "health_insurance": ("string", "health_insurance", {}),
    "bank_account": ("string", "bank_account", {}),
    "email": ("string", "email", {}),
    "url": ("string", "url", {}),
    "latitude": ("number", "latitude", {}),
    "longitude": ("number", "longitude", {}),
}
CASTS = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
}
STAYS_WARNED = {"citizen.old", "phone.foreign"}
"""Values that are certain without being of the present form; they stay what they are."""

DIGITS = st.text(st.sampled_from("0123456789.,- "), max_size=24)
SIGNS = st.text(st.sampled_from("0123456789.,-/:+ ()%°'\"₫đkTZzEhgA@x٣３\u00a0\n"), max_size=24)
WORDS = (
    "1 2 02 09 13 31 1999 2026 26 0 0234 84 75A 123 45 046 - / . , : ( ) + % T Z +07:00 Sep N E ° ' \" @ hue.gov.vn https:// "
    "www. ngày tháng năm giờ phút chiều triệu tỷ nghìn đồng VND m2 ha kg sào Có không x ĐT máy lẻ MST"
)
PIECES = st.lists(st.sampled_from(WORDS.split(" ")), max_size=9).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda glue: glue.join(pieces))
)
TEXTS = st.one_of(DIGITS, SIGNS, PIECES, st.text(max_size=40))


@pytest.fixture(params=COLUMNS, scope="module")
def column(request: pytest.FixtureRequest) -> tuple[str, str, dict[str, str], Callable[[str], Parsed]]:
    type_, kind, options = COLUMNS[request.param]
    return type_, kind, options, parser_for(type_, kind, **options)


def _canonical_in_duckdb(texts: list[str], type_: str, kind: str, decimal: str) -> list[bool]:
    condition = canonical_sql('"t"', type_, kind, decimal=decimal)
    query = f'SELECT {condition} FROM (SELECT unnest($texts) AS "t", unnest($places) AS "n") ORDER BY "n"'
    rows = duckdb.execute(query, {"texts": texts, "places": list(range(len(texts)))}).fetchall()
    return [bool(row[0]) for row in rows]


@settings(max_examples=SCALE * 3, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=40))
def test_any_text(column, texts):
    type_, kind, options, parse = column
    parsed = [parse(text) for text in texts]
    for text, one in zip(texts, parsed, strict=True):
        assert one.rule == "" or one.rule in RULES, text
        assert (one.value is None) or one.severity != "error", text
        assert one.rule or (one.value == text and one.severity == "mended")
        if one.value is not None:
            again = parse(one.value)
            assert again.value == one.value, text
            assert again.rule == "" or again.rule in STAYS_WARNED, text
        if one.suggestion and one.rule not in ("phone.several", "email.several"):
            assert parse(one.suggestion).value == one.suggestion, text
    in_duckdb = _canonical_in_duckdb(texts, type_, kind, options.get("decimal", ""))
    assert in_duckdb == [one.rule == "" for one in parsed]


@settings(max_examples=SCALE * 2, deadline=None)
@given(data=st.data())
def test_canonical_text_is_given_back(column, data):
    type_, kind, options, parse = column
    pattern = canonical_for(type_, kind, decimal=options.get("decimal", ""))
    texts = data.draw(st.lists(st.from_regex(pattern, fullmatch=True), min_size=1, max_size=20))
    checked = _canonical_in_duckdb(texts, type_, kind, options.get("decimal", ""))
    for text, canonical in zip(texts, checked, strict=True):
        assert canonical or kind == "tax_code"
        assert (parse(text) == Parsed(text)) == canonical


@settings(max_examples=SCALE, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=40))
def test_values_can_be_cast(column, texts):
    type_, _kind, _options, parse = column
    values = [one.value for one in map(parse, texts) if one.value is not None]
    duckdb.execute(f"SELECT CAST(unnest($values::VARCHAR[]) AS {CASTS[type_]})", {"values": values}).fetchall()


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "1." * 50_000,
        "1 " * 50_000,
        "a@" * 50_000,
        "(" * 100_000,
        "1°" * 50_000,
        "http://" + "a." * 50_000,
    ],
)
def test_long_texts_are_refused(column, text):
    assert column[3](text).value is None

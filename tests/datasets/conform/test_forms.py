"""The fast path in SQL never lets through what a parser would change, and agrees with the patterns of the kernel."""

from __future__ import annotations

import sys
import unicodedata

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nhip.datasets.check.errors import FormatUnknown
from nhip.datasets.check.suggest import folded
from nhip.datasets.conform.dateform import date_form
from nhip.datasets.conform.forms import Reading, form_of
from nhip.datasets.conform.text import SUSPECT, SUSPECT_NAME, parse_name, parse_text
from nhip.datasets.contract.model import Field
from nhip.kernel.text import canonical, fold
from nhip.kernel.values.fastpath import DATE

TEXT = st.text(alphabet="aoeuyhHOÀàáạèỳýĐđ\u0300\u0301\u0309\u00a0\u200b \t.,-1\u1ebf\u2126漢", max_size=12)
DATES = st.one_of(
    st.dates().map(str),
    st.from_regex(r"[0-9 +-]{4}-[0-9 ]{2}-[0-9 ]{2}", fullmatch=True),
    st.from_regex(r"[ 0-9]{2,4}[-/ ][0-9 -]{2,3}[-/ ][ 0-9]{1,3}", fullmatch=True),
    st.from_regex(r"[12][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}[ T]?", fullmatch=True),
    st.sampled_from(
        ["15-3-19", "2024-02-30", "2000-02-29", "1900-02-29", "infinity", "epoch", "2024-01-01 (BC)", "20240101"]
    ),
)


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def suspects(duck: duckdb.DuckDBPyConnection, texts: list[str], regex: str) -> set[str]:
    rows = duck.execute("SELECT t FROM (SELECT unnest(?) AS t) WHERE regexp_matches(t, ?)", [texts, regex]).fetchall()
    return {row[0] for row in rows}


@given(texts=st.lists(TEXT, min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_text_that_would_change_is_always_suspect(duck: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    changed = {text for text in texts if parse_text(text).value != text and text}
    assert changed <= suspects(duck, texts, SUSPECT)
    changed = {text for text in texts if parse_name(text).value != text and text}
    assert changed <= suspects(duck, texts, SUSPECT_NAME)


def test_every_sign_that_form_c_or_blanks_concern_is_suspect(duck: duckdb.DuckDBPyConnection) -> None:
    signs = [chr(code) for code in range(1, sys.maxunicode) if not 0xD800 <= code < 0xE000]
    concerned = {f"x{sign}x" for sign in signs if canonical(f"x{sign}x") != f"x{sign}x" or unicodedata.combining(sign)}
    assert concerned <= suspects(duck, sorted(concerned), SUSPECT)
    assert len(concerned) > 1_500


def test_plain_vietnamese_is_not_suspect(duck: duckdb.DuckDBPyConnection) -> None:
    plain = [
        "Nguyễn Thị Hòa",
        "Hoàng Khoa",
        "326 Vân Châu, Phường Mai Ninh",
        "thủy",
        "quý",
        "12 – 15 “m²”",
        "toàn quốc",
    ]
    assert suspects(duck, plain, SUSPECT) == set()


@given(texts=st.lists(DATES, min_size=1, max_size=40))
@example(
    texts=[
        " 999-01-01",
        "2024-01-2 ",
        "2024-1--01",
        "2024- 1-01",
        "20a4-01-01",
        "é24-01-01",
        "1,24-01-01",
        "02024-1-01",
    ]
)
@settings(max_examples=60, deadline=None)
def test_iso_dates_by_cast_are_those_of_the_pattern(duck: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    form = form_of(Field(name="a", type="date"), Reading(), as_delivered=False)
    query = f"SELECT t, {form.typed('t')} IS NOT NULL, regexp_full_match(t, ?) FROM (SELECT unnest(?) AS t)"
    for text, by_cast, by_pattern in duck.execute(query, [DATE, texts]).fetchall():
        assert by_cast == by_pattern, text


@given(texts=st.lists(st.text(alphabet="aăâđĐƯÝỳẾ \t,1", max_size=12), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_folding_in_sql_is_the_kernels(duck: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    query = f"SELECT t, {folded('t')} FROM (SELECT unnest(?) AS t)"
    for text, ours in duck.execute(query, [texts]).fetchall():
        assert ours == fold(text)


@pytest.mark.parametrize("format", ["dd/MM/yy", "yyyy-MM-dd EEEE", "", "abc", "%q", "d/M/y"])
def test_formats_that_cannot_be_used(format: str) -> None:
    with pytest.raises(FormatUnknown):
        date_form("a", format)


@pytest.mark.parametrize("format", ["dd.MM.yyyy", "%d.%m.%Y", "d.M.yyyy"])
def test_formats_in_both_notations(format: str) -> None:
    assert date_form("a", format).read("05.11.2024", "date") == "2024-11-05"

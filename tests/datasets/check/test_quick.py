"""Quick tests never pass what the column's own condition would not, and read the same value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nhip.datasets.check.quick import Quick, quick_tests
from nhip.datasets.conform.forms import Reading, form_of
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.model import DecodedTable

FIELDS = {
    "12.50": Field(name="a", type="number"),
    "0.1234": Field(name="a", type="number", kind="money"),
    "16.463700": Field(name="a", type="number", kind="latitude"),
    "107.58": Field(name="a", type="number", kind="longitude"),
    "7": Field(name="a", type="integer"),
    "2024-02-29": Field(name="a", type="date"),
    "2024-03-01": Field(name="a", type="date", format="yyyy-MM-dd"),
}
"""A field by a text that its columns are full of, which tells its number of places."""
NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=None, min_value=-(10**9), max_value=10**9).map(str),
    st.from_regex(r"[-+ ]?0{0,2}[0-9]{1,20}([.,][0-9]{0,9})?(e[0-9])? ?", fullmatch=True),
)
DATES = st.from_regex(r"-?[0-9]{1,5}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2} ?(\(BC\))?", fullmatch=True)
TEXTS = st.one_of(
    NUMBERS, DATES, st.dates().map(str), st.sampled_from(["-0", "-0.00", "1_0", ".5", "5.", "90.000000", "90.000001"])
)


def quick_of(con: duckdb.DuckDBPyConnection, field: Field, text: str) -> tuple[Column, Quick]:
    con.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS _row, unnest(?::VARCHAR[]) AS a", [[text] * 20])
    column = Column(0, field, "a", form_of(field, Reading(), as_delivered=False), [], False)
    contract = Contract(id="c", version="1", dataset="d", fields=(field,))
    plan = Plan(contract, DecodedTable(name="t", relation="t"), [column], [], (), False)
    with Room(con) as room:
        return column, quick_tests(room, plan)[0]


@pytest.mark.parametrize("usual", FIELDS)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30))
@example(texts=["1.234", "1234", "12.345", "2024-1-05 ", "01800-01-01", "2024/01/01", "1e3", "99999999999999.99"])
@settings(deadline=None, max_examples=25)
def test_what_comes_back_the_same_is_canonical(usual: str, texts: list[str]) -> None:
    with duckdb.connect() as con:
        column, quick = quick_of(con, FIELDS[usual], usual)
        canonical, value = column.form.canonical("c0"), column.form.tried("c0")
        rows = con.execute(
            f"SELECT c0, h0, {canonical}, {quick.value}, {value} FROM (SELECT *, {quick.same} AS h0 FROM "
            f"(SELECT *, {quick.made} AS q0 FROM (SELECT unnest(?) AS c0)))",
            [[usual, *texts]],
        ).fetchall()
    assert rows[0][1]
    for text, same, proper, quickly, slowly in rows:
        assert proper or not same, text
        assert quickly == slowly or not proper, text
        assert same or not (quick.complete and proper), text


@pytest.mark.parametrize("text", ["1.234", "0.123456789"])
def test_no_quick_test_for_numbers_that_may_be_read_in_two_ways(text: str) -> None:
    with duckdb.connect() as con, pytest.raises(KeyError):
        quick_of(con, FIELDS["12.50"], text)


def test_marks_of_more_columns_than_a_word_holds(check: Callable[..., Any]) -> None:
    fields = [Field(name=f"f{at}", type="integer", maximum=9.0) for at in range(130)]
    made = check(fields, [["5"] * 130, ["5"] * 61 + ["10", "x"] + ["5"] * 66 + ["11"], ["5"] * 130])
    assert [finding[:3] for finding in made.findings] == [
        (3, "f129", "maximum"),
        (3, "f61", "maximum"),
        (3, "f62", "type"),
    ]
    assert made.version[1] == (3, *[5] * 61, 10, None, *[5] * 66, 11)


def test_mended_rows_stay_where_they_were(check: Callable[..., Any]) -> None:
    """Over several of DuckDB's vectors, without a sort."""
    rows = [[f"{n},5" if n % 7 == 0 else f"{n}.5", "hoà" if n % 11 == 0 else "hòa"] for n in range(5_000)]
    made = check([Field(name="a", type="number"), Field(name="b")], rows)
    assert made.column("_row") == list(range(2, 5_002))
    assert made.column("a") == [n + 0.5 for n in range(5_000)]
    assert set(made.column("b")) == {"hòa"}

"""Each act on a column, and each shaping of a table, beside what a person would write down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from nhip.portal.model import Act, OpenColumn, Shaping
from nhip.portal.shaping import shaped, shaped_columns, weight_of
from nhip.portal.treatment import open_columns, select_list


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("kind", "act", "cells", "wanted"),
    [
        ("VARCHAR", Act("mask"), ["a", None], ["•••", None]),
        ("VARCHAR", Act("prefix", 2), ["Vỹ Dạ", "P", None], ["Vỹ", "P", None]),
        ("VARCHAR", Act("group", 2), ["a", "a", "b", None], ["a", "a", "Khác", None]),
        ("BIGINT", Act("round", 10), [14, 15, -14, None], [10, 20, -10, None]),
        (
            "BIGINT",
            Act("band", 10),
            [1950, 1959, 1960, -3, None],
            ["1950–1959", "1950–1959", "1960–1969", "-10–-1", None],
        ),
        ("BIGINT", Act("top", 90), [89, 90, 104, None], [89, 90, 90, None]),
        ("DOUBLE", Act("bottom", 1.5), [0.5, 1.5, 2.0, None], [1.5, 1.5, 2.0, None]),
        ("DOUBLE", Act("round", 0.001), [16.46371, None], [16.464, None]),
        ("DATE", Act("year"), ["2019-05-01", None], [2019, None]),
        ("DATE", Act("month"), ["2019-05-01", None], ["2019-05", None]),
    ],
)
def test_an_act(con: duckdb.DuckDBPyConnection, kind: str, act: Act, cells: list[Any], wanted: list[Any]) -> None:
    con.execute(f"create or replace temp table t (i int, c {kind})")
    con.executemany("insert into t values (?, ?)", list(enumerate(cells)))
    (chosen,) = select_list({"c": act}, {"c": kind})
    rows = con.execute(f"select {chosen} from t order by i").fetchall()
    assert [row[0] for row in rows] == (
        pytest.approx(wanted, nan_ok=True) if kind == "DOUBLE" and None not in wanted else wanted
    )
    (column,) = open_columns({"c": act}, {"c": kind}, None)
    told = {"text": str, "integer": int, "number": float}[column.type]
    assert all(isinstance(row[0], told) for row in rows if row[0] is not None), "people are told the type that it has"


COLUMNS = [
    OpenColumn(name="xa", type="text"),
    OpenColumn(name="von", type="integer"),
    OpenColumn(name="dt", type="number"),
]


@pytest.fixture
def firms(con: duckdb.DuckDBPyConnection) -> str:
    con.execute("create or replace temp table f (_row int, xa varchar, von bigint, dt double)")
    rows = [(1, "A", 10, 1.0), (2, "B", 5, 2.0), (3, "A", 30, 2.0), (4, "A", None, 3.0)]
    con.executemany("insert into f values (?, ?, ?, ?)", rows)
    return "f"


def test_rows_are_counted(con: duckdb.DuckDBPyConnection, firms: str) -> None:
    shaping = Shaping(by=["xa"], measures={"von": "sum", "dt": "mean"}, fewest=2)
    query = shaped(firms, shaping, COLUMNS, [], "_row")
    assert con.execute(query).fetchall() == [("A", 3, 40, 2.0)], "one row of B is too few"
    made = shaped_columns(shaping, COLUMNS)
    assert [c.name for c in made] == [d[0] for d in con.description or ()]
    assert [c.type for c in made] == ["text", "integer", "integer", "number"]


def test_rows_of_small_groups_are_left_out(con: duckdb.DuckDBPyConnection, firms: str) -> None:
    query = shaped(firms, Shaping(fewest=2), COLUMNS, ["xa"], "_row")
    assert [row[0] for row in con.execute(query).fetchall()] == ["A", "A", "A"]
    assert len(con.execute(shaped(firms, Shaping(fewest=2), COLUMNS, [], "_row")).fetchall()) == 4, (
        "no groups, none small"
    )


def test_the_count_has_a_name_of_its_own() -> None:
    assert weight_of(Shaping(by=["so_dong"])) == "so_dong_" and weight_of(Shaping()) == ""

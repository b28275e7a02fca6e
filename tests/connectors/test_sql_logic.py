"""The check of queries and the boundary of cursors, for any input."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.connectors.errors import CursorTooCoarse, QueryRefused
from nhip.connectors.sql import boundary
from nhip.connectors.sql.boundary import Boundary
from nhip.connectors.sql.query import check_query, quoted
from nhip.connectors.sql.values import canonical, distinct, row_line


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("SELECT 1", "SELECT 1"),
        (" select a from t ; ", "select a from t"),
        ("WITH x AS (SELECT 1) SELECT * FROM x -- end", "WITH x AS (SELECT 1) SELECT * FROM x"),
        ("SELECT 'a;b -- c', \"d;e\", `f;g` FROM t", "SELECT 'a;b -- c', \"d;e\", `f;g` FROM t"),
        ("SELECT 'it''s; fine'", "SELECT 'it''s; fine'"),
        ("/* hi; */ SELECT 1", "SELECT 1"),
        (
            "SELECT REPLACE(a, 'x', 'y'), updated_at FROM deleted_items",
            "SELECT REPLACE(a, 'x', 'y'), updated_at FROM deleted_items",
        ),
        ("SELECT mã, tên FROM chợ", "SELECT mã, tên FROM chợ"),
    ],
)
def test_queries_that_are_taken(query: str, clean: str) -> None:
    assert check_query(query) == clean


@pytest.mark.parametrize(
    "query",
    [
        "", ";", "DELETE FROM t", "SELECT 1; SELECT 2", "SELECT 1;;DROP TABLE t", "(SELECT 1)", "EXPLAIN SELECT 1",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "SELECT * INTO t2 FROM t", "SELECT 1 INTO OUTFILE '/x'",
        "SELECT load_file('/etc/passwd')", "SELECT pg_read_file('/etc/passwd')", "SELECT 1 /*!50000 INTO OUTFILE '/x' */",
        "SELECT 'unclosed", "SELECT 1 /*", "SELECT 1 /* /* */ ; */", "SELECT 'a\\'; DELETE FROM t; --'",
        "SELECT $$a$$", "SELECT $x$;DELETE FROM t$x$",
        "CALL f()", "PRAGMA query_only=off", "ATTACH 'x' AS y", "SELECT * FROM OPENROWSET('x')", "/* SELECT */ UPDATE t SET a=1",
        "SELECT /* ; */ 1; --", "'SELECT'", "SELECT \"unclosed", "VALUES (1)",
    ],
)  # fmt: skip
def test_queries_that_are_refused(query: str) -> None:
    if query == "SELECT /* ; */ 1; --":
        assert check_query(query) == "SELECT   1"
    else:
        with pytest.raises(QueryRefused):
            check_query(query)


@given(st.text(alphabet="SELCT select'\"`;-/*!$\\\n1ab", max_size=40))
def test_whatever_is_taken_has_one_statement(text: str) -> None:
    try:
        query = check_query("SELECT 1 " + text)
    except QueryRefused:
        return
    plain, inside = "", ""
    for letter in query:
        if inside:
            inside = "" if letter == inside else inside
        elif letter in "'\"`":
            inside = letter
        else:
            plain += letter
    assert not inside and ";" not in plain and "--" not in plain and "/*" not in plain


@given(st.text(max_size=20))
def test_identifiers_cannot_leave_their_quotes(name: str) -> None:
    for sign in '"`':
        inner = quoted(name, sign)[1:-1]
        assert inner.replace(sign * 2, "").count(sign) == 0


ROW = st.tuples(st.integers(0, 6), st.integers(0, 2))
"""Few cursor values and few others: ties and true duplicates everywhere."""


@given(st.lists(st.lists(ROW, max_size=8), max_size=6), st.randoms())
def test_no_row_is_lost_or_doubled_for_any_ties(rounds: list[list[tuple[int, int]]], random) -> None:
    """A table only grows, never below the largest cursor so far; each round is fetched with `>=` in any order of ties."""
    table: list[tuple[int, int]] = []
    state: dict[str, object] = {}
    brought: list[tuple[int, int]] = []
    top = 0
    for added in rounds:
        fresh = [(max(top, cursor), other) for cursor, other in added]
        table += fresh
        last = state.get("cursor")
        found = [row for row in table if not last or row[0] >= int(last["text"])]
        random.shuffle(found)
        found.sort(key=lambda row: row[0])
        edge = Boundary(state, "c")
        brought += [row for row in found if edge.is_new(row[0], row_line(["c", "o"], row))]
        state = json.loads(json.dumps(edge.state()))
        top = max([top, *(row[0] for row in fresh)])
    assert sorted(brought) == sorted(table)


@given(st.lists(st.sampled_from(["Huế", "HUẾ", "hue", "Huê", "an", "AN"]), max_size=12), st.integers(0, 12))
def test_ties_of_a_collation_that_ignores_case_are_not_doubled(names: list[str], cut: int) -> None:
    """The database calls `an` and `AN` equal: `>= 'AN'` brings both again."""
    first = sorted(names[:cut], key=str.casefold)
    edge = Boundary({}, "c")
    brought = [n for n in first if edge.is_new(n, n.encode())]
    state = json.loads(json.dumps(edge.state()))
    last = state["cursor"]["text"].casefold() if state["cursor"] else ""
    later = sorted([*first, *[n for n in names[cut:] if n.casefold() >= last]], key=str.casefold)
    again = Boundary(state, "c")
    brought += [n for n in later if n.casefold() >= last and again.is_new(n, n.encode())]
    assert sorted(brought) == sorted(later)


def test_a_cursor_that_is_too_coarse_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(boundary, "MAX_TIES", 10)
    edge = Boundary({}, "ngay")
    with pytest.raises(CursorTooCoarse, match="ngay"):
        for n in range(11):
            edge.is_new("2026-01-01", b"%d" % n)


def test_names_and_values() -> None:
    assert distinct(["id", "id", "", "id_2", "id"]) == ["id", "id_2", "column_3", "id_2_2", "id_3"]
    assert canonical(float("nan")) == "nan" and canonical([1, None]) == "[1,null]"
    assert row_line(["a"], ["\ud800"]) == b'{"a":"?"}\n'

"""What a row rule may say: one pure scalar DuckDB expression over the contract's columns, and nothing that reads, waits or grows.

DuckDB's own parser (`json_serialize_sql`) reads it; only the node classes and functions listed here pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import duckdb

from nhip.datasets.contract.errors import ExpressionRefused
from nhip.datasets.contract.notes import shorten
from nhip.datasets.engine import ident, lean
from nhip.kernel.i18n import _

MAX_CHARACTERS = 4_000
MAX_DEPTH = 60

SQL_TYPE = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
}
"""DuckDB type of a conformed column by logical type."""

_CLASSES = {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "BETWEEN", "CASE", "CAST", "OPERATOR", "FUNCTION"}
_OPERATORS = {
    "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF",
    "COMPARE_IN", "COMPARE_NOT_IN",
}  # fmt: skip
_CASTS = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL",
    "VARCHAR", "DATE", "TIME", "TIMESTAMP",
}  # fmt: skip
_FUNCTIONS = {
    "+", "-", "*", "/", "//", "%", "**", "~~", "!~~", "~~*", "!~~*", "||", "abs", "ceil", "ceiling", "floor",
    "round", "sign", "sqrt", "power", "pow", "mod", "least", "greatest", "trunc", "length", "len", "strlen",
    "lower", "lcase", "upper", "ucase", "trim", "ltrim", "rtrim", "substring", "substr", "left", "right",
    "strip_accents", "nfc_normalize", "concat", "concat_ws", "contains", "starts_with", "ends_with", "prefix",
    "suffix", "replace", "translate", "reverse", "split_part", "strpos", "position", "instr", "regexp_matches",
    "regexp_full_match", "regexp_extract", "regexp_replace", "ascii", "unicode", "year", "month", "day", "hour",
    "minute", "second", "quarter", "week", "dayofweek", "isodow", "dayofyear", "date_part", "date_diff", "datediff",
    "date_trunc", "date_add", "date_sub", "age", "epoch", "last_day", "make_date", "today", "to_years", "to_months",
    "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds", "isnan", "isinf", "isfinite", "xor", "nullif",
    "ifnull", "if",
}  # fmt: skip
_DATE_NAMES = {"current_date"}


def validate_expression(sql: str, columns: Mapping[str, str] | Iterable[str]) -> None:
    """Check that `sql` is a true-or-false expression over `columns` (names, or names with their logical types, which
    checks the types too). Raises ExpressionRefused saying what is not allowed."""
    types = {name.lower(): kind for name, kind in columns.items()} if isinstance(columns, Mapping) else {}
    names = set(types) or {name.lower() for name in columns}
    tree = _parse(sql)
    problem = _judge(tree, names, 0)
    if problem != FINE:
        raise ExpressionRefused(expression=shorten(sql), what=problem[0], detail=shorten(problem[1], 80))
    if isinstance(columns, Mapping):
        _bind(sql, columns)


def is_expression(sql: str) -> bool:
    """Whether `sql` alone parses as one expression."""
    try:
        _parse(sql)
    except ExpressionRefused:
        return False
    return True


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {"enable_external_access": "false", "threads": 1, "memory_limit": "128MB"}
    return duckdb.connect(":memory:", config=config)


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor of a shared in-memory DuckDB that can reach neither files nor network; safe in any thread."""
    with lean(), _engine().cursor() as con:
        yield con


def _parse(sql: str) -> dict[str, Any]:
    if len(sql) > MAX_CHARACTERS:
        raise ExpressionRefused(expression=shorten(sql), what=_("it is longer than 4,000 characters"))
    if not sql.strip():
        raise ExpressionRefused(expression=shorten(sql), what=_("it is empty"))
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in sql):
        raise ExpressionRefused(expression=repr(shorten(sql)), what=_("it has control characters"))
    # without brackets too: `a) OR (b` is whole inside them and must not pass
    _select(sql, f"SELECT {_bare(sql)} FROM t")
    return _select(sql, f"SELECT ({_bare(sql)}) FROM t")


def _select(sql: str, query: str) -> dict[str, Any]:
    """The one expression of `query` as DuckDB's parser sees it."""
    with engine() as con:
        row = con.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
    answer: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if answer.get("error"):
        raise ExpressionRefused(expression=shorten(sql), what=shorten(answer.get("error_message", "")))
    node = answer["statements"][0]["node"]
    if len(answer["statements"]) != 1 or not _plain_select(node):
        raise ExpressionRefused(expression=shorten(sql), what=_("write one expression, not a query"))
    return dict(node["select_list"][0])


def _plain_select(node: dict[str, Any]) -> bool:
    empty = ("where_clause", "having", "sample", "qualify", "modifiers", "group_expressions")
    plain = node.get("type") == "SELECT_NODE" and node["from_table"].get("table_name") == "t"
    return plain and len(node["select_list"]) == 1 and not any(node.get(part) for part in empty)


Refusal = tuple[str, str]
"""(reason, the thing that is refused); FINE where nothing is."""
FINE: Refusal = ("", "")


def _judge(node: dict[str, Any], columns: set[str], depth: int) -> Refusal:
    """Why `node` is not allowed."""
    if depth > MAX_DEPTH:
        return _("it is nested too deeply"), ""
    kind = node["class"]
    if kind not in _CLASSES:
        return _("only plain expressions over the columns are allowed"), kind.lower()
    problem = _judge_one(node, kind, columns)
    if problem != FINE:
        return problem
    for child in _children(node):
        problem = _judge(child, columns, depth + 1)
        if problem != FINE:
            return problem
    return FINE


def _judge_one(node: dict[str, Any], kind: str, columns: set[str]) -> Refusal:
    if kind == "COLUMN_REF":
        name = ".".join(node["column_names"])
        known = name.lower() in columns or name.lower() in _DATE_NAMES
        return FINE if known else (_("the contract has no such column"), name)
    if kind == "OPERATOR" and node["type"] not in _OPERATORS:
        return _("this operator is not allowed"), node["type"].lower()
    if kind == "CAST":
        return _judge_cast(node, node["cast_type"]["id"])
    if kind == "FUNCTION":
        name = node["function_name"].lower()
        plain = not (node.get("filter") or node.get("distinct") or node.get("catalog"))
        plain = plain and node.get("schema", "") in ("", "main") and not node["order_bys"]["orders"]
        return FINE if name in _FUNCTIONS and plain else (_("this function is not allowed"), name)
    return FINE


def _judge_cast(node: dict[str, Any], target: str) -> Refusal:
    if target not in _CASTS:
        return _("this type is not allowed"), target
    if not node["try_cast"] and target != "VARCHAR" and _has_column(node):
        return _("a bad value would stop the whole check: write try_cast(… AS …)"), ""
    return FINE


def _has_column(node: dict[str, Any]) -> bool:
    return node["class"] == "COLUMN_REF" or any(_has_column(child) for child in _children(node))


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node[key] for key in ("left", "right", "input", "lower", "upper", "child", "else_expr") if node.get(key)]
    found += node.get("children") or []
    for check in node.get("case_checks") or []:
        found += [check["when_expr"], check["then_expr"]]
    return found


def _bind(sql: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(
        f"CAST(NULL AS {SQL_TYPE.get(kind, 'VARCHAR')}) AS {ident(name)}" for name, kind in columns.items()
    )
    try:
        with engine() as con:
            rows = con.execute(f"DESCRIBE SELECT ({_bare(sql)}) AS holds FROM (SELECT {typed})").fetchall()
            con.execute(f"SELECT ({_bare(sql)}) FROM (SELECT {typed})").fetchall()
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise ExpressionRefused(expression=shorten(sql), what=shorten(first)) from error
    if rows[0][1] != "BOOLEAN":
        raise ExpressionRefused(expression=shorten(sql), what=_("it must be true or false for every row"))


def _bare(sql: str) -> str:
    return sql.strip(" \t\r\n")

"""A row as one text of a format, made by DuckDB: Python only passes the lines on, so that ten million of them stream."""

from __future__ import annotations

from collections.abc import Sequence

from nhip.datasets.engine import ident, literal
from nhip.datasets.formulas import FORMULA, HARMLESS
from nhip.portal.model import OpenColumn

_MOST_EXACT = 999_999_999_999_999
"""Excel keeps fifteen digits of a number; longer ones are written as text."""
_LONGEST_CELL = 32_767
_FORBIDDEN = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F]"
"""What XML 1.0 cannot hold."""


def csv_line(columns: Sequence[OpenColumn]) -> str:
    """A line of CSV (RFC 4180) without its end; text that a spreadsheet would run as a formula gets a leading apostrophe."""
    return " || ',' || ".join(_csv_cell(column) for column in columns)


def _csv_cell(column: OpenColumn) -> str:
    cell = ident(column.name)
    if column.type != "text":
        return f"coalesce(cast({cell} as varchar), '')"
    text = f"cast({cell} as varchar)"
    risky = f"regexp_matches({text}, {literal(FORMULA)}) and not regexp_matches({text}, {literal(HARMLESS)})"
    safe = f"(case when {risky} then '''' || {text} else {text} end)"
    quoted = f"'\"' || replace({safe}, '\"', '\"\"') || '\"'"
    return f"coalesce(case when regexp_matches({text}, '[\",\\r\\n]') then {quoted} else {safe} end, '')"


def csv_head(columns: Sequence[OpenColumn]) -> str:
    """The first line of CSV."""
    return ",".join('"' + c.name.replace('"', '""') + '"' if set(c.name) & set('",\r\n') else c.name for c in columns)


def json_line(columns: Sequence[OpenColumn]) -> str:
    """A row as a JSON object."""
    parts = [f"{literal(column.name)}, {_json_cell(column)}" for column in columns]
    return f"cast(json_object({', '.join(parts)}) as varchar)"


def _json_cell(column: OpenColumn) -> str:
    cell = ident(column.name)
    if column.type == "timestamp":
        return f"strftime({cell}, '%Y-%m-%dT%H:%M:%S')"
    if column.type == "number":
        return f"case when isfinite(cast({cell} as double)) then {cell} end"  # JSON has no NaN
    return cell if column.type in ("integer", "boolean") else f"cast({cell} as varchar)"


def xlsx_line(columns: Sequence[OpenColumn]) -> str:
    """A row of a worksheet (ECMA-376, 18.3.1.73)."""
    return "'<row>' || " + " || ".join(_xlsx_cell(column) for column in columns) + " || '</row>'"


def _xlsx_cell(column: OpenColumn) -> str:
    cell = ident(column.name)
    if column.type in ("integer", "number"):
        plain = f"'<c><v>' || cast({cell} as varchar) || '</v></c>'"
        exact = f"abs({cell}) <= {_MOST_EXACT}" if column.type == "integer" else f"isfinite(cast({cell} as double))"
        found = f"case when {exact} then {plain} else {_xlsx_text(cell)} end"
    elif column.type == "boolean":
        found = f"'<c t=\"b\"><v>' || cast({cell} as int) || '</v></c>'"
    elif column.type in ("date", "timestamp"):
        found = f"case when {cell} >= date '1900-03-01' then {_xlsx_moment(column)} else {_xlsx_text(cell)} end"
    else:
        found = _xlsx_text(cell)
    return f"coalesce({found}, '<c/>')"


def _xlsx_moment(column: OpenColumn) -> str:
    """Days since 1899-12-30, Excel's count from 1 March 1900 on."""
    style, cell = ("1", ident(column.name)) if column.type == "date" else ("2", ident(column.name))
    days = f"({cell} - date '1899-12-30')" if column.type == "date" else f"(epoch({cell}) / 86400.0 + 25569)"
    return f"'<c s=\"{style}\"><v>' || cast({days} as varchar) || '</v></c>'"


def _xlsx_text(cell: str) -> str:
    text = f"left(cast({cell} as varchar), {_LONGEST_CELL})"
    text = f"regexp_replace({text}, '{_FORBIDDEN}', '', 'g')"
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = f"replace({text}, '{sign}', '{name}')"
    return f"'<c t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {text} || '</t></is></c>'"

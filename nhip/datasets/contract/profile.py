"""What is in a delivered table, column by column: counts, type, meaning, form, unit, likely personal data - and how sure that is.

Counts are exact, from one scan of the whole table. What values mean is judged on a sample of at most 40,000 rows, chosen by the
row number so that the same table always gives the same profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import msgspec

from nhip.datasets.contract.guess import guess
from nhip.datasets.contract.guessed import Guess
from nhip.datasets.contract.headers import Header, column_names, read_header
from nhip.datasets.contract.listed import valid_values
from nhip.datasets.contract.model import LogicalType
from nhip.datasets.contract.shapes import shape_of
from nhip.datasets.engine import ident
from nhip.datasets.model import ROW, DecodedColumn, DecodedTable
from nhip.kernel.ids import new_id

SAMPLE_ROWS = 40_000
JUDGED = 600
"""Distinct values a column that parsers see; fewer in wide tables."""
SHAPED = 10_000
"""Distinct values a column whose form is compared."""
CELL = 500
"""Characters of a cell that are looked at."""
FEW = 60
"""Distinct values up to which a column may be a list of valid values."""
_CHUNK = 200
"""Columns in one query, so that tables of thousands of columns can be planned."""

PERSONAL = {
    "person_name": "name", "phone": "phone", "email": "email", "citizen_id": "citizen_id", "plate": "plate",
    "bank_account": "bank_account", "health_insurance": "health_insurance",
}  # fmt: skip
"""Kind -> the personal data it is."""


_MOBILE = re.compile(r"\D*(?:\+?84\D*0?\D*|0\D*)[35789]")
_PRIVATE_MAIL = re.compile(r"@(?:gmail|yahoo|hotmail|outlook|icloud|live|ymail)\.")


class ColumnProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One delivered column. `name` is its header as delivered, `field` the proposed name in the contract. `distinct` and
    `nulls` are exact; `minimum`, `maximum` and `examples` come from the sample and are masked or left out for personal data."""

    name: str
    field: str
    title: str
    type: LogicalType = "string"
    kind: str = ""
    encoding: str = "utf-8"
    pattern: str = ""
    enum: tuple[str, ...] = ()
    unit: str = ""
    order: str = ""
    crs: str = ""
    pii: str = ""
    sure: float = 0.0
    rows: int = 0
    distinct: int = 0
    nulls: int = 0
    examples: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    reason: str = ""
    hints: tuple[str, ...] = ()


def profile(con: duckdb.DuckDBPyConnection, table: DecodedTable) -> list[ColumnProfile]:
    """A profile of every column of `table`, whose relation has `_row` and text columns. Memory grows with the distinct values
    of one scan (DuckDB spills), time with rows x columns."""
    names = [column.name for column in table.columns]
    if not names:
        return []
    rows, counts = _count(con, table.relation, names)
    headers = [read_header(name) for name in names]
    fields = column_names(headers)
    view = f"nhip_profile_{new_id().hex}"
    con.execute(f"CREATE TEMP TABLE {view} AS {_sample(table.relation, names, rows)}")
    try:
        listed = _lists(con, table.relation if rows > SAMPLE_ROWS else view, names, counts)
        judged = max(60, min(JUDGED, 20_000 // len(names)))
        found = [
            _column(
                column, header, field, (rows, *counts[column.name]), _values(con, view, column.name), judged, listed
            )
            for column, header, field in zip(table.columns, headers, fields, strict=True)
        ]
    finally:
        con.execute(f"DROP TABLE {view}")
    return _with_people(found)


def _count(con: duckdb.DuckDBPyConnection, relation: str, names: list[str]) -> tuple[int, dict[str, tuple[int, int]]]:
    """Rows, and (filled, distinct) of every column. Values are counted by 64-bit hash: a collision among 2,000,000 values
    has a chance of 1 in 10 million."""
    rows, counts = 0, {}
    for chunk in _chunks(names):
        parts = ", ".join(f"count({ident(name)}), count(DISTINCT hash({ident(name)}))" for name in chunk)
        row = con.execute(f"SELECT count(*), {parts} FROM {relation}").fetchone()
        assert row is not None
        rows = row[0]
        for place, name in enumerate(chunk):
            filled, distinct = row[1 + 2 * place], row[2 + 2 * place]
            counts[name] = (filled, distinct - (filled < rows))
    return rows, counts


def _chunks(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _CHUNK):
        yield names[start : start + _CHUNK]


def _sample(relation: str, names: list[str], rows: int) -> str:
    parts = ", ".join(f"left({ident(name)}, {CELL}) AS {ident(name)}" for name in names)
    step = -(-rows // SAMPLE_ROWS)
    where = f" WHERE hash({ROW}) % {step} = 0" if step > 1 else ""
    return f"SELECT {parts} FROM {relation}{where}"


def _values(con: duckdb.DuckDBPyConnection, view: str, name: str) -> list[str]:
    """Distinct values of the sample, the frequent ones first."""
    column = ident(name)
    query = (
        f"SELECT {column} FROM {view} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {SHAPED}"
    )
    return [row[0] for row in con.execute(query).fetchall()]


def _lists(
    con: duckdb.DuckDBPyConnection, relation: str, names: list[str], counts: dict[str, tuple[int, int]]
) -> dict[str, dict[str, int]]:
    """How often each value stands in the columns with few of them."""
    few = [name for name in names if 0 < counts[name][1] <= FEW]
    found: dict[str, dict[str, int]] = {}
    for chunk in _chunks(few):
        parts = ", ".join(f"histogram(left({ident(name)}, {CELL}))" for name in chunk)
        row = con.execute(f"SELECT {parts} FROM {relation}").fetchone() or ()
        found |= {name: value or {} for name, value in zip(chunk, row, strict=True)}
    return found


def _column(
    column: DecodedColumn, header: Header, field: str, counts: tuple[int, int, int], values: list[str], judged: int,
    listed: dict[str, dict[str, int]],
) -> ColumnProfile:  # fmt: skip
    rows, filled, distinct = counts
    best = guess(_spread(values, judged), header, listed.get(column.name))
    enum = valid_values(listed.get(column.name, {}), best, header)
    pattern = "" if enum or best.type != "string" or best.kind not in ("", "code") else shape_of(values)[0]
    pii = _pii(best.kind, values[:judged], header)
    return ColumnProfile(
        name=column.name, field=field, title=header.title, type=best.type, kind=best.kind, encoding=column.encoding,
        pattern=pattern, enum=enum, unit=best.unit, order=best.order, crs=best.crs, pii=pii,
        sure=_sure(best, filled, len(values)), rows=rows, distinct=distinct, nulls=rows - filled, examples=_examples(values, pii),
        minimum=None if pii else best.minimum, maximum=None if pii else best.maximum, reason=best.reason,
        hints=tuple(sorted(header.hints)),
    )  # fmt: skip


def _spread(values: list[str], wanted: int) -> list[str]:
    """`wanted` of the values: half the most frequent, half evenly from the rest."""
    if len(values) <= wanted:
        return values
    head, rest = values[: wanted // 2], values[wanted // 2 :]
    step = len(rest) / (wanted - len(head))
    return head + [rest[int(place * step)] for place in range(wanted - len(head))]


def _sure(best: Guess, filled: int, distinct: int) -> float:
    """Few values prove little."""
    evidence = min(1.0, 0.6 + 0.1 * min(filled, distinct + 2)) if filled else 1.0
    return round(max(0.0, min(1.0, best.sure * evidence)), 2)


def _examples(values: list[str], pii: str) -> tuple[str, ...]:
    shown = [value[:60] for value in values[:5]]
    return tuple(map(_masked, shown)) if pii else tuple(shown)


def _masked(text: str) -> str:
    """Only the shape: personal data must not travel in profiles."""
    return "".join("9" if c.isdigit() else ("X" if c.isupper() else "x") if c.isalpha() else c for c in text)


def _with_people(found: list[ColumnProfile]) -> list[ColumnProfile]:
    """An address, phone or mailbox beside a person's name or number is that person's."""
    if not any(column.pii in ("name", "citizen_id", "birth_date") for column in found):
        return found
    beside = {"address", "phone", "email"}
    return [
        msgspec.structs.replace(column, pii=column.kind, examples=tuple(map(_masked, column.examples)))
        if column.kind in beside and not column.pii
        else column
        for column in found
    ]


def _pii(kind: str, values: list[str], header: Header) -> str:
    """The personal data that a column is by itself. A land line and a work mailbox belong to an organisation."""
    if kind == "phone" and sum(_MOBILE.match(value) is not None for value in values) < 0.5 * len(values):
        return ""
    if kind == "email" and sum(_PRIVATE_MAIL.search(value.lower()) is not None for value in values) < 0.2 * len(values):
        return ""
    return PERSONAL.get(kind, "birth_date" if "birth_date" in header.hints else "")

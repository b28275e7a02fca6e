"""Values that are not canonical: each distinct one is parsed once, in batches, into a table that is joined back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import msgspec

from nhip.datasets.check.marks import marked
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.model import Field
from nhip.datasets.model import Severity

BATCH = 20_000
"""Distinct values a batch: bounds what Python holds at a time."""

MAP_COLUMNS = "raw VARCHAR, value VARCHAR, rule VARCHAR, severity VARCHAR, suggestion VARCHAR, failed BOOLEAN"
"""`failed`: there was something, but it could not be read; without it and without a value the cell was empty in words."""


def map_values(room: Room, plan: Plan, columns: list[Column]) -> list[Column]:
    """Make the table `map_{at}` for each of `columns` that has values which are not canonical; gives those columns."""
    return [column for column in columns if column.form.parse and _map_column(room, column, plan.as_delivered)]


def _map_column(room: Room, column: Column, as_delivered: bool) -> bool:
    text, bad = column.text, room.table("bad")
    name = room.table("map", column.at)
    room.con.execute(f"CREATE TABLE {name} ({MAP_COLUMNS})")
    found = False
    # CASE and not AND: DuckDB tries the dear condition first, now and then
    canonical = f"CASE WHEN {marked(column, bad)} THEN coalesce({column.form.canonical(text)}, false) ELSE true END"
    distinct = f"SELECT DISTINCT {text} FROM {bad} WHERE {text} IS NOT NULL AND NOT {canonical}"
    with room.con.cursor() as writer:
        for batch in batches(room.con, distinct):
            found = True
            write_table(writer, name, [_parsed(column, row[0], as_delivered) for row in batch])
    if found:
        _find_lost(room, column, name)
    return found


def batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[Any]]:
    """Rows of `query` in batches; `con` serves nothing else meanwhile."""
    result = con.execute(query)
    while rows := result.fetchmany(BATCH):
        yield rows


def write_table(writer: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Append `rows` (text, numbers, booleans, None) to `table`. As one JSON text: DuckDB looks for pandas at every Python object
    that it is given, which takes fifty times as long."""
    cells = ", ".join(f"cells[{place}]" for place in range(1, len(rows[0]) + 1))
    listed = "SELECT unnest(from_json(?, '[[\"VARCHAR\"]]')) AS cells"
    writer.execute(f"INSERT INTO {table} SELECT {cells} FROM ({listed})", [msgspec.json.encode(rows).decode()])


def severity_of(field: Field, rule: str, usual: Severity, *, key: bool) -> Severity:
    """How bad a fault is: as the contract says, else fatal in a key (a row without a key cannot be kept apart), else as usual."""
    if rule in field.severity:
        return field.severity[rule]
    return "fatal" if key and usual == "error" else usual


def _parsed(column: Column, text: str, as_delivered: bool) -> tuple[str | bool | None, ...]:
    """The row of MAP_COLUMNS for `text`; `as_delivered` keeps no record of mends."""
    assert column.form.parse
    result = column.form.parse(text)
    failed = result.value is None and result.severity != "mended"
    if not result.rule or (as_delivered and result.severity == "mended"):
        return text, result.value, "", "mended", "", failed
    # "cannot be read at all" has one name for every type, the one that other checkers know too
    rule = "type" if result.rule.endswith(".unreadable") and column.field.type != "string" else result.rule
    severity = severity_of(column.field, rule, result.severity, key=column.key)
    return text, result.value, rule, severity, result.suggestion or result.value or "", failed


def _find_lost(room: Room, column: Column, name: str) -> None:
    """A canonical text that its own type refuses (a number beyond its range) is a fault of type, never a lost value."""
    severity = severity_of(column.field, "type", "error", key=column.key)
    room.con.execute(
        f"UPDATE {name} SET value = NULL, rule = 'type', severity = ?, failed = true "
        f"WHERE value IS NOT NULL AND TRY_CAST(value AS {column.form.type}) IS NULL",
        [severity],
    )

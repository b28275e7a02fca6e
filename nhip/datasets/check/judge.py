"""The marked cells with their typed values, and one filter per rule over them, `UNION ALL` into the findings.

A cell that could not be read is reported once, by what was wrong with its form; rules over values do not see it. A cell may break
several rules over values (too short and not in the enum): each is reported, as frictionless does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhip.datasets.check.marks import marked
from nhip.datasets.check.personal import personal_branches
from nhip.datasets.check.rowrules import CompiledRule
from nhip.datasets.check.scan import broken_cells, enum_joins
from nhip.datasets.conform.lookup import Lookups
from nhip.datasets.conform.mapping import severity_of
from nhip.datasets.conform.plan import Column, Room
from nhip.datasets.engine import literal
from nhip.datasets.model import FINDING_DDL

MOST_LETTERS = 1_000
"""Letters of a value that a finding repeats; the raw bytes keep the rest."""


def make_findings(room: Room) -> None:
    """An empty table of findings."""
    room.con.execute(f"CREATE TABLE {room.table('findings')} ({FINDING_DDL})")


def read_cells(room: Room, columns: list[Column], lookups: Lookups) -> None:
    """For each of `columns` the table `cell_{at}` of its marked cells: `_row`, `c{at}` as delivered, `v{at}` typed, and what the
    parser said (`told`, `severity`, `suggestion`, `failed`)."""
    for column in columns:
        _read_column(room, column, lookups)


def _read_column(room: Room, column: Column, lookups: Lookups) -> None:
    lookup = lookups.find(column, "b")
    join = f"LEFT {lookup.join}" if lookup else ""
    said = (
        f"coalesce({lookup.rule}, '') AS told, {lookup.severity} AS severity, {lookup.suggestion} AS suggestion, "
        f"coalesce({lookup.failed}, false) AS failed"
        if lookup
        else "'' AS told, '' AS severity, '' AS suggestion, false AS failed"
    )
    room.con.execute(
        f"CREATE TABLE {room.table('cell', column.at)} AS "
        f"SELECT b._row, b.{column.text}, {lookups.value(column, 'b')} AS {column.value}, {said} "
        f"FROM {room.table('bad')} b {join} WHERE {marked(column, 'b')}"
    )


def judge(room: Room, columns: Iterable[Column], odd: list[Column]) -> None:
    """Turn `bad` into `judged`: for every suspect `_row`, and `c{at}` as delivered and `v{at}` typed of `columns`. `odd` are
    the columns that have marked cells."""
    bad, judged = room.table("bad"), room.table("judged")
    parts, joins = [], []
    for column in columns:
        value = column.form.sure(f"b.{column.text}")
        if column in odd:
            alias = f"x{column.at}"
            joins.append(f"LEFT JOIN {room.table('cell', column.at)} {alias} ON {alias}._row = b._row")
            value = f"CASE WHEN {marked(column, 'b')} THEN {alias}.{column.value} ELSE {value} END"
        parts.append(f", b.{column.text}, {value} AS {column.value}")
    room.con.execute(f"CREATE TABLE {judged} AS SELECT b._row{''.join(parts)} FROM {bad} b {' '.join(joins)}")
    room.con.execute(f"DROP TABLE {bad}")


def find_faults(room: Room, odd: list[Column], rules: list[CompiledRule]) -> None:
    """Write every finding over single cells (of the columns `odd`, which have marked ones) and rows."""
    cells = [branch for column in odd for branch in _cell_branches(room, column)]
    insert(room, [*cells, *(branch for rule in rules for branch in _row_branches(room, rule))])


def insert(room: Room, branches: list[str]) -> None:
    """Add the rows of `branches` (SELECTs in the order of FINDING_DDL) to the findings, a hundred branches at a time."""
    for start in range(0, len(branches), 100):
        union = " UNION ALL ".join(branches[start : start + 100])
        room.con.execute(f"INSERT INTO {room.table('findings')} {union}")


def finding(name: str, rule: str, severity: str, value: str, suggestion: str = "''") -> str:
    """The select list of a finding; `value` and `suggestion` are SQL."""
    shown = f"left(coalesce({value}, ''), {MOST_LETTERS})"
    return f"_row, {literal(name)}, {literal(rule)}, {literal(severity)}, {shown}, {suggestion}"


def _cell_branches(room: Room, column: Column) -> Iterator[str]:
    cells, name = room.table("cell", column.at), column.field.name
    if column.form.parse:
        shown = f"left({column.text}, {MOST_LETTERS}), left(suggestion, {MOST_LETTERS})"
        yield f"SELECT _row, {literal(name)}, told, severity, {shown} FROM {cells} WHERE told <> ''"
    if column.required:  # an empty cell, also one that says in words that it is empty; not one that could not be read
        severity = severity_of(column.field, "required", "error", key=column.key)
        select = finding(name, "required", severity, column.text)
        yield f"SELECT {select} FROM {cells} WHERE {column.value} IS NULL AND NOT failed"
    yield from personal_branches(cells, column)
    near = room.table("near", column.at)
    for place, broken in broken_cells(column):
        rule = column.rules[place]
        is_enum = rule.rule == "enum"
        joins = enum_joins(room, [column]) if rule.among else ""
        joins += f" LEFT JOIN {near} n ON n.wrong = CAST(j.{column.value} AS VARCHAR)" if is_enum else ""
        select = finding(name, rule.rule, rule.severity, column.text, "coalesce(near, '')" if is_enum else "''")
        yield f"SELECT {select} FROM {cells} j {joins} WHERE {broken}"


def _row_branches(room: Room, rule: CompiledRule) -> Iterator[str]:
    parts = [f"{literal(column.field.name + ' = ')} || coalesce({column.text}, '')" for column in rule.columns]
    value = " || '; ' || ".join(parts) or "''"
    for name, severity, found in rule.faults:
        yield f"SELECT {finding('', name, severity, value)} FROM {room.table('judged')} WHERE {found}"

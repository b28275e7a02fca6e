"""The suspects with their typed values, and one filter per rule over them, `UNION ALL` into the findings.

A cell that could not be read is reported once, by what was wrong with its form; rules over values do not see it. A cell may break
several rules over values (too short and not in the enum): each is reported, as frictionless does.
"""

from __future__ import annotations

from collections.abc import Iterator

from nhip.datasets.check.personal import personal_branches
from nhip.datasets.check.rowrules import CompiledRule
from nhip.datasets.check.scan import broken_cells, enum_joins
from nhip.datasets.conform.lookup import Lookup, Lookups
from nhip.datasets.conform.mapping import severity_of
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import literal
from nhip.datasets.model import FINDING_DDL

MOST_LETTERS = 1_000
"""Letters of a value that a finding repeats; the raw bytes keep the rest."""


def make_findings(room: Room) -> None:
    """An empty table of findings."""
    room.con.execute(f"CREATE TABLE {room.table('findings')} ({FINDING_DDL})")


def judge(room: Room, plan: Plan, lookups: Lookups) -> None:
    """Turn `bad` into `judged`: `_row`, `c{at}` as delivered and `v{at}` typed, for every suspect."""
    bad, judged = room.table("bad"), room.table("judged")
    values = "".join(f", b.{column.text}, {lookups.value(column, 'b')} AS {column.value}" for column in plan.columns)
    joins = lookups.joins(plan.columns, "b")
    room.con.execute(f"CREATE TABLE {judged} AS SELECT b._row{values} FROM {bad} b {joins}")
    room.con.execute(f"DROP TABLE {bad}")


def find_faults(room: Room, plan: Plan, lookups: Lookups, rules: list[CompiledRule]) -> None:
    """Write every finding over single cells and rows of `judged`."""
    branches = [
        *(branch for column in plan.columns for branch in _cell_branches(room, column, lookups.find(column, "j"))),
        *(_row_branch(room, rule) for rule in rules),
    ]
    insert(room, branches)


def insert(room: Room, branches: list[str]) -> None:
    """Add the rows of `branches` (SELECTs in the order of FINDING_DDL) to the findings, a hundred branches at a time."""
    for start in range(0, len(branches), 100):
        union = " UNION ALL ".join(branches[start : start + 100])
        room.con.execute(f"INSERT INTO {room.table('findings')} {union}")


def finding(name: str, rule: str, severity: str, value: str, suggestion: str = "''") -> str:
    """The select list of a finding; `value` and `suggestion` are SQL."""
    shown = f"left(coalesce({value}, ''), {MOST_LETTERS})"
    return f"_row, {literal(name)}, {literal(rule)}, {literal(severity)}, {shown}, {suggestion}"


def _cell_branches(room: Room, column: Column, lookup: Lookup | None) -> Iterator[str]:
    judged, name = room.table("judged"), column.field.name
    if lookup:
        shown = f"left(j.{column.text}, {MOST_LETTERS}), left({lookup.suggestion}, {MOST_LETTERS})"
        told = f"SELECT _row, {literal(name)}, {lookup.rule}, {lookup.severity}, {shown}"
        yield f"{told} FROM {judged} j {lookup.join} WHERE {lookup.rule} <> ''"
    if column.required:
        yield _required(judged, column, lookup)
    yield from personal_branches(judged, column)
    near = room.table("near", column.at)
    for place, broken in broken_cells(column):
        rule = column.rules[place]
        is_enum = rule.rule == "enum"
        joins = enum_joins(room, [column]) if rule.among else ""
        joins += f" LEFT JOIN {near} n ON n.wrong = CAST(j.{column.value} AS VARCHAR)" if is_enum else ""
        select = finding(name, rule.rule, rule.severity, column.text, "coalesce(near, '')" if is_enum else "''")
        yield f"SELECT {select} FROM {judged} j {joins} WHERE {broken}"


def _required(judged: str, column: Column, lookup: Lookup | None) -> str:
    """An empty cell, also one that says in words that it is empty; not one that could not be read."""
    severity = severity_of(column.field, "required", "error", key=column.key)
    select = finding(column.field.name, "required", severity, f"j.{column.text}")
    if lookup is None:
        return f"SELECT {select} FROM {judged} j WHERE j.{column.text} IS NULL"
    empty = f"j.{column.value} IS NULL AND NOT coalesce({lookup.failed}, false)"
    return f"SELECT {select} FROM {judged} j LEFT {lookup.join} WHERE {empty}"


def _row_branch(room: Room, rule: CompiledRule) -> str:
    parts = [f"{literal(column.field.name + ' = ')} || coalesce({column.text}, '')" for column in rule.columns]
    value = " || '; ' || ".join(parts) or "''"
    return f"SELECT {finding('', rule.name, rule.rule.severity, value)} FROM {room.table('judged')} WHERE {rule.broken}"

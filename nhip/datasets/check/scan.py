"""The first pass: every row is looked at once, as a stream, and only the suspects are kept whole.

A row is suspect when a cell is not canonical or breaks a rule of its own, or when a row rule does not hold. What a later step
needs of every row (keys, references) is kept beside. So memory follows the dirt and the keys, not the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from nhip.datasets.check.proof import find_proof
from nhip.datasets.check.rowrules import CompiledRule
from nhip.datasets.conform.pairs import Pair
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.expression import SQL_TYPE


def scan(room: Room, plan: Plan, rules: list[CompiledRule], pairs: list[Pair], kept: list[Column]) -> int:
    """Fill `kept` (`_row`, `suspect`, the text of the columns `kept`) and `bad` (`_row` and the text of all columns of the
    suspects); gives the number of rows."""
    make_enum_tables(room, plan)
    keep = "".join(f", {column.text}" for column in kept)
    cells = ", ".join(column.text for column in plan.columns)
    whens = list(_whens(plan, rules, pairs))
    suspect = f"CASE {' '.join(f'WHEN {when} THEN true' for when in whens)} ELSE false END" if whens else "false"
    room.con.execute(
        f"CREATE TABLE {room.table('kept')} AS SELECT _row, suspect{keep}, CASE WHEN suspect THEN [{cells}] END AS cells "
        f"FROM (SELECT *, {suspect} AS suspect FROM {_typed(plan)} {enum_joins(room, plan.columns)})"
    )
    texts = ", ".join(f"cells[{place}] AS {column.text}" for place, column in enumerate(plan.columns, 1))
    room.con.execute(
        f"CREATE TABLE {room.table('bad')} AS SELECT _row, {texts} FROM {room.table('kept')} WHERE suspect"
    )
    room.con.execute(f"ALTER TABLE {room.table('kept')} DROP COLUMN cells")
    row = room.con.execute(f"SELECT count(*) FROM {room.table('kept')}").fetchone()
    return int(row[0]) if row else 0


def _typed(plan: Plan) -> str:
    values = ", ".join(f"{column.form.typed(column.text)} AS {column.value}" for column in plan.columns)
    return f"(SELECT *, {values} FROM {plan.delivered()})"


def _whens(plan: Plan, rules: list[CompiledRule], pairs: list[Pair]) -> Iterator[str]:
    for column in plan.columns:
        if column.required:
            yield f"{column.text} IS NULL"
        proof = find_proof(column)
        if proof:
            yield proof.broken
        elif column.form.parse:
            yield f"{column.value} IS NULL AND {column.text} IS NOT NULL"
        proven = proof.rule if proof else ""
        yield from (broken for place, broken in broken_cells(column) if column.rules[place].rule != proven)
    yield from (pair.suspect for pair in pairs)
    yield from (rule.broken for rule in rules)


def broken_cells(column: Column) -> Iterator[tuple[int, str]]:
    """Place among the column's rules, and condition over `v{at}` (and the joined enum table) that a cell breaks it."""
    for place, rule in enumerate(column.rules):
        if rule.among:
            yield place, f"{column.value} IS NOT NULL AND e{column.at}.allowed IS NULL"
        else:
            yield place, rule.on(column.value)


def make_enum_tables(room: Room, plan: Plan) -> None:
    """A table for each long enum."""
    for column in plan.columns:
        for rule in column.rules:
            if rule.among:
                sql_type = SQL_TYPE[column.field.type]
                room.con.execute(
                    f"CREATE TABLE {room.table('enum', column.at)} AS "
                    f"SELECT DISTINCT TRY_CAST(unnest(?::VARCHAR[]) AS {sql_type}) AS allowed",
                    [list(rule.among)],
                )


def enum_joins(room: Room, columns: list[Column]) -> str:
    """Joins with the long enums of `columns`."""
    return " ".join(
        f"LEFT JOIN {room.table('enum', column.at)} e{column.at} ON e{column.at}.allowed = {column.value}"
        for column in columns
        if any(rule.among for rule in column.rules)
    )

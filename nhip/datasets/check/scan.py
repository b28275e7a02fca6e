"""The first pass: every row is looked at once, as a stream, and only the suspects are kept.

A cell is marked when it is not canonical or breaks a rule of its own, a row when a row rule does not hold; too many marks cost
time, never a finding. What a later step needs of every row (keys, references) is kept beside. So memory follows the dirt and the
keys, not the file. Of a suspect only the marked cells are kept, and those that rules over several cells or rows speak of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nhip.datasets.check.marks import bit_of, marked, row_mark, word_of, words
from nhip.datasets.check.proof import find_proof
from nhip.datasets.check.quick import Quick, quick_tests
from nhip.datasets.check.rowrules import CompiledRule
from nhip.datasets.conform.pairs import Pair
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.expression import SQL_TYPE


def scan(room: Room, plan: Plan, rules: list[CompiledRule], pairs: list[Pair], kept: list[Column]) -> int:
    """Fill `kept` (`_row`, `suspect`, the text of the columns `kept`) and `bad` (`_row`, the marks and the text of the suspects:
    whole in the columns of rules over several cells, else that of marked cells); gives the number of rows."""
    make_enum_tables(room, plan)
    quick = quick_tests(room, plan)
    marks = _marks(plan, rules, pairs, quick)
    names, table = ", ".join(words(plan)), room.table("kept")
    keep = "".join(f", {column.text}" for column in kept)
    whole = shared_columns(kept, rules)
    cells = ", ".join(column.text if column.at in whole else _if_marked(column) for column in plan.columns)
    made = ", ".join(f"{' | '.join(found) or 'CAST(0 AS BIGINT)'} AS {word}" for word, found in marks.items())
    room.con.execute(
        f"CREATE TABLE {table} AS SELECT _row, suspect{keep}, {names}, CASE WHEN suspect THEN [{cells}] END AS cells "
        f"FROM (SELECT *, ({' | '.join(marks)}) <> 0 AS suspect FROM (SELECT *, {made} "
        f"FROM {_typed(plan, quick)} {enum_joins(room, plan.columns)}))"
    )
    texts = ", ".join(f"cells[{place}] AS {column.text}" for place, column in enumerate(plan.columns, 1))
    room.con.execute(f"CREATE TABLE {room.table('bad')} AS SELECT _row, {names}, {texts} FROM {table} WHERE suspect")
    for name in ("cells", *marks):
        room.con.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    row = room.con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def shared_columns(kept: list[Column], rules: list[CompiledRule]) -> set[int]:
    """The columns that rules over several cells or rows speak of."""
    return {column.at for column in [*kept, *(column for rule in rules for column in rule.columns)]}


def _if_marked(column: Column) -> str:
    return f"CASE WHEN {marked(column)} THEN {column.text} END"


def _typed(plan: Plan, quick: dict[int, Quick]) -> str:
    """The delivered rows with `q{at}` and `h{at}` of the quick tests, and `v{at}`: the value of every canonical text."""
    made = "".join(f", {test.made} AS q{at}" for at, test in quick.items())
    same = "".join(f", {test.same} AS h{at}" for at, test in quick.items())
    values = "".join(
        f", {quick[column.at].value if column.at in quick else column.form.tried(column.text)} AS {column.value}"
        for column in plan.columns
    )
    return f"(SELECT *{values} FROM (SELECT *{same} FROM (SELECT *{made} FROM {plan.delivered()})))"


class _Test(NamedTuple):
    """A row that meets all of one of `good` carries none of `marks` (columns, or the row's mark); the cheapest list comes first.
    Where the row is `empty`, only `required` ones are marked."""

    good: list[list[str]]
    marks: list[int]
    empty: str = ""
    required: list[int] = []


def _marks(plan: Plan, rules: list[CompiledRule], pairs: list[Pair], quick: dict[int, Quick]) -> dict[str, list[str]]:
    """For each word of marks the SQL of its parts."""
    found: dict[str, list[str]] = {word: [] for word in words(plan)}
    for test in _tests(plan, rules, pairs, quick):
        for word in {word_of(at): None for at in test.marks}:
            found[word].append(_part(test, word))
    return found


def _part(test: _Test, word: str) -> str:
    every, missing = (sum(bit_of(at) for at in marks if word_of(at) == word) for marks in (test.marks, test.required))
    # branches and not OR: DuckDB would try the dear conditions first, now and then
    first, *others = [f"WHEN {' AND '.join(good)} THEN 0" for good in test.good] or [""]
    empty = f"WHEN {test.empty} THEN {missing}" if test.empty else ""
    rest = every if test.good else 0
    return f"CAST(CASE {' '.join([first, empty, *others])} ELSE {rest} END AS BIGINT)"


def _tests(plan: Plan, rules: list[CompiledRule], pairs: list[Pair], quick: dict[int, Quick]) -> Iterator[_Test]:
    paired = {column.at for pair in pairs for column in pair.columns}
    for pair in pairs:  # one odd cell of two makes both odd: they are read together
        a, b = (_good(column, quick) for column in pair.columns)
        good = [[*a[at], *b[at], f"NOT ({pair.suspect})"] for at in ((0, -1) if len(a) + len(b) > 2 else (0,))]
        empty = " AND ".join(f"{column.text} IS NULL" for column in pair.columns)
        required = [column.at for column in pair.columns if column.required]
        yield _Test(good, [column.at for column in pair.columns], empty, required)
    for column in plan.columns:
        if column.at not in paired:
            good = _good(column, quick)
            if good or column.required:
                yield _Test(good, [column.at], f"{column.text} IS NULL", [column.at] if column.required else [])
    for rule in rules:
        yield _Test([[rule.kept]], [row_mark(plan)])


def _good(column: Column, quick: dict[int, Quick]) -> list[list[str]]:
    """Lists of conditions, the cheapest first: a cell that meets all of one is canonical and within its rules."""
    proof = find_proof(column)
    proven = proof.rule if proof else ""
    rules = [
        f"e{column.at}.allowed IS NOT NULL" if rule.among else f"NOT ({rule.on(column.value)})"
        for rule in column.rules
        if rule.rule != proven
    ]
    if proof:
        return [[first, *rules] for first in (proof.first, proof.holds) if first]
    if column.form.parse is None:
        return [rules] if rules else []
    canonical = column.form.canonical(column.text)
    test = quick.get(column.at)
    if test is None:
        return [[canonical, *rules]]
    return [[f"h{column.at}", *rules], *([] if test.complete else [[canonical, *rules]])]


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

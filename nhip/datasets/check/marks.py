"""Marks: which cells of a row have to be looked at, a bit a column, in BIGINT words `m0`, `m1`, …"""

from __future__ import annotations

from nhip.datasets.conform.plan import Column, Plan, Room

BITS = 62
"""Marks a word; the sign stays free."""


def words(plan: Plan) -> list[str]:
    """The names of the words; the last mark is that of the row as a whole."""
    return [f"m{word}" for word in range(len(plan.contract.fields) // BITS + 1)]


def word_of(at: int) -> str:
    """The word that holds the mark of column `at`."""
    return f"m{at // BITS}"


def bit_of(at: int) -> int:
    """The mark of column `at` in its word."""
    return int(1 << at % BITS)


def row_mark(plan: Plan) -> int:
    """Where a column would be, the mark of rows that break a rule over the row."""
    return len(plan.contract.fields)


def odd_columns(room: Room, plan: Plan) -> list[Column]:
    """The columns of which any cell is marked among the suspects."""
    sums = ", ".join(f"coalesce(bit_or({word}), 0)" for word in words(plan))
    row = room.con.execute(f"SELECT {sums} FROM {room.table('bad')}").fetchone() or ()
    found = dict(zip(words(plan), row, strict=True))
    return [column for column in plan.columns if found[word_of(column.at)] & bit_of(column.at)]


def marked(column: Column, row: str = "") -> str:
    """Condition that the cell of `column` is marked in the FROM item `row`."""
    word = word_of(column.at)
    return f"({f'{row}.{word}' if row else word} & {bit_of(column.at)}) <> 0"

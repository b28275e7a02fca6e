"""Quick tests: a value that is written back as it was delivered is canonical, without a regular expression.

Casting a text to a whole number or a decimal with the column's usual number of places and back costs less than RE2, and the value
is needed anyway. What does not come back the same is not wrong yet: the column's own condition judges it. A date needs no way
back: its shape is enough.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from nhip.datasets.conform.forms import ISO_SHAPE, ISO_YEARS
from nhip.datasets.conform.plan import Column, Plan, Room

_DIGITS = 15
"""So many decimal digits a DOUBLE holds exactly: the decimal's value is the one that the text's own cast gives."""
_MOST_PLACES = 8
"""Longer fractions may be the noise of floating point."""
_AMBIGUOUS_PLACES = 3
"""`1.234` may be a thousand and more."""
_SAMPLE, _MOST = 1_000, 0.9
"""Rows from the beginning that tell a column's number of places, and the share that must have it."""

_NUMBERS = {"number": "", "number.point": "", "latitude": "BETWEEN -90 AND 90", "longitude": "BETWEEN -180 AND 180"}
"""Shapes of numbers, with the range that each is canonical in."""


class Quick(NamedTuple):
    """SQL over the columns before it: `made` becomes `q{at}`, `same` becomes `h{at}`, which proves the text canonical; `value` is
    the typed value of every canonical text. `complete`: it proves every canonical text."""

    made: str
    same: str
    value: str
    complete: bool = False


def quick_tests(room: Room, plan: Plan) -> dict[int, Quick]:
    """The quick tests of the columns that have one, by column."""
    places = _places(room, plan)
    found = {}
    for column in plan.columns:
        if column.form.shape == "date":
            found[column.at] = _date(column)
        elif column.form.shape == "integer" and column.form.type == "BIGINT":
            found[column.at] = _integer(column)
        elif column.at in places:
            found[column.at] = _number(column, places[column.at])
    return found


def _date(column: Column) -> Quick:
    made, text = f"q{column.at}", column.text
    return Quick(f"TRY_CAST({text} AS DATE)", f"{text} {ISO_SHAPE} AND {made} {ISO_YEARS}", made, True)


def _integer(column: Column) -> Quick:
    made, text, most = f"q{column.at}", column.text, 10**18 - 1
    same = f"CAST({made} AS VARCHAR) = {text} AND {made} BETWEEN -{most} AND {most}"
    return Quick(f"TRY_CAST({text} AS BIGINT)", same, made)


def _number(column: Column, places: int) -> Quick:
    made, text = f"q{column.at}", column.text
    within = _NUMBERS[column.form.shape]
    same = f"CAST({made} AS VARCHAR) = {text}" + (f" AND {made} {within}" if within else "")
    value = f"CASE WHEN h{column.at} THEN CAST({made} AS DOUBLE) ELSE TRY_CAST({text} AS DOUBLE) END"
    return Quick(f"TRY_CAST({text} AS DECIMAL({_DIGITS}, {places}))", same, value)


def _places(room: Room, plan: Plan) -> dict[int, int]:
    """The number of decimal places of the columns of numbers where nearly all of the first values have the same."""
    asked = [column for column in plan.columns if column.form.type == "DOUBLE" and column.form.shape in _NUMBERS]
    if not asked:
        return {}
    texts = ", ".join(column.text for column in asked)
    rows = room.con.execute(f"SELECT {texts} FROM {plan.delivered()} LIMIT {_SAMPLE}").fetchall()
    found = {}
    for place, column in enumerate(asked):
        counts = Counter(len(row[place].rpartition(".")[2]) if "." in row[place] else 0 for row in rows if row[place])
        usual, count = counts.most_common(1)[0] if counts else (0, 0)
        ambiguous = usual == _AMBIGUOUS_PLACES and column.form.shape == "number"
        if count and count >= _MOST * counts.total() and usual <= _MOST_PLACES and not ambiguous:
            found[column.at] = usual
    return found

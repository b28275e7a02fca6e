"""What is wrong with a column as a whole: the form of its values, the font its letters were typed in, swapped axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.datasets.decode import charsets
from nhip.modelcity.forms import TOLD, canonical, delivered, form_of
from nhip.modelcity.model import Column, DatasetSpec, Plant, Table

Note = Callable[..., Plant]


def shape_columns(spec: DatasetSpec, good: Table, note: Note | None) -> Table:
    """The good table in the forms in which this dataset delivers its columns; every cell that counts as a fault is noted."""
    table: Table = {}
    for column in spec.columns:
        form = form_of(spec, column)
        table[column.name] = delivered(column, good[column.name], form)
        if note is not None:
            _tell(column, form, good[column.name], table[column.name], note)
    if spec.dirt.forms.get("point") == "swapped":
        _swap_all(spec, table, good, note)
    return table


def _tell(column: Column, form: str, good: list[Any], given: list[Any], note: Note) -> None:
    if form == "short" and not column.order:
        for row, day in enumerate(good):
            if day is not None and day.day <= 12 and day.day != day.month:
                note("date.ambiguous", row, column.name, given[row])
    kind = TOLD.get(form)
    if kind is None:
        return
    for row, (was, now) in enumerate(zip(good, given, strict=True)):
        if was is not None and str(was) != str(now):
            note("number.free" if now == "Miễn phí" else kind, row, column.name, now, canonical(was))


def _swap_all(spec: DatasetSpec, table: Table, good: Table, note: Note | None) -> None:
    first, second = (next(c for c in spec.columns if c.kind == kind) for kind in ("latitude", "longitude"))
    table[first.name], table[second.name] = table[second.name], table[first.name]
    if note is None:
        return
    for column in (first, second):
        for row, value in enumerate(table[column.name]):
            note("coordinate.swapped", row, column.name, value, canonical(good[column.name][row]))


def fonts(spec: DatasetSpec) -> dict[str, str]:
    """Column to the legacy character set that it was typed in."""
    given = spec.dirt.encodings
    if "*" in given:
        return {column.name: given["*"] for column in spec.columns if column.type == "string"}
    return dict(given)


def encode_columns(spec: DatasetSpec, table: Table, note: Note) -> None:
    """Type the columns in their legacy fonts; cells that look the same in them are no fault."""
    for name, charset in fonts(spec).items():
        values = table[name]
        for row, value in enumerate(values):
            if isinstance(value, str) and not value.isascii():
                values[row] = charsets.encode_shown(value, charset)
                if values[row] != value:
                    note(f"encoding.{charset}", row, name, values[row], value)

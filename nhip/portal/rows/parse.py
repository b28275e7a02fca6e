"""From the parameters of an address to a question. Whatever is wrong is said by the name of the parameter or column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from nhip.portal.model import OpenColumn
from nhip.portal.rows.errors import (
    ColumnNotThere,
    ComparisonUnknown,
    ParameterUnknown,
    ParameterUnreadable,
    TooManyParts,
)
from nhip.portal.rows.model import Aggregate, Ask, Comparison, Filter, Function, Grouping, Order, Span
from nhip.portal.rows.values import read_value

MOST_ROWS = 1_000
MOST = {"_sort": 4, "_group": 5, "_agg": 10, "_select": 500, "filters": 20, "in": 100}
WILDCARDS = 4
"""More of them in one pattern make a search that never ends."""
LOOKS = ("lang", "theme")
"""Belong to the page shell, not to the question."""


class Columns:
    """The columns of a dataset by name."""

    def __init__(self, name: str, columns: Sequence[OpenColumn]) -> None:
        self.dataset = name
        self.by_name = {column.name: column for column in columns}

    def get(self, name: str) -> OpenColumn:
        """A column. Raises ColumnNotThere, which says what columns there are."""
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(list(self.by_name)[:40])
            raise ColumnNotThere(name=self.dataset, column=name[:100], columns=known) from None


def read_ask(pairs: Iterable[tuple[str, str]], columns: Columns) -> Ask:
    """The question of an address's parameters `pairs`. Raises BadInput of many kinds (`nhip.portal.rows.errors`)."""
    told: dict[str, Any] = {}
    filters: list[Filter] = []
    for name, value in pairs:
        if name in columns.by_name:
            filters.append(Filter(name, "eq", [read_value(columns.by_name[name], value)]))
        elif name in _READERS:
            field, reader = _READERS[name]
            told[field] = reader(value, columns)
        elif name.startswith("_"):
            raise ParameterUnknown(parameter=name[:100])
        elif name not in LOOKS:
            filters.append(_filter(name, value, columns))
    if len(filters) > MOST["filters"]:
        raise TooManyParts(parameter="filters", most=MOST["filters"])
    return Ask(filters=filters, **told)


def asked_release(pairs: Iterable[tuple[str, str]], columns: Columns) -> int | None:
    """The release that the parameters name (`release=2`; `_release=2` where a column has that name), or None."""
    named = [value for name, value in pairs if name in ("release", "_release") and name not in columns.by_name]
    return _release(named[-1], columns) if named else None


def _filter(name: str, value: str, columns: Columns) -> Filter:
    head, mark, comparison = name.rpartition("__")
    if not mark:
        columns.get(name)
    column = columns.get(head)
    if comparison not in get_args(Comparison):
        raise ComparisonUnknown(column=head, comparison=comparison[:50])
    if comparison == "null":
        return Filter(head, "null", [_yes(value, name)])
    if comparison == "like":
        return Filter(head, "like", [_pattern(value, name)])
    if comparison == "in":
        parts = _split("in", value)
        return Filter(head, "in", [read_value(column, part) for part in parts])
    return Filter(head, comparison, [read_value(column, value)])  # type: ignore[arg-type]


def _pattern(value: str, name: str) -> str:
    if value.count("%") > WILDCARDS or len(value) > 200 or "\0" in value:
        raise ParameterUnreadable(parameter=name, why=f"at most {WILDCARDS} % and 200 characters")
    return value


def _yes(value: str, name: str) -> bool:
    if value.lower() not in ("1", "0", "true", "false", ""):
        raise ParameterUnreadable(parameter=name, why="0 or 1")
    return value.lower() not in ("0", "false")


def _split(name: str, value: str) -> list[str]:
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if len(parts) > MOST[name]:
        raise TooManyParts(parameter=name, most=MOST[name])
    return parts


def _size(value: str, columns: Columns) -> int:
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:9]) <= MOST_ROWS:
        raise ParameterUnreadable(parameter="_size", why=f"1 … {MOST_ROWS}")
    return int(value)


def _release(value: str, columns: Columns) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise ParameterUnreadable(parameter="release", why="1, 2, 3 …")
    return int(value)


def _order(value: str, columns: Columns) -> list[Order]:
    return [Order(part.removeprefix("-"), part.startswith("-")) for part in _split("_sort", value)]


def _select(value: str, columns: Columns) -> list[str]:
    return [columns.get(part).name for part in dict.fromkeys(_split("_select", value))]


def _groups(value: str, columns: Columns) -> list[Grouping]:
    found = []
    for part in _split("_group", value):
        name, _colon, span = part.rpartition(":") if part not in columns.by_name else (part, "", "")
        column = columns.get(name or span)
        span = span if name else ""
        if span and (span not in get_args(Span) or column.type not in ("date", "timestamp")):
            raise ParameterUnreadable(parameter="_group", why=f"{part[:100]}: year, month, day")
        found.append(Grouping(column.name, span))  # type: ignore[arg-type]
    return found


def _aggregates(value: str, columns: Columns) -> list[Aggregate]:
    found = []
    for part in _split("_agg", value):
        function, _colon, name = part.partition(":")
        if function not in get_args(Function) or (not name and function != "count"):
            raise ParameterUnreadable(parameter="_agg", why="count, sum:…, avg:…, min:…, max:…, distinct:…")
        column = columns.get(name) if name else None
        if column and function in ("sum", "avg") and column.type not in ("integer", "number"):
            raise ParameterUnreadable(parameter="_agg", why=f"{function}: {column.name} = {column.type}")
        found.append(Aggregate(function, name))  # type: ignore[arg-type]
    return list(dict.fromkeys(found))


def _after(value: str, columns: Columns) -> str:
    return value[:4_000]


def _total(value: str, columns: Columns) -> bool:
    return _yes(value, "_total")


def _form(value: str, columns: Columns) -> str:
    if value not in ("json", "geojson"):
        raise ParameterUnreadable(parameter="_format", why="json, geojson")
    return value


_READERS = {
    "_sort": ("order", _order),
    "_select": ("select", _select),
    "_size": ("size", _size),
    "_after": ("after", _after),
    "_group": ("groups", _groups),
    "_agg": ("aggregates", _aggregates),
    "_total": ("total", _total),
    "_format": ("form", _form),
    "_release": ("release", _release),
    "release": ("release", _release),
}

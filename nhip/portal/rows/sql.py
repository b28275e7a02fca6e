"""From a question to DuckDB's SQL. Names are quoted, values are parameters; nothing a stranger wrote becomes SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from nhip.datasets.engine import ident
from nhip.portal.rows.errors import ColumnNotThere, CursorForeign
from nhip.portal.rows.model import Aggregate, Ask, Filter, Grouping, Order

PLACE = "file_row_number"
MOST_OFFSET = 100_000
_SIGNS = {"eq": "=", "ne": "is distinct from", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class Sql(msgspec.Struct, frozen=True):
    """A text and its parameters."""

    text: str
    values: list[Any]


def rows_sql(source: str, names: Sequence[str], ask: Ask, after: Sequence[Any] | None, place: int) -> Sql:
    """One row more than asked for, so that it is known whether there are more; the order's columns and the place come last."""
    parts, values = conditions(ask.filters)
    if after is not None:
        text, more = beyond(ask.order, after, place)
        parts, values = [*parts, text], [*values, *more]
    last = [ident(step.column) for step in ask.order] + [PLACE]
    chosen = ", ".join([*(ident(name) for name in names), *last])
    by = [f"{ident(step.column)} {'desc' if step.down else 'asc'} nulls last" for step in ask.order]
    order = f" order by {', '.join([*by, PLACE])}" if by else ""  # without one, DuckDB keeps the order of the file
    return Sql(f"select {chosen} from {source}{_where(parts)}{order} limit {ask.size + 1}", values)


def count_sql(source: str, ask: Ask) -> Sql:
    """How many rows, or groups, there are."""
    parts, values = conditions(ask.filters)
    if not ask.groups:
        return Sql(f"select count(*) from {source}{_where(parts)}", values)
    keys = ", ".join(_key(group) for group in ask.groups)
    return Sql(f"select count(*) from (select distinct {keys} from {source}{_where(parts)})", values)


def groups_sql(source: str, ask: Ask, offset: int) -> Sql:
    """Groups with their numbers. Raises ColumnNotThere for an order by what the answer does not have, CursorForeign far out."""
    if offset > MOST_OFFSET:
        raise CursorForeign
    parts, values = conditions(ask.filters)
    keys = [f"{_key(group)} as {ident(group.name)}" for group in ask.groups]
    numbers = [f"{_number(aggregate)} as {ident(aggregate.name)}" for aggregate in _aggregates(ask)]
    known = group_names(ask)
    for step in ask.order:
        if step.column not in known:
            raise ColumnNotThere(name="_sort", column=step.column[:100], columns=", ".join(known))
    by = [f"{ident(step.column)} {'desc' if step.down else 'asc'} nulls last" for step in ask.order]
    by += [f"{ident(group.name)} nulls last" for group in ask.groups]
    group = f" group by {', '.join(_key(g) for g in ask.groups)}" if ask.groups else ""
    order = f" order by {', '.join(by)}" if by else ""
    chosen = ", ".join([*keys, *numbers])
    return Sql(
        f"select {chosen} from {source}{_where(parts)}{group}{order} limit {ask.size + 1} offset {offset}", values
    )


def group_names(ask: Ask) -> list[str]:
    """What the answer calls its columns."""
    return [group.name for group in ask.groups] + [aggregate.name for aggregate in _aggregates(ask)]


def _aggregates(ask: Ask) -> list[Aggregate]:
    return ask.aggregates or [Aggregate("count")]


def _key(group: Grouping) -> str:
    column = ident(group.column)
    if not group.span:
        return column
    return f"strftime({column}, '{ {'year': '%Y', 'month': '%Y-%m', 'day': '%Y-%m-%d'}[group.span] }')"


def _number(aggregate: Aggregate) -> str:
    if not aggregate.column:
        return "count(*)"
    column = ident(aggregate.column)
    return f"count(distinct {column})" if aggregate.function == "distinct" else f"{aggregate.function}({column})"


def conditions(filters: Sequence[Filter]) -> tuple[list[str], list[Any]]:
    """Conditions that all hold, and their values. The same column twice by equality: either value."""
    parts: list[str] = []
    values: list[Any] = []
    wanted: dict[str, list[Any]] = {}
    for filter_ in filters:
        column = ident(filter_.column)
        if filter_.comparison in ("eq", "in"):
            key = filter_.column if filter_.comparison == "eq" else f"{filter_.column}\0{len(wanted)}"
            wanted.setdefault(key, []).extend(filter_.values)
        elif filter_.comparison == "null":
            parts.append(f"{column} is {'' if filter_.values[0] else 'not '}null")
        elif filter_.comparison == "like":
            parts.append(f"cast({column} as varchar) ilike ?")
            values += filter_.values
        else:
            parts.append(f"{column} {_SIGNS[filter_.comparison]} ?")
            values += filter_.values
    for key, among in wanted.items():
        column = ident(key.partition("\0")[0])
        marks = ", ".join("?" * len(among))
        parts.append(f"{column} = ?" if len(among) == 1 else f"{column} in ({marks})" if among else "false")
        values += among
    return parts, values


def beyond(order: Sequence[Order], after: Sequence[Any], place: int) -> tuple[str, list[Any]]:
    """The condition that a row comes after the one with the values `after` and number `place`; empty cells are last."""
    choices: list[str] = []
    values: list[Any] = []
    same: list[str] = []
    same_values: list[Any] = []
    for step, value in zip(order, after, strict=True):
        column = ident(step.column)
        if value is not None:
            choices.append(" and ".join([*same, f"({column} {'<' if step.down else '>'} ? or {column} is null)"]))
            values += [*same_values, value]
            same.append(f"{column} = ?")
            same_values.append(value)
        else:
            same.append(f"{column} is null")
    choices.append(" and ".join([*same, f"{PLACE} > ?"]))
    values += [*same_values, place]
    return "(" + " or ".join(f"({choice})" for choice in choices) + ")", values


def _where(parts: Sequence[str]) -> str:
    return f" where {' and '.join(parts)}" if parts else ""

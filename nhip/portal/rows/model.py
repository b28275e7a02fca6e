"""A question about the rows of a release, as it was understood."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Comparison = Literal["eq", "ne", "lt", "lte", "gt", "gte", "like", "in", "null"]
Function = Literal["count", "sum", "avg", "min", "max", "distinct"]
Span = Literal["", "year", "month", "day"]


class Filter(msgspec.Struct, frozen=True):
    """A condition on a column; `values` hold one value, for `in` all of them, for `null` whether it shall be empty."""

    column: str
    comparison: Comparison
    values: list[Any]


class Order(msgspec.Struct, frozen=True):
    """A step of the order; empty cells come last either way."""

    column: str
    down: bool = False


class Grouping(msgspec.Struct, frozen=True):
    """A column to group by; a date may be cut to its year, month or day."""

    column: str
    span: Span = ""

    @property
    def name(self) -> str:
        """What the answer calls it."""
        return f"{self.column}_{self.span}" if self.span else self.column


class Aggregate(msgspec.Struct, frozen=True):
    """A number about each group; `count` without a column counts rows."""

    function: Function
    column: str = ""

    @property
    def name(self) -> str:
        """What the answer calls it."""
        return f"{self.function}_{self.column}" if self.column else self.function


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """The whole question."""

    filters: list[Filter] = []
    order: list[Order] = []
    select: list[str] = []
    groups: list[Grouping] = []
    aggregates: list[Aggregate] = []
    size: int = 100
    after: str = ""
    total: bool = False
    release: int | None = None
    form: Literal["json", "geojson"] = "json"

    @property
    def grouped(self) -> bool:
        """Whether groups are asked for, not rows."""
        return bool(self.groups or self.aggregates)

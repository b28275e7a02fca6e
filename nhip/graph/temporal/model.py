"""What a temporal question is made of, and what it finds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

import msgspec

from nhip.graph.model import Instance
from nhip.graph.query.model import Query
from nhip.graph.rows import instant

TimeProperty = Literal["observedAt", "createdAt", "modifiedAt", "deletedAt"]
_RANGE = re.compile(r"date-time (\S{1,40}Z)-(\S{1,40}Z)/(?:\*|\d{1,18})")
METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")


class Window(msgspec.Struct, frozen=True):
    """The times that are asked for: from `since` on, before `until` (4.11); None is open."""

    property: TimeProperty = "observedAt"
    relation: Literal["", "before", "after", "between"] = ""
    since: datetime | None = None
    until: datetime | None = None


class Span(msgspec.Struct, frozen=True):
    """The length of a period of aggregation: calendar months, and a fixed time. Both 0: one period for everything."""

    months: int = 0
    seconds: float = 0.0


class Aggregation(msgspec.Struct, frozen=True):
    """What to work out of each period (4.5.19)."""

    methods: tuple[str, ...]
    span: Span = Span()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A temporal query: which entities (or all, for one that is known), which times, how much."""

    query: Query = Query()
    window: Window = Window()
    last: int = 0
    """lastN: so many instances of each attribute, the latest; 0: all."""
    aggregation: Aggregation | None = None
    most: int = 1000
    """Instances of one entity beyond which the answer is cut to a range of time (6.3.10)."""


class Sighting(msgspec.Struct):
    """One instance of an attribute as history knows it; `at` is its time by the property that was asked for."""

    dataset: str | None
    at: datetime
    instance: Instance
    """In canonical form, with observedAt, instanceId, createdAt, modifiedAt or deletedAt."""


class Evolution(msgspec.Struct):
    """The temporal evolution of one entity: attribute (IRI, or `scope`) -> its sightings, oldest first."""

    id: str
    types: list[str]
    created: str
    modified: str
    deleted: str
    series: dict[str, list[Sighting]]


class Range(msgspec.Struct, frozen=True):
    """The part of time that a cut answer covers, in the order in which it was read (Content-Range of 206)."""

    start: datetime
    end: datetime
    size: int | None = None

    @classmethod
    def parsed(cls, text: str) -> Range | None:
        """From the value of a Content-Range; None where it is no range of times."""
        found = _RANGE.fullmatch(text.strip())
        try:
            return cls(instant(found[1]), instant(found[2])) if found is not None else None
        except ValueError:
            return None

    def header(self) -> str:
        """The value of Content-Range."""
        return f"date-time {written(self.start)}-{written(self.end)}/{'*' if self.size is None else self.size}"


def written(at: datetime) -> str:
    """An instant (UTC) as temporal answers write it: without a fraction where there is none."""
    return f"{at.replace(tzinfo=None).isoformat()}Z"

"""From parameters (or a temporalQ, 5.2.21) to the window, the aggregation and the whole question."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, get_args

import msgspec

from nhip.graph.document.faults import Fault
from nhip.graph.document.times import read_instant
from nhip.graph.query.errors import BadParameter
from nhip.graph.query.matching import linked_depth
from nhip.graph.query.model import Path, Query, Tree
from nhip.graph.rows import instant
from nhip.graph.temporal.model import METHODS, Aggregation, Question, Span, TimeProperty, Window
from nhip.kernel.i18n import _

_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,6})?)S)?)?"
)
_RELATIONS = frozenset({"before", "after", "between"})


class TimesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The temporal part of a request as it was asked; empty is not given."""

    timerel: Any = ""
    time_at: Any = ""
    end_time_at: Any = ""
    timeproperty: Any = ""
    last: Any = None
    methods: Any = ""
    duration: Any = ""
    aggregated: bool = False
    """Whether aggregated values were asked for (options, or aggrParams given)."""


def ask(times: TimesAsked, query: Query, *, required: bool = False, most: int = 1000) -> Question:
    """The question; `required`: there has to be a timerel (5.7.4.4). Raises BadParameter (BadRequestData)."""
    _check_query(query)
    window = _window(times)
    if required and not window.relation and window.property != "deletedAt":
        raise BadParameter(parameter="timerel", what=_("a temporal query says before, after or between"))
    return Question(
        query=query,
        window=window,
        last=_last(times.last),
        aggregation=_aggregation(times),
        most=most,
    )


def _check_query(query: Query) -> None:
    depth = max(linked_depth(query.q), *(tree.depth() for tree in (query.pick or Tree(), query.omit or Tree())))
    if depth:
        raise BadParameter(parameter="q", what=_("the history knows no linked entities"))
    if any(order.path != Path(("id",)) or order.near for order in query.order):
        raise BadParameter(parameter="orderBy", what=_("histories are ordered by id alone"))


def _window(times: TimesAsked) -> Window:
    name: TimeProperty = times.timeproperty or "observedAt"
    if name not in get_args(TimeProperty):
        raise BadParameter(parameter="timeproperty", what=_("there is no such temporal property"))
    relation = times.timerel
    if not relation:
        if times.time_at or times.end_time_at:
            raise BadParameter(parameter="timerel", what=_("a temporal query says before, after or between"))
        return Window(name)
    if not isinstance(relation, str) or relation not in _RELATIONS:
        raise BadParameter(parameter="timerel", what=_("a temporal query says before, after or between"))
    at = _instant("timeAt", times.time_at)
    if relation == "between":
        return Window(name, "between", at, _instant("endTimeAt", times.end_time_at))
    return Window(name, "after", at, None) if relation == "after" else Window(name, "before", None, at)


def _instant(parameter: str, given: Any) -> datetime:
    try:
        return instant(read_instant(given))
    except (Fault, ValueError) as fault:
        raise BadParameter(
            parameter=parameter, what=_("an instant is written as 2026-11-22T08:00:00Z, in UTC")
        ) from fault


def _last(given: Any) -> int:
    if given is None or given == "":
        return 0
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 10:
        given = int(given)
    if type(given) is not int or given < 1:
        raise BadParameter(parameter="lastN", what=_("it is a whole number from 1 on"))
    return given


def _aggregation(times: TimesAsked) -> Aggregation | None:
    if not times.aggregated:
        return None
    methods = times.methods.split(",") if isinstance(times.methods, str) else times.methods
    if not isinstance(methods, list) or not methods or not all(method in METHODS for method in methods):
        raise BadParameter(parameter="aggrMethods", what=_("it names a method that is none, or none at all"))
    return Aggregation(tuple(dict.fromkeys(methods)), read_duration(times.duration) if times.duration else Span())


def read_duration(given: Any, parameter: str = "aggrPeriodDuration") -> Span:
    """An ISO 8601 duration; raises BadParameter."""
    found = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise BadParameter(parameter=parameter, what=_("it is no duration of ISO 8601, as PT1H or P1D"))
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups()[:6])
    seconds = float((found[7] or "0").replace(",", "."))
    whole = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    calendar = years * 12 + months
    if calendar and whole:
        raise BadParameter(parameter=parameter, what=_("months and days cannot be mixed in one period"))
    if whole > 1e10 or calendar > 12_000 or (0 < whole < 1e-3):
        raise BadParameter(parameter=parameter, what=_("this period is too long or too short"))
    return Span(calendar, whole)

"""The history of a number for a line: the last hour or the latest values as they were, longer stretches in equal steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from nhip.graph.errors import ResourceNotFound
from nhip.graph.query.model import Query
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.graph.temporal.model import Aggregation, Question, Span, Window
from nhip.graph.temporal.service import PLAIN, retrieve
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.things.words import city_context

MOST = 500
"""Instances that are drawn, the latest."""
LATEST = "latest"
_METHODS = ("avg", "min", "max")


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of time up to now; `step` 0: every value, else the average, lowest and highest of each step."""

    title: str
    long: timedelta | None
    step: timedelta = timedelta(0)


STRETCHES = {
    "hour": Stretch(_("1 hour"), timedelta(hours=1)),
    "day": Stretch(_("24 hours"), timedelta(days=1), timedelta(minutes=10)),
    "week": Stretch(_("7 days"), timedelta(days=7), timedelta(hours=1)),
    "month": Stretch(_("30 days"), timedelta(days=30), timedelta(hours=6)),
    LATEST: Stretch(_("The latest values"), None),
}


class History(msgspec.Struct, frozen=True):
    """Values oldest first; `band` holds the lowest and highest around each where it is an average."""

    stretch: str
    points: list[tuple[datetime, float]]
    band: list[tuple[float, float]] = []

    def drawn(self) -> tuple[list[tuple[datetime, float | None]], list[tuple[float, float]]]:
        """Points and band for a line: where steps are missing, the line is broken and the band has no height."""
        step = STRETCHES[self.stretch].step
        points: list[tuple[datetime, float | None]] = []
        band: list[tuple[float, float]] = []
        for number, (at, value) in enumerate(self.points):
            if step and number and at - self.points[number - 1][0] > step:
                before, was = self.points[number - 1]
                points += [(before + step / 2, None), (at - step / 2, None)]
                band += [(was, was), (value, value)]
            points.append((at, value))
            band += self.band[number : number + 1]
        return points, band

    @property
    def rows(self) -> list[tuple[datetime, float, tuple[float, float] | None]]:
        """The latest twenty for a table, the newest first."""
        band: list[tuple[float, float] | None] = [*self.band] if self.band else [None] * len(self.points)
        return [(at, value, edges) for (at, value), edges in zip(self.points, band, strict=True)][:-21:-1]


async def history_of(graph: Graph, id: str, attribute: str, stretch: str) -> History:
    """The numbers that an attribute had in a stretch of time; unless one is named, in the last hour, or the latest where that has
    too few for a line. Of several instances the default one."""
    if stretch in STRETCHES:
        return await _read(graph, id, attribute, stretch)
    found = await _read(graph, id, attribute, "hour")
    return found if len(found.points) > 1 else await _read(graph, id, attribute, LATEST)


async def _read(graph: Graph, id: str, attribute: str, name: str) -> History:
    stretch = STRETCHES[name]
    window = Window() if stretch.long is None else Window(relation="after", since=now() - stretch.long)
    step = Aggregation(_METHODS, Span(seconds=stretch.step.total_seconds())) if stretch.step else None
    question = Question(
        query=Query(attributes=frozenset({attribute})), window=window, last=0 if step else MOST, aggregation=step
    )
    try:
        answer = await retrieve(graph, DEFAULT_TENANT, id, question, city_context(), PLAIN)
    except ResourceNotFound:
        return History(name, [])
    told = answer.found[0].get(city_context().compact(attribute), [])
    instances = [one for one in (told if isinstance(told, list) else [told]) if "datasetId" not in one]
    return _averages(name, instances) if step else History(name, sorted(_values(instances)))


def _values(instances: list[dict[str, Any]]) -> list[tuple[datetime, float]]:
    return [
        (datetime.fromisoformat(one["observedAt"]), float(one["value"]))
        for one in instances
        if "observedAt" in one and isinstance(one.get("value"), int | float)
    ]


def _averages(name: str, instances: list[dict[str, Any]]) -> History:
    found = [one for one in instances if all(method in one for method in _METHODS)]
    if not found:
        return History(name, [])
    average, low, high = (found[0][method] for method in _METHODS)
    points = [(datetime.fromisoformat(at), float(value)) for value, at, _end in average]
    edges = [(float(a[0]), float(b[0])) for a, b in zip(low, high, strict=True)]
    return History(name, points, edges)

"""Answers that are too large are cut to a range of time in which they are complete (CIM 009, 6.3.10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nhip.graph.temporal.model import Evolution, Question, Range, Sighting


def keep_last(evolution: Evolution, last: int) -> None:
    """Keep the latest instances of each attribute."""
    for name, series in evolution.series.items():
        evolution.series[name] = series[-last:]


def cut(found: list[Evolution], question: Question, known_to: Sequence[datetime] = ()) -> Range | None:
    """Cut all evolutions to one range of time, so that none has more than `question.most` instances; None: they fit.

    Read from the latest instance backwards under lastN, forwards else. An attribute with nothing left keeps an empty series.
    `known_to`: where sources ended that cut their own answers; beyond it not everything is known.
    """
    newest = question.last > 0
    edges = [edge for one in found if (edge := _edge(one, question.most, newest)) is not None]
    edges += known_to
    if not edges:
        return None
    edge = max(edges) if newest else min(edges)
    for one in found:
        for name, series in one.series.items():
            one.series[name] = [s for s in series if (s.at >= edge if newest else s.at <= edge)]
    return _range([s for one in found for series in one.series.values() for s in series], edge, question)


def _edge(evolution: Evolution, most: int, newest: bool) -> datetime | None:
    """The time of the last instance that still fits together with all others of its instant."""
    times = sorted((s.at for series in evolution.series.values() for s in series), reverse=newest)
    if len(times) <= most:
        return None
    first_left_out = times[most]
    within = [at for at in times[:most] if at != first_left_out]
    # a whole instant that is larger than the limit is given as a whole: else no request would ever come past it
    return within[-1] if within else first_left_out


def _range(left: list[Sighting], edge: datetime, question: Question) -> Range:
    window = question.window
    times = [sighting.at for sighting in left]
    if question.last:
        start = window.until or max(times, default=edge)
        return Range(start, edge, question.last)
    return Range(window.since or min(times, default=edge), edge)

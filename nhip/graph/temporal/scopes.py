"""When a scope query held: a scope is valid from the time it was set until it was replaced or removed (CIM 009, 4.18, C.5.16)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime

from nhip.graph.model import Doc
from nhip.graph.temporal.model import Evolution, Sighting, Window

Interval = tuple[datetime, datetime]
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def intervals(states: list[Sighting], fits: Callable[[Doc], bool], window: Window) -> list[Interval]:
    """The parts of the window, each with its end left out, in which the scopes fitted; `states` oldest first."""
    since, until = window.since or _FIRST, window.until or _LAST
    found: list[Interval] = []
    for number, state in enumerate(states):
        ends = states[number + 1].at if number + 1 < len(states) else _LAST
        start, end = max(state.at, since), min(ends, until)
        if start < end and fits({"scope": scopes_of(state)}):
            found.append((start, end))
    return found


def scopes_of(state: Sighting) -> list[str]:
    """The scopes of one state."""
    value = state.instance.get("value")
    return [value] if isinstance(value, str) else list(value or ())


def only_within(evolution: Evolution, parts: list[Interval]) -> Evolution:
    """The evolution with the instances alone that lie in these parts of time; scopes stay where they held there."""
    starts, until = [start for start, _end in parts], [end for _start, end in parts]  # they follow each other
    series: dict[str, list[Sighting]] = {}
    for name, sightings in evolution.series.items():
        if name == "scope":
            ends = [*(state.at for state in sightings[1:]), _LAST][: len(sightings)]
            left = [
                state
                for state, end in zip(sightings, ends, strict=True)
                if (place := bisect_right(until, state.at)) < len(parts) and starts[place] < end
            ]
        else:
            left = [one for one in sightings if (place := bisect_right(starts, one.at)) and one.at < until[place - 1]]
        if left:
            series[name] = left
    return Evolution(evolution.id, evolution.types, evolution.created, evolution.modified, evolution.deleted, series)

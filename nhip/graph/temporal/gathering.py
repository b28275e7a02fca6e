"""Evolutions from several brokers become one: each instant of a dataset once, the latest word of it (4.5.5.3, 5.7.3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from nhip.graph.temporal.model import Evolution, Sighting, Window

_Slot = tuple[str | None, datetime]


def merged(here: Iterable[Evolution], there: Iterable[Evolution], window: Window) -> dict[str, Evolution]:
    """All of them by id, in the order of ids, with what lies in the window."""
    found: dict[str, Evolution] = {}
    for one in (*here, *there):
        known = found.get(one.id)
        found[one.id] = one if known is None else _together(known, one)
    for one in found.values():
        for name, series in one.series.items():
            one.series[name] = [sighting for sighting in series if _within(sighting.at, window)]
    return {id: found[id] for id in sorted(found)}


def _within(at: datetime, window: Window) -> bool:
    return (window.since is None or at >= window.since) and (window.until is None or at < window.until)


def _together(one: Evolution, other: Evolution) -> Evolution:
    names = dict.fromkeys([*one.series, *other.series])
    series = {name: _series(one.series.get(name, []), other.series.get(name, [])) for name in names}
    return Evolution(
        one.id,
        sorted({*one.types, *other.types}),
        min(filter(None, (one.created, other.created)), default=""),
        max(one.modified, other.modified),
        max(one.deleted, other.deleted) if one.deleted and other.deleted else "",
        series,
    )


def _series(one: list[Sighting], other: list[Sighting]) -> list[Sighting]:
    slots: dict[_Slot, Sighting] = {}
    for sighting in (*one, *other):
        slot = sighting.dataset, sighting.at
        known = slots.get(slot)
        if known is None or _modified(sighting) > _modified(known):
            slots[slot] = sighting
    return sorted(slots.values(), key=lambda sighting: sighting.at)


def _modified(sighting: Sighting) -> str:
    return str(sighting.instance.get("modifiedAt", ""))

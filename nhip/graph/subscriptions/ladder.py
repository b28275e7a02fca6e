"""Subscriptions to one attribute beyond a limit (`speed>50`), in the order of their limits: those that a value passes are
found by halving, without a look at the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

from nhip.graph.model import Doc
from nhip.graph.subscriptions.model import Subscription


class _Rungs:
    """Those with one operator and the same triggers."""

    def __init__(self) -> None:
        self.limits: list[float] = []
        self.ones: list[Subscription] = []


class Ladder:
    """Of one type and attribute; each subscription in it has a `limit`, and nothing else decides about it."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute
        self._rungs: dict[tuple[str, frozenset[str]], _Rungs] = {}

    def __bool__(self) -> bool:
        return bool(self._rungs)

    def put(self, one: Subscription) -> None:
        """Take in one that is not there."""
        assert one.limit is not None
        rungs = self._rungs.setdefault((one.limit.operator, one.triggers), _Rungs())
        place = bisect_right(rungs.limits, one.limit.number)
        rungs.limits.insert(place, one.limit.number)
        rungs.ones.insert(place, one)

    def remove(self, one: Subscription) -> None:
        """Forget one that is there."""
        assert one.limit is not None
        key = one.limit.operator, one.triggers
        rungs = self._rungs[key]
        place = next(n for n, other in enumerate(rungs.ones) if other.id == one.id)
        del rungs.limits[place], rungs.ones[place]
        if not rungs.ones:
            del self._rungs[key]

    def all(self) -> Iterator[Subscription]:
        """Every one."""
        for rungs in self._rungs.values():
            yield from rungs.ones

    def passed(self, doc: Doc, triggers: frozenset[str]) -> list[Subscription]:
        """Those of which the document passes the limit, as far as they are triggered by one of `triggers`."""
        number = _number(doc, self._attribute)
        found: list[Subscription] = []
        for (operator, wanted), rungs in self._rungs.items():
            if wanted.isdisjoint(triggers):
                continue
            if number is None:
                found += [one for one in rungs.ones if one.matches is not None and one.matches(doc)]
            elif operator == ">":
                found += rungs.ones[: bisect_left(rungs.limits, number)]
            elif operator == ">=":
                found += rungs.ones[: bisect_right(rungs.limits, number)]
            elif operator == "<":
                found += rungs.ones[bisect_right(rungs.limits, number) :]
            else:
                found += rungs.ones[bisect_left(rungs.limits, number) :]
        return found


def _number(doc: Doc, attribute: str) -> float | None:
    """The number that is the whole value of the attribute; None where it is something else, or several."""
    instances: Any = doc.get(attribute)
    if type(instances) is list and len(instances) == 1:
        only = instances[0]
        if type(only) is dict and only.get("type") == "Property":
            value = only.get("value")
            return value if type(value) in (int, float) else None
    return None

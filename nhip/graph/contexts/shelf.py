"""What was asked for lately, up to so much in all: what nobody asked for longest gives way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key")
Thing = TypeVar("Thing")


class Shelf(Generic[Key, Thing]):
    """Things by their keys, of which each has a weight; `most` is what all may weigh, though there is always room for one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[Key, tuple[Thing, int]] = OrderedDict()
        self._weight = 0

    def get(self, key: Key) -> Thing | None:
        """What was put there, if it is there still."""
        found = self._things.get(key)
        if found is None:
            return None
        self._things.move_to_end(key)
        return found[0]

    def put(self, key: Key, thing: Thing, weight: int) -> list[tuple[Key, Thing]]:
        """Put it there; gives what gave way, with what was there under the key."""
        gone = [(key, old)] if (old := self.take(key)) is not None else []
        self._things[key] = thing, weight
        self._weight += weight
        while self._weight > self._most and len(self._things) > 1:
            oldest = next(iter(self._things))
            if (old := self.take(oldest)) is not None:
                gone.append((oldest, old))
        return gone

    def take(self, key: Key) -> Thing | None:
        """Take it away."""
        found = self._things.pop(key, None)
        if found is None:
            return None
        self._weight -= found[1]
        return found[0]

    def items(self) -> Iterator[tuple[Key, Thing]]:
        """Everything, what was asked for last at the end."""
        return iter([(key, thing) for key, (thing, _weight) in self._things.items()])

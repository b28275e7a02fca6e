"""What this process changed last, so that entities that change often are not read again for each change.

Another process may have written since: the statement that writes checks version and life of what it changes, and what would be
decided without writing (a refusal, nothing to change) is decided again from the table.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from nhip.graph.model import Doc

_BYTES = 4 << 20
"""JSON of so many bytes is remembered at most: as Python's objects about ten times that."""
_LARGE = 16 << 10
_PAUSE_S = 10.0


class Unsure(Exception):
    """Something was decided by what is remembered alone."""


class Rest:
    """An entity as it was written; `size`: bytes of its JSON."""

    __slots__ = ("doc", "eno", "shape", "size", "times", "ver")

    def __init__(self, doc: Doc, times: dict[str, Any], ver: int, eno: int, shape: int, size: int) -> None:
        self.doc, self.times = doc, times
        self.ver, self.eno, self.shape, self.size = ver, eno, shape, size


class Recent:
    """Entities by tenant and id, those that were written longest ago forgotten first. None that expires is remembered."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._rests: dict[tuple[int, str], Rest] = {}
        """In the order in which they were written."""
        self._size = 0
        self._clock = clock
        self._again_at: dict[int, float] = {}

    def trusted(self, tenant: int) -> bool:
        """Whether it is worth asking: not for some seconds after another process was found to change the same entities."""
        if (again_at := self._again_at.get(tenant)) is None:
            return True
        if self._clock() < again_at:
            return False
        del self._again_at[tenant]
        return True

    def get(self, tenant: int, id: str) -> Rest | None:
        """What is remembered of an entity. Its documents are shared: nobody may change them in place."""
        return self._rests.get((tenant, id))

    def keep(self, tenant: int, id: str, rest: Rest) -> None:
        """Remember an entity as it rests from now on."""
        rests, key = self._rests, (tenant, id)
        if (was := rests.pop(key, None)) is not None:
            self._size -= was.size
        if rest.size > _LARGE:
            return
        rests[key] = rest
        self._size += rest.size
        while self._size > _BYTES:
            self._size -= rests.pop(next(iter(rests))).size

    def forget(self, tenant: int, id: str) -> None:
        """Read it from the table the next time."""
        if (rest := self._rests.pop((tenant, id), None)) is not None:
            self._size -= rest.size

    def doubt(self, tenant: int) -> None:
        """Another process may have changed what was remembered of a tenant."""
        for key in [key for key in self._rests if key[0] == tenant]:
            self.forget(*key)
        self._again_at[tenant] = self._clock() + _PAUSE_S

"""What this process changed last, so that entities that change often are not read again for each change.

Another process may have written since: the statement that writes checks version and life of what it changes, and what would be
decided without writing (a refusal, nothing to change) is decided again from the table.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

from nhip.graph.model import Doc

_BYTES = 4 << 20
"""JSON of so many bytes is remembered at most: as Python's objects about ten times that."""
_LARGE = 16 << 10
_PAUSE_S = 10.0


class Unsure(Exception):
    """Something was decided by what is remembered alone."""


class Rest(NamedTuple):
    """An entity as it was written; `size`: bytes of its JSON."""

    doc: Doc
    times: dict[str, Any]
    ver: int
    eno: int
    shape: int
    size: int


class Recent:
    """Entities by tenant and id, those that were written longest ago forgotten first. None that expires is remembered."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._rests: OrderedDict[tuple[int, str], Rest] = OrderedDict()
        self._size = 0
        self._clock = clock
        self._again_at = 0.0

    @property
    def trusted(self) -> bool:
        """Whether it is worth asking: not for some seconds after another process was found to change the same entities."""
        return self._clock() >= self._again_at

    def get(self, tenant: int, id: str) -> Rest | None:
        """What is remembered of an entity. Its documents are shared: nobody may change them in place."""
        return self._rests.get((tenant, id))

    def keep(self, tenant: int, id: str, rest: Rest) -> None:
        """Remember an entity as it rests from now on."""
        key = tenant, id
        rests = self._rests
        if (old := rests.pop(key, None)) is not None:
            self._size -= old.size
        if rest.size > _LARGE:
            return
        rests[key] = rest
        self._size += rest.size
        while self._size > _BYTES:
            self._size -= rests.popitem(last=False)[1].size

    def forget(self, tenant: int, id: str) -> None:
        """Read it from the table the next time."""
        if (rest := self._rests.pop((tenant, id), None)) is not None:
            self._size -= rest.size

    def doubt(self) -> None:
        """Another process may have changed what was remembered."""
        self._rests.clear()
        self._size = 0
        self._again_at = self._clock() + _PAUSE_S

"""Which rows are new when a query is read from the last cursor value on: ties at the boundary are known by their hashes."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from nhip.connectors.errors import CursorTooCoarse
from nhip.connectors.sql.values import canonical, remembered
from nhip.kernel.text import fold

MAX_TIES = 100_000
"""Most rows with the same last cursor value whose hashes are kept (about 3 MB of state)."""


class Boundary:
    """Takes rows in the order of the cursor. Equal rows are counted, so that true duplicates are not lost either."""

    def __init__(self, state: dict[str, Any], column: str) -> None:
        self._column = column
        self._last: dict[str, str] | None = state.get("cursor")
        self._old = Counter[str](state.get("ties", {}))
        self._ties = Counter[str]()
        self._now: dict[str, str] | None = None
        self._place = _place(self._last["text"]) if self._last else None
        self._place_now: str | None = None

    def is_new(self, value: Any, line: bytes) -> bool:
        """Whether the row with the cursor `value` and the text `line` was not brought before."""
        text = canonical(value) or ""
        place = _place(text)
        if place != self._place_now:
            self._place_now = place
            self._ties.clear()
        self._now = remembered(value)
        digest = hashlib.blake2b(line, digest_size=12).hexdigest()
        self._ties[digest] += 1
        if len(self._ties) > MAX_TIES:
            raise CursorTooCoarse(column=self._column, limit=MAX_TIES)
        if place == self._place and self._old[digest] > 0:
            self._old[digest] -= 1
            return False
        return True

    def state(self) -> dict[str, Any]:
        """What the next fetch needs. Without any row, what was known stays."""
        if self._now is None:
            return {"cursor": self._last, "ties": dict(self._old)}
        return {"cursor": self._now, "ties": dict(self._ties)}


def _place(text: str) -> str:
    """Databases may hold `Huế` and `HUE` for equal; values that fold to the same text count as ties. A tie too many is harmless,
    since only the hash decides."""
    return fold(text)

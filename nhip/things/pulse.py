"""Tells open pages that the graph changed, seldom enough that a busy city does not make every page fetch itself all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from nhip.graph.writer import Commit

TOPIC: Final = "things"
"""The topic that pages of the live city listen to."""
PAUSE_S: Final = 5.0


class Pulse:
    """A listener to commits: `publish(TOPIC)` some seconds after the first of them, for all that came meanwhile."""

    def __init__(self, publish: Callable[[str], None], pause_s: float = PAUSE_S) -> None:
        self._publish, self._pause_s = publish, pause_s
        self._due: asyncio.TimerHandle | None = None

    def __call__(self, _commit: Commit) -> None:
        """Something was written."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._pause_s, self._tell)

    def _tell(self) -> None:
        self._due = None
        self._publish(TOPIC)

    def close(self) -> None:
        """Tell nothing any more."""
        if self._due is not None:
            self._due.cancel()

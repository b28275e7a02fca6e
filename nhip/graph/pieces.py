"""Long work in pieces: a process answers everybody on one event loop, and nobody is to wait for what somebody else asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from time import monotonic
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
LARGE = 250_000
"""Bytes of JSON; of more the work is done in a thread, which lets others work every few milliseconds."""
SHARE_S = 0.01
"""After so long others get their turn."""
PIECE = 16
"""So many things are done before the clock is looked at."""


async def aside(work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """What the work gives, done in a thread: for what cannot be divided. It may change nothing that others use."""
    return await asyncio.to_thread(work, *args, **more)


class Share:
    """How long a piece of work has held the loop."""

    __slots__ = ("_clock", "_until")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = clock() + SHARE_S

    @property
    def over(self) -> bool:
        """Whether it is the turn of others."""
        return self._clock() >= self._until

    async def rest(self) -> None:
        """Let others work."""
        await asyncio.sleep(0)
        self._until = self._clock() + SHARE_S


async def pieces(items: Sequence[T], step: int = PIECE, share: Share | None = None) -> AsyncIterator[Sequence[T]]:
    """The items in pieces, with turns for others between them."""
    if len(items) <= step:
        yield items
        return
    share = share or Share()
    for start in range(0, len(items), step):
        yield items[start : start + step]
        if share.over:
            await share.rest()

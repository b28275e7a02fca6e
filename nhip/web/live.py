"""Live pages: the server says only which topic changed (SSE), the page fetches that part of itself again.

Events are numbered; a client that comes back after a gap longer than the memory is told to refresh everything
(WHATWG HTML, server-sent events, `Last-Event-ID`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from litestar import Request, get
from litestar.response import Stream

_REMEMBERED = 500
_WAITING = 100
_HEARTBEAT_S = 20.0
_MOST_LISTENERS = 2_000
EVERYTHING = "*"
"""Topic that every listener hears: fetch all parts again."""


class Live:
    """The topics of one process. `publish` may be called from any thread after the first listener came."""

    def __init__(self) -> None:
        self._number = 0
        self._recent: deque[tuple[int, str]] = deque(maxlen=_REMEMBERED)
        self._queues: set[asyncio.Queue[tuple[int, str] | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def publish(self, topic: str) -> None:
        """Tell every listener that `topic` changed."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._spread, topic)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closed = True
        for queue in self._queues:
            _put(queue, None)

    async def listen(self, after: int | None = None) -> AsyncIterator[tuple[int, str]]:
        """Numbered topics as they change, first those missed since number `after`; (0, "") is a heartbeat."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue(_WAITING)
        self._queues.add(queue)
        try:
            for event in self._missed(after):
                yield event
            while not self._closed and len(self._queues) <= _MOST_LISTENERS:
                event_or_end = await _next(queue)
                if event_or_end is None:
                    return
                yield event_or_end
        finally:
            self._queues.discard(queue)

    def _spread(self, topic: str) -> None:
        self._number += 1
        self._recent.append((self._number, topic))
        for queue in self._queues:
            _put(queue, (self._number, topic))

    def _missed(self, after: int | None) -> list[tuple[int, str]]:
        if after is None or after == self._number:
            return []
        oldest = self._recent[0][0] if self._recent else 0
        if after > self._number or after + 1 < oldest:
            return [(self._number, EVERYTHING)]
        return [event for event in self._recent if event[0] > after]


def _put(queue: asyncio.Queue[tuple[int, str] | None], event: tuple[int, str] | None) -> None:
    """Add without waiting; a listener too slow to keep up gets one refresh in place of all that it missed."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        event = event and (event[0], EVERYTHING)
    queue.put_nowait(event)


async def _next(queue: asyncio.Queue[tuple[int, str] | None]) -> tuple[int, str] | None:
    try:
        return await asyncio.wait_for(queue.get(), _HEARTBEAT_S)
    except TimeoutError:
        return 0, ""


async def _written(events: AsyncIterator[tuple[int, str]]) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    async for number, topic in events:
        yield f"id: {number}\nevent: changed\ndata: {topic}\n\n" if topic else ": still here\n\n"


@get("/live", permission="live.listen", include_in_schema=False)
async def live_route(request: Request) -> Stream:  # type: ignore[type-arg]
    """The stream of changed topics. A topic is a bare word without content, so it tells a stranger nothing."""
    live: Live = request.app.state.live
    last = request.headers.get("last-event-id", "")
    events = _written(live.listen(int(last) if last.isdecimal() else None))
    return Stream(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )

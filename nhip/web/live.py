"""Live pages: the server says only which topic changed (SSE), the page fetches that part of itself again.

Events are numbered; a client that comes back after a gap longer than the memory is told to refresh everything
(WHATWG HTML, server-sent events, `Last-Event-ID`). A page may name the topics that it is about (`topic`, several times) and when
it was made (`since`, seconds since 1970): it hears those alone, also what changed between its making and its listening.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator

from litestar import Request, get
from litestar.response import Stream

_REMEMBERED = 500
_WAITING = 100
_HEARTBEAT_S = 20.0
_MOST_LISTENERS = 2_000
_MOST_TOPICS = 20
_TOPIC = re.compile(r"[a-z0-9*-]{1,60}")
_SLACK_S = 0.5
PART = "x-nhip-part"
"""Header with which a page fetches its live parts again."""
EVERYTHING = "*"
"""Topic that every listener hears: fetch all parts again."""


class Live:
    """The topics of one process. `publish` may be called from any thread after the first listener came."""

    def __init__(self) -> None:
        self._number = 0
        self._recent: deque[tuple[int, str, float]] = deque(maxlen=_REMEMBERED)
        self._queues: dict[asyncio.Queue[tuple[int, str] | None], frozenset[str]] = {}
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

    def hears(self, topic: str) -> bool:
        """Whether somebody listens to `topic` or one below it."""
        return any(not topics or _concerns(topic, topics) for topics in self._queues.values())

    async def listen(
        self, after: int | None = None, topics: frozenset[str] = frozenset(), since: float | None = None
    ) -> AsyncIterator[tuple[int, str]]:
        """Numbered topics as they change, of `topics` (none: all), first those missed since number `after`, or since that time;
        (0, "") is a heartbeat. `a` is above `a-b`: who listens to one hears the other."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue(_WAITING)
        self._queues[queue] = topics
        try:
            for event in self._missed(after, since):
                if not topics or _concerns(event[1], topics):
                    yield event
            while not self._closed and len(self._queues) <= _MOST_LISTENERS:
                event_or_end = await _next(queue)
                if event_or_end is None:
                    return
                yield event_or_end
        finally:
            self._queues.pop(queue, None)

    def _spread(self, topic: str) -> None:
        self._number += 1
        self._recent.append((self._number, topic, time.time()))
        for queue, topics in self._queues.items():
            if not topics or _concerns(topic, topics):
                _put(queue, (self._number, topic))

    def _missed(self, after: int | None, since: float | None) -> list[tuple[int, str]]:
        if after is None and since is not None:
            return [event[:2] for event in self._recent if event[2] >= since - _SLACK_S]
        if after is None or after == self._number:
            return []
        oldest = self._recent[0][0] if self._recent else 0
        if after > self._number or after + 1 < oldest:
            return [(self._number, EVERYTHING)]
        return [event[:2] for event in self._recent if event[0] > after]


def _concerns(topic: str, topics: frozenset[str]) -> bool:
    """Whether a topic is one of these, above one or below one."""
    return topic == EVERYTHING or any(
        topic == one or one.startswith(f"{topic}-") or topic.startswith(f"{one}-") for one in topics
    )


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


def part_of(request: Request) -> str:  # type: ignore[type-arg]
    """The block to render (`page(block=…)`): `main` alone where a page fetches its live parts again, which stand there."""
    return "main" if PART in request.headers else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


@get("/live", permission="live.listen", include_in_schema=False)
async def live_route(request: Request) -> Stream:  # type: ignore[type-arg]
    """The stream of changed topics. A topic is a bare word without content, so it tells a stranger nothing."""
    live: Live = request.app.state.live
    last, since = request.headers.get("last-event-id", ""), request.query_params.get("since", "")
    told = request.query_params.getall("topic", [])
    topics = frozenset(told) if len(told) <= _MOST_TOPICS and all(map(_TOPIC.fullmatch, told)) else frozenset()
    after, at = _number(last), _number(since)
    events = _written(live.listen(after, topics, at))
    return Stream(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )

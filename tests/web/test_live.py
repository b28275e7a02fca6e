"""Live topics: order, what was missed, slow listeners, the end."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

from nhip.web.live import EVERYTHING, Live, _written


async def _collect(live: Live, count: int, after: int | None = None) -> list[tuple[int, str]]:
    return [event async for event in _first(live.listen(after), count)]


async def _first(events, count: int):
    async for event in events:
        yield event
        count -= 1
        if count == 0:
            return


async def _listening(live: Live, count: int) -> asyncio.Task[list[tuple[int, str]]]:
    task = asyncio.create_task(_collect(live, count))
    while not live._queues:
        await asyncio.sleep(0)
    return task


async def test_listeners_hear_topics_in_order() -> None:
    live = Live()
    first = await _listening(live, 2)
    live.publish("datasets")
    live.publish("alerts")
    assert await first == [(1, "datasets"), (2, "alerts")]


async def test_threads_may_publish() -> None:
    live = Live()
    first = await _listening(live, 1)
    await asyncio.to_thread(live.publish, "datasets")
    assert await first == [(1, "datasets")]


async def test_what_was_missed_is_told_again() -> None:
    live = Live()
    first = await _listening(live, 3)
    for topic in ("a", "b", "c"):
        live.publish(topic)
    await first
    assert await _collect(live, 2, after=1) == [(2, "b"), (3, "c")]


async def test_after_a_long_gap_or_a_restart_everything_is_refreshed() -> None:
    live = Live()
    first = await _listening(live, 1)
    for _n in range(600):
        live.publish("a")
    await first
    assert await _collect(live, 1, after=2) == [(600, EVERYTHING)]
    assert await _collect(live, 1, after=9_999) == [(600, EVERYTHING)]


async def test_a_slow_listener_gets_one_refresh_for_all() -> None:
    live = Live()
    events = live.listen()
    waiting = asyncio.ensure_future(anext(events))
    while not live._queues:
        await asyncio.sleep(0)
    for _n in range(250):
        live.publish("a")
    await asyncio.sleep(0)
    seen = [await waiting]
    while live._queues and not next(iter(live._queues)).empty():
        seen.append(await anext(events))
    assert EVERYTHING in [topic for _number, topic in seen]
    assert len(seen) <= 110


async def test_closing_ends_every_stream() -> None:
    live = Live()
    first = await _listening(live, 5)
    live.close()
    assert await asyncio.wait_for(first, 60) == []


async def test_the_stream_is_server_sent_events() -> None:
    async def events():
        yield 7, "datasets"
        yield 0, ""

    assert [part async for part in _written(events())] == [
        "retry: 3000\n\n",
        "id: 7\nevent: changed\ndata: datasets\n\n",
        ": still here\n\n",
    ]


async def test_a_page_hears_its_topics_alone_and_what_changed_since_it_was_made() -> None:
    live = Live()
    since = time.time()
    everything = await _listening(live, 3)
    for topic in ("things-b", "datasets", "things-a"):
        live.publish(topic)
    await everything

    async def first(*topics: str) -> tuple[int, str]:
        async with aclosing(live.listen(None, frozenset(topics), since)) as events:
            return await anext(events)

    assert await first("things-a") == (3, "things-a")
    assert await first("things") == (1, "things-b"), "a topic is above those that begin with it"
    assert await first("datasets", "things-a") == (2, "datasets")
    live = Live()
    later = asyncio.ensure_future(anext(live.listen(None, frozenset({"things-a"}), since + 60)))
    while not live._queues:
        await asyncio.sleep(0)
    assert live.hears("things") and live.hears("things-a") and not live.hears("datasets")
    for topic in ("datasets", "things-ab", "things"):
        live.publish(topic)
    assert await later == (3, "things"), "what is above wakes what is below; others do not"

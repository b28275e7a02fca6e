"""One owner's slow receivers are no matter of other owners: turns, threads, lines of letters and breakers are shared fairly."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.query.narrowing import Asker, asking
from nhip.graph.subscriptions.letters import delivering
from nhip.graph.subscriptions.letters.store import LetterStore
from nhip.graph.subscriptions.turns import Threads, Turns
from tests.graph.subscriptions.conftest import Broker
from tests.graph.subscriptions.test_letters import certain
from tests.graph.subscriptions.test_notifying import create, members, until

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Receiver


class Slow:
    """A receiver that takes what it is sent and does not answer, as long as it is open."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Slow:
        self._server = await asyncio.start_server(
            lambda _reader, writer: self.connections.append(writer), "127.0.0.1", 0
        )
        self.uri = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/slow"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for one in self.connections:
            one.close()


steps = st.lists(st.tuples(st.sampled_from(["take", "give", "cancel"]), st.sampled_from("abcd")), max_size=80)


@given(most=st.integers(1, 16), steps=steps)
def test_turns_are_neither_lost_nor_made(most: int, steps: list[tuple[str, str]]) -> None:
    """Whatever happens: never more than there are, nobody waits who may have one, and at the end all are there again."""

    async def run() -> None:
        turns = Turns(most)
        waiting: list[tuple[str, asyncio.Task[None]]] = []
        held: Counter[str] = Counter()
        for what, owner in steps:
            if what == "take":
                waiting.append((owner, asyncio.create_task(turns.take(owner))))
            elif what == "give" and held[owner]:
                held[owner] -= 1
                turns.give_back(owner)
            elif what == "cancel" and waiting:
                waiting[-1][1].cancel()
            for _again in range(3):
                await asyncio.sleep(0)
            held.update(one for one, task in waiting if task.done() and not task.cancelled())
            waiting = [(one, task) for one, task in waiting if not task.done()]
            left = most - held.total()
            assert left >= 0
            assert all(held[one] >= left for one, _task in waiting), "who may have a turn has it"
        for _owner, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _owner, task in waiting), return_exceptions=True)
        for owner in held.elements():
            turns.give_back(owner)
        assert (turns._free, turns._held, turns._waiting) == (most, Counter(), {})

    asyncio.run(run())


async def test_of_those_who_wait_each_has_a_turn() -> None:
    turns, order = Turns(1), list[str]()

    async def one(owner: str) -> None:
        async with turns.of(owner):
            order.append(owner)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(owner) for owner in "aaaabbc"))
    assert order == list("aabcaba"), "the first is there before anybody waits"


async def test_a_thread_counts_until_it_is_free() -> None:
    """Nobody waits for it any more, but it is not there for others: so it is its owner's still."""
    threads, gate = Threads(4), threading.Event()
    try:
        stuck = [asyncio.create_task(threads.run("slow", gate.wait, 120.0)) for _ in range(8)]
        await asyncio.sleep(0)
        for one in stuck[:2]:
            one.cancel()
        assert await asyncio.wait_for(threads.run("other", int, "5"), 60) == 5
        assert threads._turns._held["slow"] == 2
        gate.set()
        assert await asyncio.wait_for(stuck[7], 60)
    finally:
        gate.set()
        threads.close()


async def test_slow_receivers_of_one_owner_leave_others_their_turns(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker.subscriptions._receivers, "_turns", Turns(4))
    theirs = await broker.graph.tenant(f"slow{uuid4().hex}", create=True)
    async with Slow() as slow:
        for n in range(12):
            to = {"endpoint": {"uri": f"{slow.uri}/{n}", "timeout": 60_000}}
            with asking(Asker(tenant, "minh")):
                await broker.subscribe(tenant, **members(receiver, notification=to))
            await broker.subscribe(theirs, **members(receiver, notification=to))
        with asking(Asker(tenant, "lan")):
            mine = await broker.subscribe(tenant, **members(receiver))
        for one in (tenant, theirs):
            await broker.graph.write(one, [create(n=1)])
        assert (await receiver.next())["subscriptionId"] == mine
        assert len(slow.connections) <= 3, "two of the one, one of the other"
        for one in (tenant, theirs):
            for rest in await broker.subscriptions.page(one, 100, 0):
                await broker.subscriptions.delete(one, rest.id)


async def test_an_owner_who_wants_a_receiver_left_in_peace_does_so_for_its_own(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    receiver.status = 503
    with asking(Asker(tenant, "minh")):
        told = {"endpoint": {"uri": receiver.uri, "cooldown": 600_000}}
        spoilt = await broker.subscribe(tenant, **members(receiver, notification=told))
    await broker.graph.write(tenant, [create("urn:x:bus:1", n=1)])
    await until(lambda: broker.subscriptions.outlet_of(tenant, spoilt).failures)
    receiver.status = 200
    with asking(Asker(tenant, "lan")):
        mine = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [create("urn:x:bus:2", n=1)])
    told_of = await receiver.next()
    while told_of["subscriptionId"] != mine:
        told_of = await receiver.next()
    await broker.subscriptions.delete(tenant, spoilt)


async def test_a_place_that_does_not_answer_leaves_threads_for_the_owners_others() -> None:
    threads, release = Threads(8), threading.Event()
    stuck = [asyncio.create_task(threads.run_at("minh", "dead.example", release.wait, 60)) for _ in range(20)]
    try:
        assert await asyncio.wait_for(threads.run_at("minh", "well.example", str, 1), 20) == "1"
        assert await asyncio.wait_for(threads.run_at("minh", "other.example", str, 2), 20) == "2"
        for task in stuck[:10]:
            task.cancel()  # who waits no more takes none of the threads that are stuck away from others
        assert await asyncio.wait_for(threads.run_at("minh", "well.example", str, 3), 20) == "3"
    finally:
        release.set()
    assert await asyncio.wait_for(asyncio.gather(*stuck[10:]), 20) == [True] * 10
    threads.close()


async def test_lines_of_letters_are_shared_between_owners(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of room for eight lines whoever has many gets four, and there is one for who comes next."""
    await broker.subscriptions.post.close()
    try:
        told: dict[str, Any] = certain(receiver)
        owners: dict[str, str] = {}
        for owner, count in (("minh", 9), ("lan", 1)):
            with asking(Asker(tenant, owner)):
                owners |= {await broker.subscribe(tenant, **told): owner for _ in range(count)}
        await broker.graph.write(tenant, [create(n=1)])
        store, held = LetterStore(broker.graph._links, uuid4()), Counter[Asker]()
        room = 8
        for _turn in range(4):
            lines = await store.claim(room - held.total(), 60.0, held)
            held.update(Asker(tenant, owners[id]) for one, id in lines if one == tenant)
        assert held == {Asker(tenant, "minh"): 4, Asker(tenant, "lan"): 1}
        with asking(Asker(tenant, "hoa")):
            late = await broker.subscribe(tenant, **told)
        await broker.graph.write(tenant, [create("urn:x:bus:2", n=1)])
        assert (tenant, late) in await store.claim(room - held.total(), 60.0, held)
        for rest in await broker.subscriptions.page(tenant, 100, 0):
            await broker.subscriptions.delete(tenant, rest.id)
    finally:
        kept = broker.subscriptions
        kept.post = delivering.Post(broker.graph.url, kept._receivers, kept.index.get, kept._compose)
        await kept.post.open()

"""Delivery for certain where processes stop, lag, take each other's work, or lack the key to secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from nhip.graph import writer
from nhip.graph.model import Operation
from nhip.graph.subscriptions.letters import delivering
from nhip.graph.subscriptions.letters.store import LetterStore
from nhip.graph.subscriptions.turns import Turns
from nhip.kernel.time import now
from tests.graph.subscriptions.conftest import Broker
from tests.graph.subscriptions.test_letters import certain, dead, settled, until_dead, waiting
from tests.graph.subscriptions.test_notifying import ID, NS, create, members, prop

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Receiver


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries and polls come soon."""
    monkeypatch.setattr(delivering, "pause_s", lambda failures, chance: 0.05)
    monkeypatch.setattr(delivering, "POLL_S", 0.05)


@pytest.fixture
async def idle(broker: Broker) -> AsyncIterator[Broker]:
    """A process that delivers nothing for now."""
    subscriptions = broker.subscriptions
    await subscriptions.post.close()
    yield broker
    subscriptions.post = delivering.Post(
        broker.graph.url, subscriptions._receivers, subscriptions.index.get, subscriptions._compose
    )
    await subscriptions.post.open()


async def test_what_waits_to_be_written_when_a_process_ends_has_its_letters(
    idle: Broker, sub_url: str, receiver: Receiver, tenant: int
) -> None:
    id = await idle.subscribe(tenant, **certain(receiver))
    ending = Broker(sub_url)
    await ending.open()
    await ending.subscriptions.post.close()
    assert ending.subscriptions.index.get(tenant, id) is not None
    several = [[create(f"urn:x:bus:{n}-{m}", n=m) for m in range(writer.GROUP)] for n in range(5)]
    written = [asyncio.ensure_future(ending.graph.write(tenant, one)) for one in several]
    await asyncio.sleep(0)
    await ending.close()
    for one in written:
        assert all(outcome.created for outcome in await one)
    assert await waiting(idle, tenant) == 5 * writer.GROUP


async def test_who_lost_a_line_does_not_free_it_for_a_third(idle: Broker, receiver: Receiver, tenant: int) -> None:
    id = await idle.subscribe(tenant, **certain(receiver))
    await idle.graph.write(tenant, [create(n=1)])
    line, links = (tenant, id), idle.graph._links
    slow, other, third = (LetterStore(links, uuid4()) for _ in range(3))
    assert line in await slow.claim(1000, 0.0)
    late = await slow.take(line, 0.0)
    assert late is not None
    assert line in await other.claim(1000, 60.0), "the time of the first is over"
    held = await other.take(line, 60.0)
    assert held is not None and held.seqs == late.seqs
    await slow.fail(line, late, "TimeoutError", refused=False, dead=True, at=now(), pause_s=0.0)
    await slow.release(line, 0.0)
    assert line not in await third.claim(1000, 60.0), "the second still delivers it"
    assert await dead(idle, id) == [], "nor is given up what another delivers"
    assert await other.take(line, 60.0, done=held.seqs, sent=1, at=now()) is None
    assert await waiting(idle, tenant) == 0


async def test_who_waits_for_a_turn_too_long_sends_no_more(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LEASE_S", 0.2)
    turns = broker.subscriptions._receivers._turns
    monkeypatch.setattr(broker.subscriptions._receivers, "_turns", Turns(0))
    id = await broker.subscribe(tenant, **certain(receiver, endpoint={"timeout": 300}))
    await broker.graph.write(tenant, [create(n=1)])
    query = "select max(problem) from graph.letter where tenant = $1"
    async with asyncio.timeout(60):
        while (await broker.graph.fetch(query, tenant))[0][0] != "TimeoutError":
            await asyncio.sleep(0.01)
    assert receiver.heads == [], "another process may have the line by now"
    monkeypatch.setattr(delivering, "LEASE_S", 10.0)
    monkeypatch.setattr(broker.subscriptions._receivers, "_turns", turns)
    assert (await receiver.next())["subscriptionId"] == id


async def test_one_that_is_refused_does_not_take_others_with_it(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 503
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(f"urn:x:bus:{n}", n=n) for n in range(7)])
    await receiver.next()
    receiver.refuses = lambda told: any(one["n"]["value"] == 5 for one in told["data"])
    receiver.status = 200
    await settled(broker, tenant)
    [letter] = await until_dead(broker, id, 1)
    assert (letter.changes, letter.problem) == (1, "413")
    taken = [one["n"]["value"] for told in receiver.taken for one in told["data"]]
    assert taken == [0, 1, 2, 3, 4, 6]


async def test_what_waits_is_told_though_delivery_is_certain_no_more(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    receiver.status = 503
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=1)])
    await receiver.next()
    context = await broker.contexts.resolve(tenant, None)
    await broker.subscriptions.update(tenant, id, {"notification": {"endpoint": {"uri": receiver.uri}}}, None, context)
    receiver.status = 200
    await broker.subscriptions.post.tidy()
    await settled(broker, tenant)
    assert await dead(broker, id) == [] and len(receiver.taken) == 1


async def test_who_becomes_of_a_type_is_told(broker: Broker, receiver: Receiver, tenant: int) -> None:
    await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [Operation(name="create", id=ID, doc={"id": ID, "type": [NS + "Car"]})])
    doc = {"id": ID, "type": [NS + "Bus"], NS + "n": [{"type": "Property", "value": 1}]}
    await broker.graph.write(tenant, [Operation(name="append", id=ID, doc=doc)])
    assert (await receiver.next())["data"][0]["n"] == prop(1)

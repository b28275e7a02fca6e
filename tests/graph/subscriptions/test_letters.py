"""Delivery for certain: written with the change, delivered by whoever lives, tried again, given up only with a trace."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.errors import BadRequestData
from nhip.graph.model import Change, Operation, Outcome
from nhip.graph.subscriptions.letters import delivering, desk, model, store
from nhip.graph.subscriptions.letters.model import pause_s, read, written
from nhip.graph.subscriptions.outlet import Heard
from tests.graph.clauses import clause
from tests.graph.subscriptions.conftest import SETTINGS
from tests.graph.subscriptions.test_notifying import ID, create, members, prop, until, update

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker, Receiver

CERTAIN = [{"key": "Delivery", "value": "certain"}]


def certain(receiver: Receiver, **more: Any) -> dict[str, Any]:
    endpoint = {"uri": receiver.uri, "notifierInfo": CERTAIN, **more.pop("endpoint", {})}
    return members(receiver, notification={"endpoint": endpoint}, **more)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries and polls come soon."""
    monkeypatch.setattr(delivering, "pause_s", lambda failures, chance: 0.05)
    monkeypatch.setattr(delivering, "POLL_S", 0.05)


async def waiting(broker: Broker, tenant: int) -> int:
    query = "select count(*) from graph.letter where tenant = $1 and dead_at is null"
    return int((await broker.graph.fetch(query, tenant))[0][0])


async def dead(broker: Broker, sub: str) -> list[desk.DeadLetter]:
    async with broker.db.read() as tx:
        return [one for one in await desk.list_dead(tx) if one.subscription == sub]


async def settled(broker: Broker, tenant: int) -> None:
    async with asyncio.timeout(60):
        while await waiting(broker, tenant):
            await asyncio.sleep(0.01)


@clause("5.8")
async def test_it_is_told_and_counted_at_once(broker: Broker, receiver: Receiver, tenant: int) -> None:
    id = await broker.subscribe(tenant, **certain(receiver, watchedAttributes=["speed"], q="speed>30"))
    await broker.graph.write(tenant, [create(speed=31)])
    told = await receiver.next()
    assert told["data"] == [{"id": ID, "type": "Bus", "speed": prop(31)}]
    await broker.graph.write(tenant, [update(speed=30), update(speed=32)])
    assert (await receiver.next())["data"][0]["speed"] == prop(32)
    await settled(broker, tenant)
    stored = await broker.subscriptions._rows.find(tenant, id)
    assert stored is not None and (stored.counts.sent, stored.counts.failed) == (2, 0), (
        "in the table, with the delivery"
    )
    with pytest.raises(KeyError):
        broker.subscriptions.outlet_of(tenant, id)


@clause("5.8")
async def test_previous_values_and_deletions(broker: Broker, receiver: Receiver, tenant: int) -> None:
    shown = {"endpoint": {"uri": receiver.uri, "notifierInfo": CERTAIN}, "showChanges": True}
    triggers = ["attributeUpdated", "entityDeleted"]
    await broker.graph.write(tenant, [create(speed=1)])
    await broker.subscribe(tenant, **members(receiver, notification=shown, notificationTrigger=triggers))
    await broker.graph.write(tenant, [update(speed=2)])
    assert (await receiver.next())["data"][0]["speed"] == {**prop(2), "previousValue": 1}
    await broker.graph.write(tenant, [Operation(name="delete", id=ID)])
    assert "deletedAt" in (await receiver.next())["data"][0]


async def test_a_receiver_that_fails_gets_the_same_notification_again_and_then_the_rest(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    receiver.status = 503
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    first = await receiver.next()
    await broker.graph.write(tenant, [update(n=1)])
    await broker.graph.write(tenant, [update(n=2)])
    again = await receiver.next()
    assert (again["id"], again["data"]) == (first["id"], first["data"]), "the same, though more was waiting"
    receiver.status = 200
    got: list[dict[str, Any]] = []
    while not got or got[-1]["id"] == first["id"]:
        got.append(await receiver.next())
    assert [one["n"]["value"] for one in got[-1]["data"]] == [1, 2], "what waited goes together"
    await settled(broker, tenant)
    counts = (await broker.subscriptions.get(tenant, id)).counts
    assert counts.sent == counts.failed + 2 and counts.failed >= 2 and counts.good is not None


async def test_several_processes_deliver_each_change_once(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **certain(receiver))
    await until(lambda: other.subscriptions.index.get(tenant, id))
    writes = [
        each.graph.write(tenant, [create(f"urn:x:bus:{name}{n}", n=n)])
        for n in range(40)
        for name, each in (("a", broker), ("b", other))
    ]
    await asyncio.gather(*writes)
    await settled(broker, tenant)
    told = [entity["id"] for _ in range(receiver.got.qsize()) for entity in receiver.got.get_nowait()["data"]]
    assert len(told) == len(set(told)) == 80
    counts = (await broker.subscriptions.get(tenant, id)).counts
    assert counts.sent == len(receiver.heads) and counts.failed == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_that_is_killed_loses_nothing(
    broker: Broker, other: Broker, sub_url: str, receiver: Receiver, tenant: int, when: str
) -> None:
    id = await broker.subscribe(tenant, **certain(receiver))
    for process in (broker, other):
        await process.subscriptions.post.close()
    command = ["-m", "tests.graph.subscriptions.killed", sub_url, str(SETTINGS.data_dir), str(tenant), when]
    killed = await asyncio.create_subprocess_exec(sys.executable, *command)
    async with asyncio.timeout(60):
        assert await killed.wait() == -signal.SIGKILL
    assert await waiting(broker, tenant) == 1, "the change is durable, and so is the letter"
    await broker.graph.fetch("update graph.sub set claimed_until = now() where id = $1", id)  # as half a minute later
    for process in (broker, other):
        subscriptions = process.subscriptions
        subscriptions.post = delivering.Post(
            sub_url, subscriptions._receivers, subscriptions.index.get, subscriptions._compose
        )
        await subscriptions.post.open()
    await settled(broker, tenant)
    told = [receiver.got.get_nowait() for _ in range(receiver.got.qsize())]
    assert len(told) == (1 if when == "before" else 2), "a duplicate at most"
    assert len({one["id"] for one in told}) == 1, "and it has the same id"
    assert all(one["data"] == [{"id": ID, "type": "Bus", "n": prop(1)}] for one in told)
    assert (await broker.subscriptions.get(tenant, id)).counts.sent == 1


async def test_what_is_refused_is_given_up_and_lets_others_pass(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MOST_REFUSALS", 2)
    receiver.status = 422
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    first, _again = await receiver.next(), await receiver.next()
    await settled(broker, tenant)
    [letter] = await dead(broker, id)
    assert f"urn:ngsi-ld:Notification:{letter.id}" == first["id"]
    assert (letter.changes, letter.tries, letter.problem) == (1, 2, "422")
    receiver.status = 200
    await broker.graph.write(tenant, [update(n=1)])
    assert (await receiver.next())["data"][0]["n"] == prop(1)
    async with broker.db.tx() as tx:
        _letter, heard = await desk.get_dead(tx, letter.id)
        assert heard[0]["id"] == ID and heard[0]["created"]
        await desk.retry(tx, letter.id)
    back = await receiver.next()
    assert (back["id"], back["data"][0]["n"]) == (first["id"], prop(0)), "tried again as it was"
    assert await dead(broker, id) == []


async def test_what_is_tried_too_often_or_waits_too_long_is_given_up_and_can_be_dropped(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    monkeypatch.setattr(model, "MOST_TRIES", 2)
    await until_dead(broker, id, 1)
    monkeypatch.setattr(model, "MOST_TRIES", 1000)
    monkeypatch.setattr(store, "OLDEST", timedelta(0))
    await broker.graph.write(tenant, [update(n=1)])
    await broker.subscriptions.post.tidy()
    letters = await until_dead(broker, id, 2)
    async with broker.db.tx() as tx:
        for one in letters:
            await desk.drop(tx, one.id)
        with pytest.raises(desk.NoSuchLetter):
            await desk.retry(tx, letters[0].id)
    assert await dead(broker, id) == []


async def until_dead(broker: Broker, sub: str, count: int) -> list[desk.DeadLetter]:
    async with asyncio.timeout(60):
        while len(found := await dead(broker, sub)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_too_many_are_dropped_with_a_trace(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "MOST_WAITING", 3)
    monkeypatch.setattr(delivering, "pause_s", lambda failures, chance: 600.0)
    receiver.status = 500
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    for n in range(1, 6):
        await broker.graph.write(tenant, [update(n=n)])
    await broker.subscriptions.post.tidy()
    assert await waiting(broker, tenant) == 3
    assert f"3 letters of {id} were dropped" in caplog.text
    async with asyncio.timeout(60):
        while (counts := (await broker.subscriptions.get(tenant, id)).counts).failed != 4:
            await asyncio.sleep(0.01)
    assert counts.sent == 1
    async with broker.db.read() as tx:
        [found] = [one for one in await desk.list_waiting(tx) if one.subscription == id]
    assert (found.changes, found.failures) == (3, 1) and found.retry_at is not None


async def test_letters_of_a_subscription_that_is_gone_go_too(broker: Broker, receiver: Receiver, tenant: int) -> None:
    receiver.status = 500
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    await broker.subscriptions.delete(tenant, id)
    await broker.subscriptions.post.tidy()
    assert await waiting(broker, tenant) == 0


async def test_a_paused_one_is_told_later(broker: Broker, receiver: Receiver, tenant: int) -> None:
    receiver.status = 500
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    context = await broker.contexts.resolve(tenant, None)
    await broker.subscriptions.update(tenant, id, {"isActive": False}, None, context)
    receiver.status = 200
    while not receiver.got.empty():
        receiver.got.get_nowait()
    await broker.subscriptions.update(tenant, id, {"isActive": True}, None, context)
    assert (await receiver.next())["data"][0]["n"] == prop(0)


async def test_what_cannot_be_certain(broker: Broker, receiver: Receiver, tenant: int) -> None:
    with pytest.raises(BadRequestData):
        await broker.subscribe(tenant, **certain(receiver, timeInterval=5))
    with pytest.raises(BadRequestData):
        await broker.watch(tenant, **certain(receiver))
    with pytest.raises(BadRequestData):
        maybe = {"uri": receiver.uri, "notifierInfo": [{"key": "Delivery", "value": "maybe"}]}
        await broker.subscribe(tenant, **members(receiver, notification={"endpoint": maybe}))


SHORT = st.text(max_size=5)
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | SHORT, st.lists, max_leaves=3)
DOCS = st.dictionaries(SHORT, VALUES, max_size=2)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(before=DOCS, after=st.none() | DOCS, dataset=st.none() | SHORT)
def test_a_letter_says_what_was_heard(before: Any, after: Any, dataset: str | None) -> None:
    change = Change("https://x.example/a", dataset, "deleted")
    outcome = Outcome(id=ID, deleted=after is None, changes=[change], before=before, after=after)
    heard = Heard(outcome, "2026-11-22T00:00:00.000000Z")
    one: Any = type("One", (), {"changes": False})
    assert read(written(one, heard).decode()) == heard


def test_pauses_grow_to_a_bound_and_spread() -> None:
    assert [pause_s(n, 0.0) for n in (0, 1, 5, 50)] == [1, 2, 32, model.LONGEST_PAUSE_S]
    assert pause_s(5, 1.0) == 16

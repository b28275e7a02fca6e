"""Subscriptions never stop silently: memory follows the table whatever is lost on the way, and what is not told is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from nhip.graph.subscriptions import receivers
from nhip.graph.subscriptions.measures import DROPPED, MENDED, NOTIFICATIONS
from nhip.graph.subscriptions.model import Counts
from tests.graph.subscriptions.conftest import Broker
from tests.graph.subscriptions.test_notifying import counted, create, members, until, update

if TYPE_CHECKING:
    from nhip.web.metrics import Metric
    from tests.graph.subscriptions.conftest import Receiver

SILENT = """update graph.sub set doc = doc || '{"isActive": false}', rev = nextval('graph.sub_rev')
    where tenant = $1 and id = $2"""
"""A change of which no notice tells."""


def total(metric: Metric) -> float:
    return sum(metric.samples.values())


async def test_a_notice_that_was_lost(broker: Broker, receiver: Receiver, tenant: int) -> None:
    changed, gone = (
        await broker.subscribe(tenant, **members(receiver)),
        await broker.subscribe(tenant, **members(receiver)),
    )
    while not await broker.subscriptions.check():  # of what other tests did behind its back
        await asyncio.sleep(0.01)
    await broker.graph.fetch(SILENT, tenant, changed)
    await broker.graph.fetch("delete from graph.sub where tenant = $1 and id = $2", tenant, gone)
    copied = "insert into graph.sub (tenant, id, doc) select tenant, 'urn:x:copy', doc from graph.sub where tenant = $1 limit 1"
    await broker.graph.fetch(copied, tenant)
    before = total(MENDED)
    assert not await broker.subscriptions.check()
    assert total(MENDED) == before + 1
    held = {one.id: one.active for one in broker.subscriptions.index.all() if one.tenant == tenant}
    assert held == {changed: False, "urn:x:copy": False}
    assert await broker.subscriptions.check()


async def test_changes_that_keep_count_and_sum_of_revisions(broker: Broker, receiver: Receiver, tenant: int) -> None:
    first, second = [await broker.subscribe(tenant, **members(receiver)) for _ in range(2)]
    while not await broker.subscriptions.check():
        await asyncio.sleep(0.01)
    for id, step in ((first, -1), (second, 1)):
        await broker.graph.fetch(
            "update graph.sub set rev = rev + $3::int where tenant = $1 and id = $2", tenant, id, step
        )
    assert not await broker.subscriptions.check()


async def test_the_line_of_notices_breaks(broker: Broker, receiver: Receiver, tenant: int) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.fetch(SILENT, tenant, id)
    await broker.graph.fetch("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'")
    await until(lambda: not broker.subscriptions.index.get(tenant, id).active)  # type: ignore[union-attr]


async def test_counters_of_two_processes_add_up(broker: Broker, other: Broker, receiver: Receiver, tenant: int) -> None:
    ids = [await broker.subscribe(tenant, **members(receiver)) for _ in range(5)]
    await until(lambda: all(other.subscriptions.index.get(tenant, id) for id in ids))

    async def write(process: Broker, name: str) -> None:
        for n in range(10):
            await process.graph.write(tenant, [create(f"urn:x:bus:{name}{n}", n=n)])
            await process.subscriptions.write_counts()

    await asyncio.gather(write(broker, "a"), write(other, "b"))
    told = 0
    while told < 5 * 20:
        told += len((await receiver.next())["data"])
    for process in (broker, other):
        await until(lambda process=process: all(not process.subscriptions.outlet_of(tenant, id).waiting for id in ids))
        await process.subscriptions.write_counts()
    sums = "select sum(times_sent), sum(times_failed) from graph.sub where tenant = $1"
    async with asyncio.timeout(60):  # what the processes write by themselves just now comes a moment later
        while (found := tuple((await broker.graph.fetch(sums, tenant))[0]))[0] < len(receiver.heads):
            await asyncio.sleep(0.01)
    assert found == (len(receiver.heads), 0)


async def test_counts_that_cannot_be_written_now_are_written_later(
    sub_url: str, receiver: Receiver, tenant: int, broker: Broker
) -> None:
    process = Broker(sub_url)
    await process.open()
    try:
        id = await process.subscribe(tenant, **members(receiver))
        queries = process.subscriptions._rows._queries._texts
        good, queries["add_counts"] = queries["add_counts"], "select 1 / 0, $1, $2, $3, $4, $5, $6, $7"
        await process.graph.write(tenant, [create(n=0)])
        await receiver.next()
        outlet = process.subscriptions.outlet_of(tenant, id)
        await until(lambda: outlet.counts.good)
        with pytest.raises(Exception):  # noqa: B017  whatever the database says
            while True:  # the process itself may have what was counted in its hands just now
                await process.subscriptions.write_counts()
                await asyncio.sleep(0.01)
        await until(lambda: outlet.counts.sent == 1)
        queries["add_counts"] = good
        counts = await counted(process.subscriptions, tenant, id, lambda counts: counts.sent)
        assert outlet.counts == Counts() and counts.sent == 1
    finally:
        await process.close()


async def test_what_waits_at_the_end_is_counted_as_failed(
    broker: Broker, sub_url: str, receiver: Receiver, tenant: int, caplog: pytest.LogCaptureFixture
) -> None:
    process = Broker(sub_url)
    await process.open()
    id = await process.subscribe(tenant, **members(receiver, throttling=600))
    await process.graph.write(tenant, [create(n=0)])
    await receiver.next()
    outlet = process.subscriptions.outlet_of(tenant, id)
    await until(lambda: outlet.counts.good or outlet.last_work is None)
    for n in (1, 2):
        await process.graph.write(tenant, [update(n=n)])
    before = total(DROPPED)
    await process.close()
    assert total(DROPPED) == before + 2 and f"2 changes were not told to the receiver of {id}" in caplog.text
    counts = (await broker.subscriptions.get(tenant, id)).counts
    assert (counts.sent, counts.failed) == (1, 2) and counts.bad is not None


async def test_who_is_told_at_one_address_shares_its_breaker(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "_PAUSES_S", (600.0,))
    receiver.status = 503
    ids = [await broker.subscribe(tenant, **members(receiver)) for _ in range(8)]
    for n in range(6):
        await broker.graph.write(tenant, [create(f"urn:x:bus:{n}", n=n)])
    outlets = [broker.subscriptions.outlet_of(tenant, id) for id in ids]
    await until(lambda: all(one.last_work is None for one in outlets))
    assert outlets[0].failures <= 10, "the first of each, and what began before the third had failed; not three of each"
    assert total(NOTIFICATIONS) >= outlets[0].failures
    context = await broker.contexts.resolve(tenant, None)
    elsewhere = {"endpoint": {"uri": receiver.uri + "2"}}
    await broker.subscriptions.update(tenant, ids[0], {"notification": elsewhere}, None, context)
    assert outlets[0].failures == 0 and outlets[1].failures, "another address has a breaker of its own"


async def test_changes_at_the_same_time_are_all_kept(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    """Each was answered with 204: none may be undone by one that had read what was there before."""
    id = await broker.subscribe(tenant, **members(receiver))
    context = await broker.contexts.resolve(tenant, None)
    changes = {
        "subscriptionName": "n",
        "description": "d",
        "throttling": 5,
        "q": "n>1",
        "lang": "vi",
        "isActive": False,
    }
    told = [
        one.subscriptions.update(tenant, id, {name: value}, None, context)
        for (name, value), one in zip(changes.items(), [broker, other] * 3, strict=True)
    ]
    await asyncio.gather(*told)
    doc = (await broker.subscriptions.get(tenant, id)).doc
    assert {name: doc.get(name) for name in changes} == changes


async def test_connections_that_are_idle_are_bounded(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "MOST_IDLE", 2)
    ids = [await broker.subscribe(tenant, **members(receiver)) for _ in range(6)]
    for n in range(2):
        await broker.graph.write(tenant, [create(f"urn:x:bus:{n}", n=n)])
        for _id in ids:
            await receiver.next()
    senders = [broker.subscriptions.outlet_of(tenant, id)._sender for id in ids]
    await until(lambda: sum(one._streams is not None for one in senders) <= 2)  # type: ignore[union-attr]

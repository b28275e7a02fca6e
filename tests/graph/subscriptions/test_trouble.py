"""A year in a server room: receivers that never read, senders that break, a database that is away, clocks that were wrong,
throttling over all processes."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from nhip.errors import DatabaseAway
from nhip.graph import pieces
from nhip.graph.subscriptions import outlet, service
from nhip.graph.subscriptions.http import HttpSender
from nhip.graph.subscriptions.letters import delivering
from nhip.graph.subscriptions.turns import Threads
from nhip.kernel.time import now
from tests.graph.clauses import clause
from tests.graph.subscriptions.conftest import SETTINGS
from tests.graph.subscriptions.test_letters import certain, settled, waiting
from tests.graph.subscriptions.test_notifying import counted, create, members, throttled_long_ago, until, update

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker, Receiver


async def value(broker: Broker, id: str, column: str) -> Any:
    return (await broker.graph.fetch(f"select {column} from graph.sub where id = $1", id))[0][0]


async def test_a_receiver_that_never_reads_does_not_keep_what_it_was_sent() -> None:
    body = b"x" * 30_000_000
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads = Threads()
        sender = HttpSender(SETTINGS, f"http://127.0.0.1:{server.getsockname()[1]}/", threads, 1)
        with pytest.raises(TimeoutError):
            await sender.send(body, [], 0.3)
        threads.close()
        server.setblocking(False)
        loop = asyncio.get_running_loop()
        deaf, _address = await loop.sock_accept(server)
        deaf.setblocking(False)
        read = 0
        with deaf:
            try:
                while some := await asyncio.wait_for(loop.sock_recv(deaf, 1 << 20), 60):
                    read += len(some)
            except ConnectionResetError:
                pass
        assert read < len(body), "what waited to be sent went with the connection"


async def test_that_an_answer_is_to_come_is_not_the_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    threads = Threads()
    sender = HttpSender(SETTINGS, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", threads, 1)
    assert await sender.send(b"{}", [], 5) == 204
    sender.close()
    threads.close()
    server.close()


async def test_whatever_breaks_in_sending_the_next_notification_is_tried(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await broker.subscribe(tenant, **members(receiver))

    async def breaks(*_arguments: object) -> int:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(broker.subscriptions._receivers, "send", breaks)
        await broker.graph.write(tenant, [create(n=0)])
        await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures == 1)
    await broker.graph.write(tenant, [update(n=1)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 1
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures == 0)
    counts = await counted(broker.subscriptions, tenant, id, lambda counts: counts.sent == 2 and counts.failed)
    assert (counts.sent, counts.failed) == (2, 1)
    assert counts.bad is not None and counts.good is not None and counts.bad < counts.good


async def test_what_could_not_be_written_while_the_database_was_away_is_told_afterwards(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "_AWAY_S", 0.01)
    id = await broker.subscribe(tenant, **members(receiver))
    name_of, away = broker.graph.tenant_name, [True, True]

    async def at_first_away(number: int) -> str:
        if away:
            away.pop()
            raise DatabaseAway(what="it is being started")
        return await name_of(number)

    monkeypatch.setattr(broker.graph, "tenant_name", at_first_away)
    await broker.graph.write(tenant, [create(n=0)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 0
    counts = await counted(broker.subscriptions, tenant, id, lambda counts: counts.good)
    assert (counts.sent, counts.failed) == (1, 0)


@clause("5.8")
async def test_throttling_holds_for_all_processes_and_after_a_restart(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "_LOOK_AGAIN_S", 0.05)
    id = await broker.subscribe(tenant, **members(receiver, throttling=600))
    await until(lambda: other.subscriptions.index.get(tenant, id))
    await broker.graph.write(tenant, [create(n=0)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 0
    await other.graph.write(tenant, [update(n=1)])
    held_back = other.subscriptions.outlet_of(tenant, id)
    await until(lambda: held_back._not_before)
    assert held_back.waiting == 1 and receiver.got.empty()
    await throttled_long_ago(broker, tenant, id)
    held_back._not_before = 0.0
    assert (await receiver.next())["data"][0]["n"]["value"] == 1


@clause("5.8")
async def test_certain_delivery_is_throttled_too(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "POLL_S", 0.05)
    id = await broker.subscribe(tenant, **certain(receiver, throttling=600))
    await broker.graph.write(tenant, [create(n=0)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 0
    await settled(broker, tenant)
    for n in (1, 2):
        await broker.graph.write(tenant, [update(n=n)])
    assert 300 < await value(broker, id, "extract(epoch from retry_at - now())::float8") <= 600
    assert await waiting(broker, tenant) == 2 and receiver.got.empty()
    await broker.graph.fetch("update graph.sub set retry_at = now() where id = $1", id)
    assert [one["n"]["value"] for one in (await receiver.next())["data"]] == [1, 2]
    await settled(broker, tenant)
    assert await value(broker, id, "times_sent") == 2


@pytest.mark.parametrize("column", ["retry_at", "claimed_until"])
async def test_a_clock_that_ran_ahead_does_not_keep_letters_waiting_for_a_year(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    monkeypatch.setattr(delivering, "POLL_S", 0.05)
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.fetch(f"update graph.sub set {column} = now() + interval '1 year' where id = $1", id)
    await broker.graph.write(tenant, [create(n=0)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 0


async def test_a_clock_that_ran_ahead_does_not_stop_intervals_for_a_year(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    await broker.graph.write(tenant, [create(n=1)])
    id = await broker.subscribe(tenant, **members(receiver, timeInterval=600))
    await broker.graph.fetch("update graph.sub set next_at = now() + interval '1 year' where id = $1", id)
    assert (await receiver.next())["subscriptionId"] == id
    assert 0 < await value(broker, id, "extract(epoch from next_at - now())::float8") <= 600


async def test_times_that_a_clock_left_behind_that_ran_ahead_give_way(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **members(receiver))
    ahead = ", ".join(
        f"{name} = now() + interval '1 year'" for name in ("last_notification", "last_success", "last_failure")
    )
    await broker.graph.fetch(f"update graph.sub set {ahead} where id = $1", id)
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).last_work is None)
    await broker.subscriptions.write_counts()
    counts = (await broker.subscriptions.get(tenant, id)).counts
    assert counts.good is not None and counts.good <= now()
    assert counts.notified is not None and counts.notified <= now()


async def test_who_gets_the_id_of_one_that_is_gone_is_not_told_its_letters(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    receiver.status = 503
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    await broker.subscriptions.delete(tenant, id)
    assert await waiting(broker, tenant) == 0
    receiver.status = 200
    await broker.subscribe(tenant, id=id, **certain(receiver))
    await broker.graph.write(tenant, [update(n=1)])
    assert [one["n"]["value"] for one in (await receiver.next())["data"]] == [1]


async def test_who_gets_the_id_of_one_that_is_gone_is_not_told_what_waited_in_another_process(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **members(receiver, throttling=600))
    await until(lambda: other.subscriptions.index.get(tenant, id))
    for n in (0, 1):
        await other.graph.write(tenant, [create(n=n) if not n else update(n=n)])
    await receiver.next()
    assert other.subscriptions.outlet_of(tenant, id).waiting == 1
    anew = (
        "update graph.sub set created_at = clock_timestamp(), rev = nextval('graph.sub_rev') where id = $1 returning *"
    )
    before = other.subscriptions.index.get(tenant, id)
    await broker.graph.fetch(f"with one as ({anew}) select pg_notify('graph_sub', tenant || ' ' || id) from one", id)
    await until(lambda: other.subscriptions.index.get(tenant, id) not in (None, before))
    with pytest.raises(KeyError):
        other.subscriptions.outlet_of(tenant, id)


async def test_nothing_is_kept_of_receivers_of_subscriptions_that_are_gone(
    broker: Broker, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **certain(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    await settled(broker, tenant)
    await broker.subscriptions.delete(tenant, id)
    post = broker.subscriptions.post
    await until(lambda: (tenant, id) not in post._lines)
    assert (tenant, id) in post._senders
    await post.tidy()
    assert (tenant, id) not in post._senders


async def test_what_could_not_be_told_keeps_none_of_what_comes_later(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SHARE_S", 0.0)  # each commit is told of behind the others
    triggered, usual = service._triggered, broker.subscriptions.index.usual

    def at_first_wrong(*asked: Any) -> Any:
        if asked[0] is not usual:
            return triggered(*asked)
        monkeypatch.setattr(service, "_triggered", triggered)
        return _wrong()

    await broker.subscribe(tenant, **members(receiver))
    monkeypatch.setattr(service, "_triggered", at_first_wrong)
    await broker.graph.write(tenant, [create(n=0)])
    await until(lambda: not broker.subscriptions._behind)
    await broker.graph.write(tenant, [update(n=1)])
    assert (await receiver.next())["data"][0]["n"]["value"] == 1


def _wrong() -> Any:
    yield None
    raise ValueError("a fault of ours")


@pytest.mark.parametrize("most", [0, 2])
async def test_writing_waits_for_telling_that_lags(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """What is still to be looked for is bounded, and nothing of it is lost."""
    monkeypatch.setattr(pieces, "SHARE_S", 0.0)
    monkeypatch.setattr(service, "_MOST_BEHIND", most)
    behind: list[int] = []
    await broker.subscribe(tenant, **members(receiver))
    tell = broker.subscriptions._heard

    def several(commit: Any) -> None:
        """Commits as fast as they may come."""
        for _ in range(5):
            tell(commit)
            behind.append(len(broker.subscriptions._behind))

    commits = broker.graph.commits
    commits[commits.index(tell)] = several
    try:
        await broker.graph.write(tenant, [create(n=0)])
    finally:
        commits[commits.index(several)] = tell
    assert max(behind) == most
    await until(lambda: not broker.subscriptions._behind)
    assert (await receiver.next())["data"][0]["n"]["value"] == 0

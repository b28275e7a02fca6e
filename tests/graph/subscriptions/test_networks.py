"""What networks do to receivers: names that move, machines that are dead, answers that never end, a thousand that are away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.subscriptions import outlet, receivers
from nhip.graph.subscriptions.http import HttpSender
from nhip.graph.subscriptions.turns import Threads, Turns
from nhip.security.outgoing_errors import AddressRefused, NameNotFound
from tests.graph.subscriptions.conftest import SETTINGS
from tests.graph.subscriptions.test_notifying import create, members, until, update

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker, Receiver

GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"


class Names:
    """What is known of names."""

    def __init__(self) -> None:
        self.ips: list[str] = ["127.0.0.1"]
        self.asked = 0

    def resolve(self, _name: str, port: int, **_kind: object) -> list[Any]:
        self.asked += 1
        if not self.ips:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(2, 1, 6, "", (ip, port)) for ip in self.ips]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr("nhip.security.addresses.checked_address.__defaults__", (made.resolve,))
    return made


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


@asynccontextmanager
async def answering(answer: bytes, ip: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[int, list[int]]]:
    """A receiver that answers everything with these bytes and leaves the connection open: its port, who asked how often."""
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(0)
        mine = len(asked) - 1
        try:
            while await reader.readuntil(b"{}"):
                asked[mine] += 1
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, ip, port)
    yield server.sockets[0].getsockname()[1], asked
    server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\nslowly",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot a length\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ],
)
async def test_of_an_answer_only_the_status_counts(answer: bytes, threads: Threads) -> None:
    async with answering(answer) as (port, asked):
        sender = HttpSender(SETTINGS, f"http://127.0.0.1:{port}/", threads, 1)
        for _ in range(2):
            assert await sender.send(b"{}", [], 30) == 200
        assert asked == [1, 1], "each told once, and over a connection of its own"
        sender.close()


async def test_a_name_that_moves_to_a_private_address_is_refused(names: Names, threads: Threads) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, asked):
        sender = HttpSender(SETTINGS, f"http://moves.example:{port}/", threads, 1)
        assert await sender.send(b"{}", [], 30) == 200
        for ip in ("10.0.0.1", "169.254.169.254", "::ffff:192.168.1.1"):
            names.ips = [ip]
            with pytest.raises(AddressRefused):
                await sender.send(b"{}", [], 30)
        names.ips = []
        with pytest.raises(NameNotFound):
            await sender.send(b"{}", [], 30)
        names.ips = ["127.0.0.1"]
        assert await sender.send(b"{}", [], 30) == 200
        assert asked == [1, 1]


async def test_a_name_that_moves_is_followed_though_the_machine_of_before_still_answers(
    names: Names, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(GOOD) as (port, before), answering(GOOD, "127.0.0.2", port) as (_port, after):
        sender = HttpSender(SETTINGS, f"http://moves.example:{port}/", threads, 1)
        for _ in range(3):
            assert await sender.send(b"{}", [], 30) == 204
        assert names.asked == 1, "a connection is used again"
        names.ips = ["127.0.0.2"]
        monkeypatch.setattr(sender, "_until", 0.0)  # it is five minutes later
        assert await sender.send(b"{}", [], 30) == 204
        assert (before, after) == ([3], [1])
        sender.close()


async def test_the_next_machine_of_a_name_is_told_when_the_first_is_dead(names: Names, threads: Threads) -> None:
    async with answering(GOOD) as (port, asked):
        names.ips = ["127.0.0.2", "127.0.0.1"]
        sender = HttpSender(SETTINGS, f"http://two.example:{port}/", threads, 1)
        assert await sender.send(b"{}", [], 30) == 204
        assert asked == [1]
        sender.close()


async def test_receivers_that_fail_share_what_may_wait_for_such(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "MOST_HELD_BACK", 36)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    dead = [
        await broker.subscribe(tenant, **members(receiver, notification={"endpoint": {"uri": away}})) for _ in range(3)
    ]
    well = await broker.subscribe(tenant, **members(receiver))
    await broker.graph.write(tenant, [create(n=0)])
    outlets = [broker.subscriptions.outlet_of(tenant, id) for id in dead]
    await until(lambda: all(one.fails for one in outlets))
    await until(lambda: all(one._most == 12 for one in outlets))
    for n in range(1, 101):
        await broker.graph.write(tenant, [update(n=n)])
    assert all(one.waiting <= 12 for one in outlets)
    assert all(one.dropped for one in outlets), "what gave way was counted"
    values = {each["n"]["value"] for each in _all_told(receiver)}
    await until(_comes(100, receiver, values))
    assert values == set(range(101)), "the others hear of everything"
    assert broker.subscriptions.outlet_of(tenant, well).dropped == 0


async def test_a_silent_machine_keeps_none_of_its_owners_others_waiting(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "MOST_TO_ONE", 2)
    monkeypatch.setattr(broker.subscriptions._receivers, "_turns", Turns(10))
    async with answering(b"") as (port, asked):
        for n in range(12):
            endpoint = {"uri": f"http://127.0.0.1:{port}/{n}", "timeout": 100_000}
            await broker.subscribe(tenant, **members(receiver, notification={"endpoint": endpoint}))
        await broker.graph.write(tenant, [create("urn:x:bus:2", n=0)])
        await until(lambda: len(asked) == 2)
        await broker.subscribe(tenant, **members(receiver))
        await broker.graph.write(tenant, [create(n=0)])
        assert (await receiver.next())["data"][0]["n"]["value"] == 0
        assert len(asked) == 2


@pytest.mark.parametrize(
    ("uri", "machine"),
    [
        ("http://city.example:8080/a?b", "city.example:8080"),
        ("mqtt://user:p@ss@broker.example/a", "broker.example"),
        ("http://[::1]/", "[::1]"),
        ("http://[bad/", "http://[bad/"),
    ],
)
def test_the_machine_of_an_endpoint(uri: str, machine: str) -> None:
    assert receivers.machine_of(uri) == machine


async def test_who_waits_for_a_turn_hears_that_the_receiver_failed_others(
    broker: Broker, receiver: Receiver, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "MOST_TO_ONE", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = {"uri": f"http://127.0.0.1:{closed.getsockname()[1]}/"}
        ids = [
            await broker.subscribe(tenant, **members(receiver, notification={"endpoint": endpoint})) for _ in range(40)
        ]
        await broker.graph.write(tenant, [create(n=0)])
        outlets = [broker.subscriptions.outlet_of(tenant, id) for id in ids]
        await until(lambda: all(one.fails for one in outlets))
        await broker.subscriptions.write_counts()
        sent = [(await broker.subscriptions.get(tenant, id)).counts.sent for id in ids]
        assert sum(sent) < 20, "the others wait, and lose nothing"
        assert not any(one.dropped for one in outlets)
    for id in ids:  # receivers that fail share what may wait for such
        await broker.subscriptions.delete(tenant, id)


def _all_told(receiver: Receiver) -> list[Any]:
    told = []
    while not receiver.got.empty():
        told += receiver.got.get_nowait()["data"]
    return told


def _comes(last: int, receiver: Receiver, values: set[Any]) -> Callable[[], bool]:
    def come() -> bool:
        values.update(each["n"]["value"] for each in _all_told(receiver))
        return last in values

    return come

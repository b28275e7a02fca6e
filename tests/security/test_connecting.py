"""Names with several addresses: a dead one does not use up the time of those that live."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from nhip.security.addresses import CheckedAddress, open_socket
from nhip.security.connecting import connected
from nhip.security.outgoing_errors import TimedOut, Unreachable
from nhip.settings import Settings

SETTINGS = Settings(outgoing_private="127.0.0.0/8, ::1/128")
LIVES, DEAD, CLOSED = "127.0.0.1", "127.0.0.2", "127.0.0.3"
Resolve = Callable[..., list[object]]


@pytest.fixture
def port() -> Iterator[int]:
    """One machine listens there; one takes no connection and says nothing, as its queue is full; the third refuses."""
    with socket.create_server((LIVES, 0)) as lives, socket.socket() as dead:
        number = int(lives.getsockname()[1])
        dead.bind((DEAD, number))
        dead.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex((DEAD, number))
        yield number
        for one in crowd:
            one.close()


def found_at(*ips: str) -> Resolve:
    def resolve(_name: str, port: int, **_kind: object) -> list[object]:
        return [(2, 1, 6, "", (ip, port)) for ip in ips]

    return resolve


@pytest.mark.parametrize("ips", [(DEAD, LIVES), (CLOSED, LIVES), (DEAD, CLOSED, DEAD, LIVES), (LIVES, DEAD)])
def test_the_first_that_answers_is_taken(port: int, ips: tuple[str, ...]) -> None:
    with open_socket("several.example", port, SETTINGS, 30, found_at(*ips)) as wire:
        assert wire.getpeername() == (LIVES, port)


def test_all_dead_take_no_longer_than_one(port: int) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut):
        open_socket("several.example", port, SETTINGS, 0.3, found_at(*[DEAD] * 50))
    assert time.monotonic() - began < 10, "not fifty times as long"
    with pytest.raises(Unreachable, match="refused"):
        open_socket("several.example", port, SETTINGS, 30, found_at(CLOSED, CLOSED))


def test_a_machine_that_only_speaks_ipv6_is_reached() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server, open_socket("six.example", server.getsockname()[1], SETTINGS, 30, found_at("::1")) as wire:
        assert wire.getpeername()[0] == "::1"


@pytest.mark.parametrize("ips", [(DEAD, LIVES), (CLOSED, LIVES), (DEAD, CLOSED, LIVES)])
async def test_the_loop_takes_the_first_that_answers(port: int, ips: tuple[str, ...]) -> None:
    wire = await asyncio.wait_for(connected(CheckedAddress("x", ip, port) for ip in ips), 30)
    assert wire.getpeername() == (LIVES, port)
    wire.close()


async def test_the_loop_says_why_none_answers(port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        await connected([CheckedAddress("x", CLOSED, port)])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connected([CheckedAddress("x", DEAD, port)] * 2), 0.3)

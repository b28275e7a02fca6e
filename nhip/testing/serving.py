"""An application on a port of this machine, as clients that know nothing of it reach it."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from nhip.kernel.time import monotonic

START_S = 120.0
PORTS_FROM = 15_000
ATTEMPTS = 1000
LENT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_turns = itertools.count(os.getpid() * 101)
"""No port twice in a process, and others in the processes beside it."""


def free_port() -> int:
    """A port that nobody listens at now, below those that the kernel lends to outgoing connections and to listeners that take
    any, so that it is still free when a slow process comes to bind it."""
    for _attempt in range(ATTEMPTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", PORTS_FROM + next(_turns) % (_lent_from() - PORTS_FROM)))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def _lent_from() -> int:
    """The first port that the kernel lends (ip(7), ip_local_port_range); 32768 where it does not tell."""
    try:
        return max(int(LENT.read_text(encoding="ascii").split()[0]), PORTS_FROM + ATTEMPTS)
    except OSError:
        return 32768


@asynccontextmanager
async def serving(app: Litestar, port: int = 0) -> AsyncIterator[str]:
    """The address of a live server of the application in this process; port 0: any. Raises TimeoutError."""
    port = port or free_port()
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    task = asyncio.create_task(server.serve())
    address = f"http://127.0.0.1:{port}"
    try:
        await _answering(address, task)
        yield address
    finally:
        server.stop()  # type: ignore[no-untyped-call]  # granian tells no types of it
        await task


async def _answering(address: str, task: asyncio.Task[None]) -> None:
    end = monotonic() + START_S
    async with httpx.AsyncClient() as client:
        while monotonic() < end and not task.done():
            try:
                await client.get(f"{address}/health")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise TimeoutError(address)

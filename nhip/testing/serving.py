"""An application on a port of this machine, as clients that know nothing of it reach it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from nhip.kernel.time import monotonic

START_S = 30.0


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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

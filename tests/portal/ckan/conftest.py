"""The application on a port of its own, as clients that know nothing of it reach it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.security.service import set_administrator_password


@pytest.fixture
async def address(installation: Installation) -> AsyncIterator[str]:
    """The address of a live server over the installation."""
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(
        create_app(installation.settings), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient() as client:
        for _attempt in range(200):
            try:
                await client.get(f"{url}/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    yield url
    server.stop()
    await serving

"""Small applications behind the real layers, and clients with a network address, which Litestar's test client has not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from nhip.security.protect import protect
from nhip.settings import Settings
from nhip.web.app import build

PUBLIC = "198.51.100.7"


def small(settings: Settings, *routes: Any) -> Litestar:
    """The layers of `settings` around `routes` and the page shell, without a database."""
    return build(settings, routes=routes, templates={"x": Path(__file__).parent}, layers=protect(settings))


def client_at(
    app: Litestar, address: str = PUBLIC, url: str = "http://nhip.example", headers: dict[str, str] | None = None
) -> httpx.AsyncClient:
    """A client that comes from `address`; errors of the application are answers, as a server would make them."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url=url, headers=headers)


async def raw_answer(
    app: Litestar, method: str, path: str, headers: Sequence[tuple[bytes, bytes]], peer: str = PUBLIC
) -> tuple[int, dict[str, str]]:
    """Status and headers of one request whose header lines are sent as they are, even twice or missing."""
    sent: list[Any] = []
    bare, _mark, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": bare, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": list(headers), "client": (peer, 50_000), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    pairs = sent[0]["headers"]
    return sent[0]["status"], {name.decode().lower(): value.decode("latin-1") for name, value in pairs}

"""HEAD wherever GET is answered (RFC 9110, 9.3.2): checkers of links, monitors and GDAL ask so before they fetch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ASKED = "nhip.only_head"


def only_head(scope: Mapping[str, Any]) -> bool:
    """Whether only the headers are asked for. A route may ask before costly work, or where a GET counts as taking something."""
    return _ASKED in scope


class Heads:
    """ASGI layer around everything: what is inside sees a GET, what goes out has no body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a HEAD ends with the first piece of its body, so that no stream goes on unread."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        ended = asyncio.Event()

        async def received() -> Any:
            if ended.is_set():
                return {"type": "http.disconnect"}
            gone, told = asyncio.ensure_future(ended.wait()), asyncio.ensure_future(_told(receive))
            await asyncio.wait((gone, told), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if told.done():
                return told.result()
            told.cancel()
            return {"type": "http.disconnect"}

        async def headers_only(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif ended.is_set():
                await asyncio.sleep(0)  # whoever streams is told of the end only when others may run
            else:
                ended.set()
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app({**scope, "method": "GET", _ASKED: True}, received, headers_only)  # type: ignore[arg-type]


async def _told(receive: Receive) -> Any:
    return await receive()

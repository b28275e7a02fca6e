"""Over https every cookie of ours is bound to this very host: `__Host-`, `Secure`, for all paths (RFC 6265bis, 4.1.3.2).

The page shell knows its small cookies (language, theme, notice) by their plain names `nhip_…`; the prefix is put on and
taken off at the edge. A plain one that arrives all the same was set by somebody else, or without https, and is dropped.
"""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "__Host-"
_BOUND = (PREFIX, "__Secure-")
_OURS = "nhip_"


class HostCookies:
    """ASGI layer that binds cookies to this host; only for installations that are reached by https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with plain names inside, prefixed ones outside."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        scope["headers"] = [(name, plain(value) if name == b"cookie" else value) for name, value in scope["headers"]]

        async def binding(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, bound(value) if name.lower() == b"set-cookie" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await self.app(scope, receive, binding)


def plain(header: bytes) -> bytes:
    """A Cookie header as the page shell reads it."""
    kept = []
    for part in header.decode("latin-1").split(";"):
        pair = part.strip()
        if pair.startswith(PREFIX + _OURS):
            kept.append(pair.removeprefix(PREFIX))
        elif not pair.startswith(_OURS):
            kept.append(pair)
    return "; ".join(kept).encode("latin-1")


def bound(header: bytes) -> bytes:
    """A Set-Cookie header for this host alone."""
    pair, *attributes = (part.strip() for part in header.decode("latin-1").split(";"))
    kept = [a for a in attributes if a.partition("=")[0].lower() not in ("domain", "path", "secure")]
    name = pair if pair.startswith(_BOUND) else PREFIX + pair
    return "; ".join([name, "Path=/", "Secure", *kept]).encode("latin-1")

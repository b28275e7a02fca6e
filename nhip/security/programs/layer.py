"""What answers to programs say in their headers: what is left of the quota, and why a token was not enough (RFC 6750, 3)."""

from __future__ import annotations

from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip.security.programs.bearer import NEEDED, USAGE, wait_of
from nhip.security.programs.model import Left

_SECONDS = {"minute": 60, "day": 86_400}


class ProgramHeaders:
    """ASGI layer: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), `WWW-Authenticate`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers added to the answer."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _value in message["headers"]}
                added = headers_of(scope, int(message["status"]))
                message["headers"] = [*message["headers"], *((n, v) for n, v in added if n not in present)]
            await send(message)

        await self.app(scope, receive, adding)


def headers_of(scope: Any, status: int) -> list[tuple[bytes, bytes]]:
    """The headers for an answer of `status` to the request of `scope`."""
    added: list[tuple[bytes, bytes]] = []
    lefts: tuple[Left, ...] = scope.get(USAGE, ())
    if lefts:
        policy = ", ".join(f'"{left.span}";q={left.quota};w={_SECONDS[left.span]}' for left in lefts)
        remaining = ", ".join(f'"{left.span}";r={left.left};t={left.seconds}' for left in lefts)
        added += [(b"ratelimit-policy", policy.encode()), (b"ratelimit", remaining.encode())]
        if status == 429:
            added.append((b"retry-after", str(wait_of(lefts)).encode()))
    if status == 401 or (status == 403 and lefts):
        added.append((b"www-authenticate", _challenge(scope, status).encode()))
    return added


def _challenge(scope: Any, status: int) -> str:
    """Nothing but the scheme for whoever brought no token; else what is wrong with it."""
    told = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    if not told.lower().startswith(b"bearer "):
        return 'Bearer realm="nhip"'
    if status == 401:
        return 'Bearer realm="nhip", error="invalid_token"'
    handler = scope.get("route_handler")
    needed = str(handler.opt.get("permission", "")) if handler is not None else scope.get(NEEDED, "")
    return f'Bearer realm="nhip", error="insufficient_scope", scope="{needed}"'

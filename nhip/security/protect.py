"""Protection around every request: no unsafe request from another website, headers that keep browsers careful.

Cross-site requests are told by `Sec-Fetch-Site` and `Origin` (Fetch Metadata; OWASP CSRF cheat sheet), so forms need no token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip.settings import Settings
from nhip.web.errors import OtherOrigin
from nhip.web.problems import answer

SAFE = ("GET", "HEAD", "OPTIONS")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(self)",
}
TWO_YEARS = 63_072_000


def protect(settings: Settings) -> list[Callable[[ASGIApp], ASGIApp]]:
    """The layers for `nhip.web.app.build(layers=…)`, the outermost first."""
    secure = settings.base_url.startswith("https://")
    own_host = urlsplit(settings.base_url).netloc
    return [lambda app: Headers(app, secure), lambda app: SameOrigin(app, own_host)]


class Headers:
    """ASGI layer that adds the security headers, and keeps pages out of shared caches unless they say otherwise."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app = app
        self.always = HEADERS | ({"strict-transport-security": f"max-age={TWO_YEARS}"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers added to the answer."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self.always.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-store")
            await send(message)

        await self.app(scope, receive, adding)


class SameOrigin:
    """ASGI layer that refuses unsafe requests which a page of another origin made a browser send."""

    def __init__(self, app: ASGIApp, own_host: str) -> None:
        self.app = app
        self.own_host = own_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] != ScopeType.HTTP or scope["method"] in SAFE or self._trusted(scope["headers"]):
            await self.app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        response = answer(request, OtherOrigin())
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)

    def _trusted(self, pairs: Iterable[tuple[bytes, bytes]]) -> bool:
        headers = {name: value.decode("latin-1") for name, value in pairs}
        if site := headers.get(b"sec-fetch-site"):
            return site in ("same-origin", "none")
        origin = headers.get(b"origin")
        if origin is None:
            return (
                True  # not a browser, or one that is older than 2020 and then sends no cookie across sites (SameSite)
            )
        return urlsplit(origin).netloc in (headers.get(b"host", ""), self.own_host or None)


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address that a request came from; a proxy on this machine is believed about the address before it."""
    peer = connection.client.host if connection.client else ""
    if peer in ("127.0.0.1", "::1") and (told := connection.headers.get("x-forwarded-for", "")):
        return str(told.rsplit(",", 1)[-1].strip()[:60])
    return peer

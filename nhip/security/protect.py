"""Protection around every request: only our own names, no flood, no unsafe request from another website, careful headers.

Cross-site requests are told by `Sec-Fetch-Site`, `Origin` and `Referer` (Fetch Metadata; OWASP CSRF cheat sheet; ASVS 5.0, 3.5),
so forms need no token. A browser that sends none of the three but a cookie is refused: nobody can tell who made it ask.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip.security.cookies import HostCookies
from nhip.security.limits import SAFE, RateLimits
from nhip.security.peers import address_in, believed, client_of, in_process
from nhip.security.refusing import refusal
from nhip.settings import Settings
from nhip.web.errors import OtherHost, OtherOrigin
from nhip.web.static import PREFIX

log = logging.getLogger(__name__)

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
OWN_DEVICES = ("fullscreen", "geolocation", "publickey-credentials-create", "publickey-credentials-get")
"""What our own pages may ask a browser for: the wall screen, where a report is, passkeys."""
NO_DEVICES = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture"),
    *("encrypted-media", "gamepad", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "local-fonts"),
    *("magnetometer", "microphone", "midi", "otp-credentials", "payment", "picture-in-picture", "screen-wake-lock"),
    *("serial", "storage-access", "usb", "window-management", "xr-spatial-tracking"),
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-permitted-cross-domain-policies": "none",
    "server": "nhip",  # else the web server would tell its own name
    "permissions-policy": ", ".join([f"{n}=(self)" for n in OWN_DEVICES] + [f"{n}=()" for n in NO_DEVICES]),
}
CLEAR_SITE_DATA = {"Clear-Site-Data": '"cache", "storage"'}
"""For the answer to a sign-out: the browser forgets pages and storage. Cookies stay, the language is one of them."""
TWO_YEARS = 63_072_000
_OF_MACHINES = ("/health", "/metrics")
"""Asked by probes by the machine's address. These and static files (the refusal's style) hold nothing to misuse."""
_HOST = re.compile(r"(?:([A-Za-z0-9._-]{1,253})|\[([0-9A-Fa-f:.]{2,45})\])(?::([0-9]{1,5}))?")
_HARMFUL = (b"\r", b"\n", b"\0")
_ANY_FRAME = b"frame-ancestors *"


def protect(settings: Settings) -> list[Callable[[ASGIApp], ASGIApp]]:
    """The layers for `nhip.web.app.build(layers=…)`, the outermost first."""
    cookies = [HostCookies] if _secure(settings) else []
    return [
        lambda app: Headers(app, settings),
        *cookies,
        lambda app: OwnHosts(app, settings),
        lambda app: RateLimits(app, settings),
        lambda app: SameOrigin(app, settings),
    ]


def _with_tiles(tiles: str) -> str:
    """The content security policy, which lets pictures of the map's background in where the settings name one."""
    place = urlsplit(tiles)
    if place.scheme not in ("https", "http") or not _HOST.fullmatch(place.netloc):
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {place.scheme}://{place.netloc}")


class Headers:
    """ASGI layer that adds the security headers, and keeps pages out of shared caches unless they say otherwise."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        below = "; includeSubDomains" if settings.hsts_subdomains else ""
        transport = {"strict-transport-security": f"max-age={TWO_YEARS}{below}"} if _secure(settings) else {}
        policy = {"content-security-policy": _with_tiles(settings.map_tiles)}
        always = HEADERS | transport | policy | {"cache-control": "private, no-store"}
        self.always = [(name.encode(), value.encode()) for name, value in always.items()]
        self.files = [pair for pair in self.always if pair[0] != b"permissions-policy"]
        """Static files: a page's own header decides about devices, and phones need not fetch half a kilobyte with each file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers added to the answer; a header that would split it is left out."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        careful = self.files if scope["path"].startswith(f"{PREFIX}/") else self.always

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [(name.lower(), value) for name, value in message["headers"]]
                present = {name for name, _value in said}
                kept = [pair for pair in said if not _splits(pair)]
                if any(name == b"content-security-policy" and _ANY_FRAME in value for name, value in kept):
                    present.add(b"x-frame-options")  # older than frame-ancestors, and cannot say "anybody"
                message["headers"] = kept + [pair for pair in careful if pair[0] not in present]
            await send(message)

        await self.app(scope, receive, adding)


def _splits(pair: tuple[bytes, bytes]) -> bool:
    found = any(sign in part for part in pair for sign in _HARMFUL)
    if found:
        log.error("a header with a line break was left out: %r", pair[0][:60])
    return found


class OwnHosts:
    """ASGI layer that answers only under our own names: against DNS rebinding, poisoned caches and forged links.

    Without `base_url` nobody knows the public name yet, and any address of a machine (not a name) will do.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.language = settings.language
        named = [part.strip() for part in settings.hosts.split(",")]
        public = urlsplit(settings.base_url).hostname or ""
        self.known = {host_in(name) for name in (*named, settings.host, public, "localhost", "127.0.0.1", "[::1]")} - {
            ""
        }
        self.any_address = not settings.base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 421."""
        if scope["type"] != ScopeType.HTTP or self._ours(scope):
            await self.app(scope, receive, send)
            return
        readable = [pair for pair in scope["headers"] if pair[0] != b"host"] + [(b"host", b"localhost")]
        refused: Scope = {**scope, "headers": readable}
        await refusal(OtherHost(), "host", self.language)(refused, receive, send)

    def _ours(self, scope: Scope) -> bool:
        if in_process(scope) or scope["path"] in _OF_MACHINES or scope["path"].startswith(f"{PREFIX}/"):
            return True
        told = [value for name, value in scope["headers"] if name == b"host"]
        host = host_in(told[0].decode("latin-1")) if len(told) == 1 else ""
        return host in self.known or (self.any_address and address_in(host) is not None)


def host_in(text: str) -> str:
    """The name in a Host header or setting: small letters, no port, no brackets, no closing dot; "" when it is none."""
    match = _HOST.fullmatch(text)
    return (match[1] or match[2]).lower().rstrip(".") if match and int(match[3] or 0) < 65_536 else ""


class SameOrigin:
    """ASGI layer that refuses unsafe requests which a page of another origin made a browser send."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.language = settings.language
        self.own = _origin(settings.base_url)
        self.secure = _secure(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] != ScopeType.HTTP or scope["method"] in SAFE or self._trusted(scope):
            await self.app(scope, receive, send)
            return
        await refusal(OtherOrigin(), "origin", self.language)(scope, receive, send)

    def _trusted(self, scope: Scope) -> bool:
        """Every signal that is there must be ours; the strongest that is there decides."""
        told: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            told.setdefault(name, []).append(value.decode("latin-1"))
        if b"cookie" not in told and _carries_token(told.get(b"authorization", [])):
            return True  # a program: nothing in the request is added by a browser on its own
        if sites := told.get(b"sec-fetch-site"):
            return all(site in ("same-origin", "none") for site in sites)
        hosts = told.get(b"host", [""])
        for name in (b"origin", b"referer"):
            if sources := told.get(name):
                return all(self._ours(source, hosts[0]) for source in sources)
        return b"cookie" not in told or in_process(scope)

    def _ours(self, source: str, host: str) -> bool:
        scheme, netloc = _origin(source)
        if (scheme, netloc) == self.own and netloc:
            return True
        here = ("https",) if self.secure else ("http", "https")
        return bool(netloc) and scheme in here and (scheme, netloc) == _origin(f"{scheme}://{host}")


def _carries_token(authorization: list[str]) -> bool:
    """Whether the request proves itself with a token. Basic, Digest and Negotiate do not count: browsers add them themselves."""
    return len(authorization) == 1 and authorization[0].partition(" ")[0].lower() in ("bearer", "dpop")


def _origin(address: str) -> tuple[str, str]:
    """Scheme and host with port of an address; a port that the scheme has anyway is left out."""
    try:
        parts = urlsplit(address)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        port = f":{parts.port}" if parts.port not in (None, usual) else ""
    except ValueError:
        return "", ""
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return parts.scheme, (name + port if name else "")


def _secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address that a request came from; believed proxies (`trusted_proxies`) are asked for the address before them."""
    app = connection.scope.get("litestar_app")
    settings: Settings | None = app.state.get("settings") if app else None
    peer = connection.client.host if connection.client else ""
    return client_of(peer, connection.headers.getall("x-forwarded-for", []), believed(settings))

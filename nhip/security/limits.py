"""Rate limits: token buckets in this process's memory, by address for everybody, by account or key where a caller asks.

A bucket holds `burst` requests and fills at an even pace. The number of buckets is bounded: the one unused for the longest
goes first, which gives its owner at most one burst anew. One process serves (see `nhip.serve`), so one memory counts.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from nhip.kernel.time import monotonic
from nhip.security.peers import believed, client_in, counted_as, in_process
from nhip.security.refusing import refusal
from nhip.settings import Settings
from nhip.web.errors import TooMany
from nhip.web.static import PREFIX

MOST_BUCKETS = 50_000
"""About 10 MB."""
SAFE = ("GET", "HEAD", "OPTIONS")

SIGN_IN = re.compile(r"/(signin|setup|recover\w*|reset|invit\w*|passkeys?|token|oauth2?|openid|oidc|federation)(/|$)")
"""Paths where secrets are tried: each attempt costs a hash of a password or a look at another server."""
_WRITING_IN = re.compile(r"^/(data-requests|follow|dataset/[^/]+/(comments|rating))(/|$)")
"""Where strangers write to the city: as seldom as anybody signs in."""
_CALLBACK = re.compile(r"/(callback|redirect)(/|$)")
_SIGNED = re.compile(r"^/openid/[^/]+/backchannel$")
"""An identity provider that signs hundreds out at once: each request is signed, and checked at the cost of any other."""
HEAVY = re.compile(r"/(exports?|downloads?|uploads?|raw)(/|$)|/export\.\w+$|\.(csv|xlsx|parquet|zip|geojson|ndjson)$")
"""Paths that read or write whole files."""


class Limiter:
    """Buckets of one kind: `per_minute` requests of a key on average, `burst` at once (default: a sixth of that, 10 s)."""

    def __init__(self, per_minute: float, burst: float = 0, most: int = MOST_BUCKETS) -> None:
        """`per_minute` 0 means no limit."""
        self.pace = per_minute / 60
        self.burst = burst or max(1.0, per_minute / 6)
        self.most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, cost: float = 1.0) -> float:
        """Take `cost` out of the bucket of `key`: 0 when it may go on, else the seconds until it may; then nothing is taken.

        A cost above the burst counts as the burst, else it could never go on.
        """
        if self.pace <= 0:
            return 0.0
        at, cost = monotonic(), min(cost, self.burst)
        level, since = self._buckets.pop(key, (self.burst, at))
        level = min(self.burst, level + max(0.0, at - since) * self.pace)
        missing = cost - level
        self._buckets[key] = (level if missing > 0 else level - cost, at)
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return missing / self.pace if missing > 0 else 0.0


class RateLimits:
    """ASGI layer that answers 429 with `Retry-After` to an address that asks too much; static files are free."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.language = settings.language
        self.proxies = believed(settings)
        self.limiters = {
            "requests": Limiter(settings.requests_per_minute),
            "signin": Limiter(settings.signins_per_minute, settings.signins_per_minute),
            "heavy": Limiter(settings.heavy_per_minute, settings.heavy_per_minute / 2),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 429."""
        if scope["type"] != ScopeType.HTTP or in_process(scope) or scope["path"].startswith(f"{PREFIX}/"):
            await self.app(scope, receive, send)
            return
        kinds = kinds_of(str(scope["method"]), scope["path"])
        kind, wait = self._asked(counted_as(client_in(scope, self.proxies)), kinds)
        if not wait:
            await self.app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        refused = refusal(TooMany(seconds=seconds), f"rate_{kind}", self.language, {"Retry-After": str(seconds)})
        await refused(scope, receive, send)

    def _asked(self, key: str, kinds: tuple[str, ...]) -> tuple[str, float]:
        for kind in kinds:
            if wait := self.limiters[kind].take(key):
                return kind, wait
        return "", 0.0


def kinds_of(method: str, path: str) -> tuple[str, ...]:
    """Which buckets a request is taken from. Reading a sign-in page counts as any other, except where a provider leads back."""
    if _WRITING_IN.match(path) and method not in SAFE:
        return ("requests", "signin")
    if SIGN_IN.search(path) and (method not in SAFE or _CALLBACK.search(path)) and not _SIGNED.match(path):
        return ("requests", "signin")
    if HEAVY.search(path):
        return ("requests", "heavy")
    return ("requests",)

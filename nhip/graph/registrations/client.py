"""HTTP to context sources: guarded addresses, one deadline, bounded answers, connections that are kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Hashable, Mapping
from typing import Any

import httpx
import msgspec
import orjson

from nhip.graph.subscriptions.turns import Threads
from nhip.kernel.time import monotonic
from nhip.security.outgoing_errors import OutgoingError, TimedOut
from nhip.security.outgoing_transport import GuardedTransport
from nhip.security.tls import Believed, believed_context
from nhip.settings import Settings

TIMEOUT_S = 4.0
MAX_BYTES = 16 << 20
_AT_ONCE = 64
"""One owner alone has half of them, one source of its own a quarter."""
_CONNECT_S = 2.0
_LONGEST_S = 300.0
"""So long connections are used; then the names are looked up again, which may be other machines' by now."""


class Reply(msgspec.Struct, frozen=True):
    """What a source answered. `status` 0: nothing in time; `body` is None where there is none, or where it is no JSON."""

    status: int
    body: Any = None
    invalid: bool = False
    """Whether there was a body that cannot be read, or that is too large."""
    warnings: list[str] = []
    """Its NGSILD-Warning headers: what went wrong farther away."""
    headers: Mapping[str, str] = {}
    """All headers by name in lower case; of an answer that can be read."""


class Client:
    """Asks sources, at most some at the same time; owners share: whose sources are silent keeps no other waiting."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = Threads(_AT_ONCE)
        self._own = threading.local()
        self._tls: Believed | None = None

    def close(self) -> None:
        """Give up what waits."""
        self._threads.close()

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
        *,
        owner: Hashable,
    ) -> Reply:
        """The answer; what goes wrong on the way is in it. `owner`: who has it asked, a tenant."""
        place = url.split("/", 3)[2] if url.count("/") > 1 else url
        work = self._threads.run_at(owner, place, self._exchange, method, url, dict(headers), body, timeout_s)
        try:
            return await asyncio.wait_for(work, timeout_s + _CONNECT_S)
        except TimeoutError:
            return Reply(0)

    def _exchange(self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float) -> Reply:
        waits = {"connect": timeout_s, "read": timeout_s, "write": timeout_s, "pool": timeout_s}
        try:
            request = httpx.Request(method, url, headers=headers, content=body, extensions={"timeout": waits})
            response = self._answered(request, timeout_s)
            try:
                return _read(response)
            finally:
                response.close()
        except (OutgoingError, httpx.InvalidURL, ValueError):
            return Reply(0)

    def _answered(self, request: httpx.Request, timeout_s: float) -> httpx.Response:
        """The answer; a question whose connection was lost, as a kept one is when its source starts anew, is put once more."""
        try:
            return self._transport().exchange(request, timeout_s, timeout_s)
        except TimedOut:
            raise
        except OutgoingError:
            if request.method != "GET":
                raise
            return self._transport().exchange(request, timeout_s, timeout_s)

    def _transport(self) -> GuardedTransport:
        """This thread's own, as deadlines are kept for one request at a time."""
        found: GuardedTransport | None = getattr(self._own, "transport", None)
        if found is None or monotonic() > self._own.until:
            if found is not None:
                found.close()
            if self._tls is None:
                self._tls = believed_context()
            found = self._own.transport = GuardedTransport(self._settings, self._tls, _CONNECT_S)
            self._own.until = monotonic() + _LONGEST_S
        return found


def _read(response: httpx.Response) -> Reply:
    warnings = [text[:300] for text in response.headers.get_list("ngsild-warning")][:20]
    pieces, size = [], 0
    for piece in response.iter_raw():
        size += len(piece)
        if size > MAX_BYTES:
            return Reply(response.status_code, invalid=True, warnings=warnings)
        pieces.append(piece)
    text = b"".join(pieces)
    if not text.strip():
        return Reply(response.status_code, warnings=warnings, headers=dict(response.headers))
    try:
        return Reply(response.status_code, orjson.loads(text), warnings=warnings, headers=dict(response.headers))
    except orjson.JSONDecodeError:
        return Reply(response.status_code, invalid=True)

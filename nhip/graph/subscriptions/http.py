"""POST to receivers over connections that are kept: guarded addresses, one deadline; of the answer only the status counts."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from urllib.parse import urlsplit

from nhip.graph.subscriptions.turns import Threads
from nhip.kernel.time import monotonic
from nhip.security.addresses import checked_address
from nhip.security.connecting import connected
from nhip.security.outgoing_errors import OutgoingError
from nhip.security.tls import believed_context
from nhip.settings import Settings

_MOST_HEADERS = 16 << 10
_MOST_ANSWER = 64 << 10
_REST_S = 1.0
"""So long is waited for the rest of an answer whose status is known; then the connection goes instead."""
_LONGEST_S = 300.0
"""So long a connection is used; then the name is looked up again, which may be another machine's by now."""
_FORBIDDEN = frozenset({"host", "content-length", "transfer-encoding", "connection"})
FAILED = (
    OSError,
    TimeoutError,
    ValueError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    OutgoingError,
)
"""How it shows that something was not delivered."""


class HttpSender:
    """One receiver, of an `owner` who shares `threads` with others. Used by one task at a time."""

    def __init__(self, settings: Settings, uri: str, threads: Threads, owner: Hashable) -> None:
        self._settings, self._threads, self._owner = settings, threads, owner
        parts = urlsplit(uri)
        self._tls = believed_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._authority = parts.netloc.rpartition("@")[2]
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._until = 0.0

    async def send(self, body: bytes, headers: list[tuple[str, str]], timeout_s: float) -> int:
        """The status of the answer. Raises one of FAILED."""
        if self._streams is not None and monotonic() > self._until:
            self.close()
        async with asyncio.timeout(timeout_s):
            status, rest = await self._sent(body, headers)
        await self._read_off(rest)
        return status

    async def _sent(self, body: bytes, headers: list[tuple[str, str]]) -> tuple[int, int | None]:
        if self._streams is not None:
            try:
                return await self._exchange(body, headers)
            except (OSError, asyncio.IncompleteReadError):
                self.close()  # the receiver had closed it while it was idle: once more on a new one
        await self._connect()
        return await self._exchange(body, headers)

    async def _connect(self) -> None:
        found = await self._threads.run_at(
            self._owner, self._host, checked_address, self._host, self._port, self._settings
        )
        wire = await connected(found)
        try:
            self._streams = await asyncio.open_connection(
                sock=wire, ssl=self._tls, server_hostname=self._host if self._tls else None, limit=_MOST_HEADERS
            )
        except BaseException:
            wire.close()
            raise
        self._until = monotonic() + _LONGEST_S

    async def _exchange(self, body: bytes, headers: list[tuple[str, str]]) -> tuple[int, int | None]:
        assert self._streams is not None
        reader, writer = self._streams
        told = [(name, value) for name, value in headers if name.lower() not in _FORBIDDEN]
        lines = [f"POST {self._target} HTTP/1.1", f"Host: {self._authority}", "User-Agent: Nhip"]
        lines += [f"{name}: {value}" for name, value in told]
        lines += [f"Content-Length: {len(body)}", "", ""]
        try:
            writer.write("\r\n".join(lines).encode("utf-8") + body)
            await writer.drain()
            return await _answer(reader)
        except BaseException:
            self._break_off()
            raise

    async def _read_off(self, rest: int | None) -> None:
        """Throw the body of an answer away, of which so many bytes are to come; None: the connection cannot be used again."""
        if rest is None:
            self.close()
        elif rest and self._streams is not None:
            try:
                async with asyncio.timeout(_REST_S):
                    await self._streams[0].readexactly(rest)
            except (OSError, asyncio.IncompleteReadError):
                self._break_off()  # it said whether it took the notification, which is all that counts
            except BaseException:
                self._break_off()
                raise

    def _break_off(self) -> None:
        """Give the connection up with what waits to be sent: a receiver that never reads would keep both for ever."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    def close(self) -> None:
        """Give the connection up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int | None]:
    """The status, and how many bytes of a body follow; None where the connection cannot be used again."""
    status = 100
    while 100 <= status < 200:  # it is being worked on (RFC 9110, 15.2): the answer comes after this
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        version, code, *_reason = first.split(b" ")
        status = int(code)
    fields = {
        name.strip().lower(): value.strip().lower() for name, _sep, value in (line.partition(b":") for line in lines)
    }
    told = b"0" if status in (204, 304) else fields.get(b"content-length", b"")
    length = int(told) if told.isdigit() and len(told) < 10 else _MOST_ANSWER + 1
    keeps = length <= _MOST_ANSWER and version == b"HTTP/1.1" and fields.get(b"connection") != b"close"
    return status, length if keeps else None

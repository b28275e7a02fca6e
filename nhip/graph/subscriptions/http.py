"""POST to receivers over connections that are kept: guarded addresses, one deadline; of the answer only the status counts."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from urllib.parse import urlsplit

from nhip.graph.subscriptions.turns import Threads
from nhip.security.addresses import checked_address
from nhip.security.outgoing_errors import OutgoingError
from nhip.security.tls import believed_context
from nhip.settings import Settings

_MOST_HEADERS = 16 << 10
_MOST_ANSWER = 64 << 10
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

    async def send(self, body: bytes, headers: list[tuple[str, str]], timeout_s: float) -> int:
        """The status of the answer. Raises one of FAILED."""
        async with asyncio.timeout(timeout_s):
            if self._streams is not None:
                try:
                    return await self._exchange(body, headers)
                except (OSError, asyncio.IncompleteReadError):
                    self.close()  # the receiver had closed it while it was idle: once more on a new one
            await self._connect()
            return await self._exchange(body, headers)

    async def _connect(self) -> None:
        found = await self._threads.run(self._owner, checked_address, self._host, self._port, self._settings)
        for place, address in enumerate(found):
            try:
                self._streams = await asyncio.open_connection(
                    address.ip,
                    address.port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                    limit=_MOST_HEADERS,
                )
                return
            except OSError:
                if place == len(found) - 1:
                    raise

    async def _exchange(self, body: bytes, headers: list[tuple[str, str]]) -> int:
        assert self._streams is not None
        reader, writer = self._streams
        told = [(name, value) for name, value in headers if name.lower() not in _FORBIDDEN]
        lines = [f"POST {self._target} HTTP/1.1", f"Host: {self._authority}", "User-Agent: Nhip"]
        lines += [f"{name}: {value}" for name, value in told]
        lines += [f"Content-Length: {len(body)}", "", ""]
        try:
            writer.write("\r\n".join(lines).encode("utf-8") + body)
            await writer.drain()
            status, keep = await _answer(reader)
        except BaseException:
            self._break_off()
            raise
        if not keep:
            self.close()
        return status

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


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection can be used again; the body is read and thrown away."""
    status = 100
    while 100 <= status < 200:  # it is being worked on (RFC 9110, 15.2): the answer comes after this
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        version, code, *_reason = first.split(b" ")
        status = int(code)
    fields = {
        name.strip().lower(): value.strip().lower() for name, _sep, value in (line.partition(b":") for line in lines)
    }
    if status in (204, 304):
        length = 0
    elif b"content-length" in fields:
        length = int(fields[b"content-length"])
    else:
        return status, False
    if length > _MOST_ANSWER:
        return status, False
    await reader.readexactly(length)
    return status, version == b"HTTP/1.1" and fields.get(b"connection") != b"close"

"""One connection: has its requests answered one after another, in their order, within the limits of `HttpLimits`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from nhip.graph.http.errors import TooMuchAtOnce, TooSlow
from nhip.graph.http.exchange import Exchange, refusal
from nhip.graph.http.limits import AHEAD, PIECE, RETRY_AFTER_S
from nhip.graph.http.reading import HEAD, Reader, Scope

if TYPE_CHECKING:
    from nhip.graph.http.serving import Front

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """Driven by the event loop, by its reader, by its exchanges, and once a second by the clock of its front."""

    transport: asyncio.Transport
    _reader: Reader

    def __init__(self, front: Front) -> None:
        self.front = front
        self.lost = False
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._until = front.until_head
        """When an idle connection is closed, one that is closing torn down."""
        self._unread: memoryview | None = None
        self._paused = False
        """Nothing is read, because much waits."""
        self._deaf = False
        """Whatever else comes is thrown away."""
        self._refused: Exception | None = None
        """What is said after the answers to what came before."""
        self._closing = False
        self._stuck_until = 0.0
        """Until when the peer has to take what was written; 0: it does."""
        self._changed: asyncio.Event | None = None
        self._owed = False
        """The peer waits to hear that it may send its body."""

    # the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it up, or say at once that there are too many."""
        self.transport = transport = cast(asyncio.Transport, transport)
        told = {
            "scheme": "http",
            "root_path": "",
            "client": _pair(transport.get_extra_info("peername")),
            "server": _pair(transport.get_extra_info("sockname")),
            "state": self.front.state.copy(),
        }
        self._reader = Reader(self.front, told, self._asked, self._expected)
        self.front.connections.add(self)
        if len(self.front.connections) > self.front.limits.connections:
            self._refuse(TooMuchAtOnce(seconds=RETRY_AFTER_S))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was not begun; what was goes on to its end."""
        self.lost = self._deaf = True
        self.front.connections.discard(self)
        self.front.held -= sum(exchange.weight for exchange in self._waiting)
        self._waiting.clear()
        self._reader.close()
        self._unread = None
        if self._task is not None:
            self.front.wait_for(self._task)
        self._tell()

    def data_received(self, data: bytes) -> None:
        """Parse it, a piece at a time, so that what waits stays little however much a peer sends ahead."""
        if self._deaf:
            return
        if len(data) <= PIECE:
            self._read(data)
        else:
            self._unread = memoryview(data)
            self._read_on()

    def eof_received(self) -> bool:
        """The peer sends no more: what it asked for whole is answered, then the connection ends."""
        return self._end()

    def pause_writing(self) -> None:
        """The peer does not read as fast as we write."""
        self._stuck_until = self.front.now + self.front.limits.unread_s

    def resume_writing(self) -> None:
        """It did."""
        self._stuck_until = 0.0
        self._tell()
        if self._current is None and not self._closing:
            self._next()

    def shutdown(self) -> None:
        """The process ends: answer what was asked for whole, read no more."""
        if not self._end():
            self._close()
        elif self._task is not None:
            self.front.wait_for(self._task)

    def watch(self) -> None:
        """Once a second: end what took too long."""
        now = self.front.now
        if (self._stuck_until and now > self._stuck_until) or (self._closing and now > self._until):
            self.transport.abort()
        elif self._closing or self._deaf or self._paused:
            return
        elif self._reader.reading:
            if now > self._reader.until:
                limits = self.front.limits
                self._refuse(TooSlow(seconds=round(limits.head_s if self._reader.reading == HEAD else limits.body_s)))
        elif self._current is None and now > self._until:
            self._close()

    # the reader tells

    def _asked(self, scope: Scope, body: bytes, keep: bool, weight: int) -> None:
        """Answer it now, or after those before it."""
        self._waiting.append(Exchange(self, scope, body, keep, weight))
        if not keep:
            self._deaf = True
        if self._current is None:
            self._start()

    def _expected(self) -> None:
        self._owed = True
        if self._current is None and not self._waiting:
            self._continue()

    # exchanges tell

    def answered(self, exchange: Exchange) -> None:
        """The answer is written: go on with what waits."""
        self._current = self._task = None
        if self._changed is not None:
            self._tell()
        if not exchange.keep:
            self._close()
        else:
            self._next()

    async def writable(self) -> None:
        """Until the peer has read most of what was written, or is gone."""
        while self._stuck_until and not self.lost:
            await self._change()

    async def gone(self, exchange: Exchange) -> None:
        """Until the peer is gone, or has its answer."""
        while not self.lost and not exchange.finished:
            await self._change()

    # what this leads to

    def _read(self, data: bytes | memoryview) -> None:
        try:
            self._reader.feed(data)
        except Exception as error:
            self._refuse(error)  # unless what was asked before is the last of this connection: then nobody cares
        if len(self._waiting) >= AHEAD:
            self._pause()

    def _read_on(self) -> None:
        """Parse what had to wait, then read more."""
        while self._unread and not self._deaf and len(self._waiting) < AHEAD:
            piece, self._unread = self._unread[:PIECE], self._unread[PIECE:]
            self._read(piece)
        if self._unread and not self._deaf:
            self._pause()
        elif self._paused and (self._deaf or len(self._waiting) < AHEAD):
            self._paused = False
            self.transport.resume_reading()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _start(self) -> None:
        """Begin with the next request, unless the peer has to read first."""
        if self._waiting and not self._stuck_until:
            self._current = self._waiting.popleft()
            self._task = self.front.loop.create_task(self._current.run())

    def _next(self) -> None:
        """After an answer."""
        self._start()
        if self._current is None and not self._stuck_until:
            self._until = self.front.until_idle
            if self._refused is not None:
                self._say_refused()
            elif self._owed:
                self._continue()
        if self._paused:
            self._read_on()

    def _continue(self) -> None:
        self._owed = False
        if not self._deaf:
            self.transport.write(_CONTINUE)

    def _refuse(self, error: Exception) -> None:
        """Say why, after the answers to what came before, and end the connection."""
        if not self._deaf:
            self._deaf, self._refused, self._unread = True, error, None
            self._reader.close()
            if self._current is None and not self._waiting and not self._stuck_until:
                self._say_refused()

    def _say_refused(self) -> None:
        """Written and closed at once, a refusal would be lost on a peer that is still sending: reading goes on for a while."""
        assert self._refused is not None
        self._closing = True
        self._until = self.front.now + self.front.limits.linger_s
        self.transport.write(refusal(self._refused, self.front.date))
        self.transport.write_eof()

    def _end(self) -> bool:
        """Take no more; whether something is to be answered still."""
        self._deaf = True
        last = self._waiting[-1] if self._waiting else self._current
        if last is not None:
            last.keep = False
        return last is not None

    def _close(self) -> None:
        self._closing = self._deaf = True
        self._until = self.front.now + self.front.limits.linger_s
        self.transport.close()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        await self._changed.wait()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


def _pair(address: Any) -> tuple[str, int] | None:
    return (address[0], address[1]) if isinstance(address, tuple) else None

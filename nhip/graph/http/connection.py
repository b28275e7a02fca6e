"""One connection: has its requests answered one after another, in their order, within the limits of `HttpLimits`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from nhip.graph.http.errors import NotHttp, TooMuchAtOnce, TooSlow
from nhip.graph.http.exchange import Exchange, refusal
from nhip.graph.http.limits import AHEAD, PIECE, RETRY_AFTER_S
from nhip.graph.http.reading import HEAD, Reader, Scope
from nhip.kernel.i18n import _

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
        self._idle: asyncio.Future[None] | None = None
        """What the task waits for when there is nothing to answer."""
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
        self._task = self.front.loop.create_task(self._work())
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
        if self._current is not None:
            self.front.wait_for(self._task)
        self.tell()
        self._wake()

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
        """The peer sends no more: what it asked for whole is answered, what it did not is refused, then the connection ends."""
        if self._reader.reading and not self._deaf:
            self._refuse(NotHttp(what=_("it ends before it is whole")))
            return True
        return self._end()

    def pause_writing(self) -> None:
        """The peer does not read as fast as we write."""
        self._stuck_until = self.front.now + self.front.limits.unread_s

    def resume_writing(self) -> None:
        """It did."""
        self._stuck_until = 0.0
        self.tell()

    def shutdown(self) -> None:
        """The process ends: answer what was asked for whole, read no more."""
        if self._end():
            self.front.wait_for(self._task)
        else:
            self._close()

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
        self._owed = False
        if not keep:
            self._deaf = True
        self._wake()

    def _expected(self) -> None:
        self._owed = True
        self._wake()

    # exchanges tell

    async def writable(self) -> None:
        """Until the peer has read most of what was written, or is gone."""
        while self._stuck_until and not self.lost:
            await self._change()

    async def gone(self, exchange: Exchange) -> None:
        """Until the peer is gone, or has its answer."""
        while not self.lost and not exchange.finished:
            await self._change()

    def tell(self) -> None:
        """Something changed that one of the two may wait for."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    # what this leads to

    async def _work(self) -> None:
        """Answer what was asked, one after another, in one task for all: a task for each would cost two microseconds more."""
        while not self._closing and not self.lost:
            if self._stuck_until:
                await self.writable()
            elif self._waiting:
                self._current = exchange = self._waiting.popleft()
                await exchange.run()
                self._current = None
                if not exchange.keep:
                    self._close()
                elif self._paused:
                    self._read_on()
            elif self._refused is not None:
                self._say_refused(self._refused)
            else:
                self._until = self.front.until_idle
                if self._owed:
                    self._continue()
                self._idle = self.front.loop.create_future()
                await self._idle

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

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

    def _continue(self) -> None:
        self._owed = False
        if not self._deaf:
            self.transport.write(_CONTINUE)

    def _refuse(self, error: Exception) -> None:
        """Say why, after the answers to what came before, and end the connection."""
        if not self._deaf:
            self._deaf, self._refused, self._unread = True, error, None
            self._reader.close()
            self._wake()

    def _say_refused(self, error: Exception) -> None:
        """Written and closed at once, a refusal would be lost on a peer that is still sending: reading goes on for a while."""
        self._closing = True
        self._until = self.front.now + self.front.limits.linger_s
        self.transport.write(refusal(error, self.front.date))
        self.transport.write_eof()
        if self._paused:
            self._read_on()

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
        self._wake()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        await self._changed.wait()


def _pair(address: Any) -> tuple[str, int] | None:
    return (address[0], address[1]) if isinstance(address, tuple) else None

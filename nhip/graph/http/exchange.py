"""One request and its answer, as the application sees them (ASGI 3)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from nhip.graph.http.limits import RETRY_AFTER_S

if TYPE_CHECKING:
    from nhip.graph.http.connection import Connection

log = logging.getLogger(__name__)
Headers = Iterable[tuple[bytes, bytes]]


def _status_line(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


_STATUS = {status: _status_line(status) for status in range(200, 600)}
_BODILESS = frozenset({204, 304})
_OURS = frozenset({b"content-length", b"transfer-encoding", b"connection", b"date"})
"""Headers that are ours to say, as they are about the connection."""


class Exchange:
    """A request whose body is there, and its answer. Head and body of an answer are written at once, if it comes at once."""

    __slots__ = (
        "_body",
        "_chunked",
        "_headers",
        "_left",
        "_status",
        "connection",
        "finished",
        "keep",
        "scope",
        "weight",
    )

    def __init__(self, connection: Connection, scope: dict[str, Any], body: bytes, keep: bool, weight: int) -> None:
        self.connection = connection
        self.scope = scope
        self.keep = keep
        """Whether the connection is kept for the next request."""
        self.weight = weight
        """Bytes that count against the limit of large bodies."""
        self.finished = False
        self._body: bytes | None = body
        self._status = 0
        self._headers: Headers = ()
        self._left: int | None = None
        """Bytes of a streamed answer that are still to come; -1: it does not say; None: its head is not written."""
        self._chunked = False

    async def run(self) -> None:
        """Ask the application; whatever happens, the peer gets an answer or sees the connection end."""
        front = self.connection.front
        failure: Exception | None = None
        try:
            await front.app(self.scope, self.receive, self.send)
        except Exception as error:
            failure = error
        finally:
            front.held -= self.weight
            if not self.finished and not self.connection.lost:
                self._broken(failure)
            elif failure is not None:
                log.error("the application failed", exc_info=failure)

    async def receive(self) -> dict[str, Any]:
        """The whole body at once; after that, when the peer has gone or has its answer."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.finished:
            await self.connection.gone(self)
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Raises RuntimeError for messages out of turn, and for an answer that is not as long as it said."""
        kind = message["type"]
        if kind == "http.response.start" and not self._status:
            self._status = message["status"]
            self._headers = message.get("headers", ())
        elif kind == "http.response.body" and self._status and not self.finished:
            body, more = message.get("body", b""), message.get("more_body", False)
            if self.connection.lost:
                self.finished = not more
            elif self._left is None and not more:
                self._answer(body)
            else:
                await self._stream(body, more)
        else:
            raise RuntimeError(f"{kind} out of turn")

    def _answer(self, body: bytes) -> None:
        if self._status in _BODILESS:
            self.connection.transport.write(self._head(b""))
        elif self.scope["method"] == "HEAD":
            self.connection.transport.write(self._head(_length(self._headers) or b"content-length: %d" % len(body)))
        else:
            self.connection.transport.write(self._head(b"content-length: %d" % len(body)) + body)
        self._finish()

    def _finish(self) -> None:
        self.finished = True
        self.connection.tell()

    def _head(self, framing: bytes) -> bytes:
        """Status line and headers; how long the answer is says `framing` alone. Raises RuntimeError for split headers."""
        lines = [self.connection.front.date]
        lines += [b": ".join(pair) for pair in self._headers if pair[0] not in _OURS]
        if framing:
            lines.append(framing)
        if not self.keep:
            lines.append(b"connection: close")
        elif self.scope["http_version"] == "1.0":
            lines.append(b"connection: keep-alive")
        head = b"%b%b\r\n\r\n" % (_STATUS[self._status], b"\r\n".join(lines))
        if not head.count(b"\n") == head.count(b"\r") == len(lines) + 2:
            raise RuntimeError("a header with a line break")
        return head

    async def _stream(self, body: bytes, more: bool) -> None:
        write = self.connection.transport.write
        if self._left is None:
            write(self._head(self._framing()))
        if self.scope["method"] != "HEAD" and self._status not in _BODILESS:
            if self._left is not None and self._left >= 0:
                self._left -= len(body)
                if self._left < 0 or (self._left and not more):
                    raise RuntimeError("an answer that is not as long as it said")
            if self._chunked:
                body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
                body += b"" if more else b"0\r\n\r\n"
            write(body)
        if more:
            await self.connection.writable()
        else:
            self._finish()

    def _framing(self) -> bytes:
        told = _length(self._headers)
        self._left = int(told[16:]) if told else -1
        if told or self._status in _BODILESS:
            return told
        if self.scope["http_version"] == "1.1":
            self._chunked = True
            return b"transfer-encoding: chunked"
        self.keep = False  # before HTTP/1.1 an answer of unknown length ends with its connection
        return b""

    def _broken(self, failure: Exception | None) -> None:
        """The application gave no whole answer; this is logged once."""
        self.finished, self.keep = True, False
        if self._left is not None:
            log.error("the application broke off its answer", exc_info=failure)
            self.connection.transport.abort()  # the peer sees that what it has is not all
            return
        self.connection.transport.write(refusal(failure or RuntimeError("no answer"), self.connection.front.date))


def _length(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"content-length":
            return b"content-length: %b" % value
    return b""


def refusal(error: Exception, date: bytes) -> bytes:
    """A whole answer with problem details, after which the connection ends."""
    from nhip.graph.api.answers import problem  # here, as all of the graph comes with it

    answer = problem(error)
    lines = [date, b"content-type: %b" % answer.kind.encode("ascii"), b"content-length: %d" % len(answer.body)]
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append(b"retry-after: %d" % RETRY_AFTER_S)
    lines += (b"connection: close", b"", answer.body)
    return _STATUS[answer.status] + b"\r\n".join(lines)

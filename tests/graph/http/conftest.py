"""The HTTP front on real sockets, with an application that tells what it was asked."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nhip.graph.http.limits import HttpLimits
from nhip.graph.http.serving import listening, server

PATIENCE_S = 60.0
Said = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Echo:
    """Answers with what it was asked; some paths do something else."""

    def __init__(self) -> None:
        self.now = self.most = self.began = 0
        self.gone = threading.Event()
        self.entered = threading.Event()
        self.gate: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Let go what waits at /slow."""
        assert self.loop is not None and self.gate is not None
        self.loop.call_soon_threadsafe(self.gate.set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            self.loop, self.gate = asyncio.get_running_loop(), asyncio.Event()
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        self.began += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self._answer(scope, receive, send)
        finally:
            self.now -= 1

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.gate is not None
        message = await receive()
        assert message["type"] == "http.request" and not message["more_body"]
        _empty, kind, *rest = scope["path"].split("/")
        start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
        if kind == "fault":
            raise ValueError("as asked")
        if kind == "slow":
            self.entered.set()
            await self.gate.wait()
        if kind == "gone":
            self.entered.set()
            assert (await receive())["type"] == "http.disconnect"
            self.gone.set()
            return
        if kind == "status":
            start["status"] = int(rest[0])
        if kind == "split":
            start["headers"] = [(b"x", b"a\r\nset-cookie: b")]
        if kind in ("stream", "half"):
            await send(start)
            for _n in range(int(rest[0])):
                await send({"type": "http.response.body", "body": b"piece", "more_body": True})
            if kind == "half":
                raise ValueError("as asked")
            await send({"type": "http.response.body", "body": b"end"})
            return
        body = b"x" * int(rest[0]) if kind == "big" else self._told(scope, message["body"])
        start["headers"] += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send(start)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _told(self, scope: Any, body: bytes) -> bytes:
        headers = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
        told = {name: scope[name] for name in ("method", "path", "http_version")}
        more = {"query": scope["query_string"].decode(), "raw": scope["raw_path"].decode(), "headers": headers}
        return json.dumps({**told, **more, "body": body.decode("latin-1")}).encode()


class Served:
    """A front on a port of this machine."""

    def __init__(self, app: Echo, port: int, connections: set[Any]) -> None:
        self.app, self.port, self.connections = app, port, connections

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)

    def say(self, data: bytes) -> bytes:
        """Everything that is answered to `data` before the connection ends."""
        with self.connect() as peer:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            return everything(peer)

    def ask(self, *requests: bytes) -> list[Said]:
        """The answers to requests sent at once."""
        return parsed(self.say(b"".join(requests)))


@contextmanager
def serving(limits: HttpLimits | None = None) -> Iterator[Served]:
    """The front in a thread, until the end of the block."""
    app, at = Echo(), listening("127.0.0.1", 0)
    running = server(app, limits)
    thread = threading.Thread(target=running.run, args=([at],))
    at.listen(128)
    port = at.getsockname()[1]
    thread.start()
    try:
        yield Served(app, port, running.server_state.connections)
    finally:
        running.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A front with the usual limits."""
    with serving() as found:
        yield found


def everything(peer: socket.socket) -> bytes:
    """What comes until the peer ends the connection."""
    found = bytearray()
    while piece := peer.recv(1 << 20):
        found += piece
    return bytes(found)


def parsed(data: bytes, *, heads: bool = False) -> list[Said]:
    """The answers in a stream; `heads`: those of HEAD, which have no body. Nothing may be left over."""
    found: list[Said] = []
    while data:
        head, mark, data = data.partition(b"\r\n\r\n")
        assert mark, head
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while size := int(data[: data.index(b"\r\n")], 16):
                _size, data = data.split(b"\r\n", 1)
                body, data = body + data[:size], data[size + 2 :]
            data = data[5:]
        elif "content-length" in headers and not heads:
            size = int(headers["content-length"])
            body, data = data[:size], data[size:]
            assert len(body) == size
        elif not first.startswith(("HTTP/1.1 1", "HTTP/1.1 204", "HTTP/1.1 304")) and not heads:
            body, data = data, b""
        found.append((int(first[9:12]), headers, body))
    return found


def request(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: here", *headers, *([f"Content-Length: {len(body)}"] if body else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body

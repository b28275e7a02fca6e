"""However the network cuts a stream of requests, the answers are the same."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import msgspec
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as some

from nhip.graph.http.serving import Front, server
from tests.graph.http.conftest import Echo, request

names = some.text("abcXYZ-", min_size=1, max_size=8)
texts = some.text('abc ,;="/ế', max_size=12)
bodies = some.binary(max_size=60)
paths = some.sampled_from(
    ["/echo", "/stream/3", "/status/204", "/big/9", "/echo?a=b%20c", "/fault", "/echo/Huế?Đ", "/Đ"]
)


@some.composite
def requests(draw: Any) -> bytes:
    """A request in one of many forms, some of them wrong."""
    path, body = draw(paths), draw(bodies)
    headers = [f"{name}: {value}" for name, value in draw(some.lists(some.tuples(names, texts), max_size=4))]
    extra = draw(
        some.sampled_from([[], [], [], ["Connection: close"], ["Connection: upgrade", "Upgrade: h2c"], ["Host: 2"]])
    )
    form = draw(some.integers(0, 9))
    if form == 0:
        return draw(some.binary(min_size=1, max_size=20)) + b"\r\n\r\n"
    if form < 4:
        coded = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]) if part)
        return (
            request(path, "Transfer-Encoding: chunked", *headers, *extra, method="POST") + coded + b"0\r\nT: t\r\n\r\n"
        )
    if form == 4:
        body += "\r\n\r\nGET /Đ ế".encode() + body
    return request(path, *headers, *extra, method="POST" if body else "GET", body=body)


class Wire(asyncio.Transport):
    """Keeps what is written until the connection ends."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = False

    def write(self, data: Any) -> None:
        self.written += b"" if self.ended else data

    def close(self) -> None:
        self.ended = True

    write_eof = abort = close

    def is_closing(self) -> bool:
        return self.ended

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def answers(pieces: list[bytes]) -> bytes:
    """What is written when the pieces come one after another."""
    app = Echo()
    app.gate = asyncio.Event()
    running = server(app)
    front: Any = running.config.http
    assert isinstance(front, Front)
    running.config.load()
    connection, wire = front(running.config, running.server_state, {}, None), Wire()
    front.date = b"date: now"
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
        await asyncio.sleep(0)
    before = None
    while (before, before := (len(wire.written), app.now))[0] != before or app.now:
        for _n in range(8):
            await asyncio.sleep(0)
    connection.connection_lost(None)
    assert front.held == 0
    return wire.written


@settings(max_examples=150, deadline=None)
@given(sent=some.lists(requests(), min_size=1, max_size=5), cuts=some.lists(some.integers(0, 1200), max_size=12))
def test_cut_anywhere(sent: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(sent)
    places = [0, *sorted(cut for cut in set(cuts) if 0 < cut < len(stream)), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    whole, cut = uvloop.run(answers([stream])), uvloop.run(answers(pieces))
    assert whole == cut
    assert whole or b"\r\n\r\n" not in stream


def test_byte_by_byte() -> None:
    sent = [request("/echo", "A: b", method="POST", body=b"abc"), request("/stream/2"), request("/echo", "Host: x")]
    stream = b"".join(sent)
    whole = uvloop.run(answers([stream]))
    assert whole.count(b"HTTP/1.1 200 OK") == 2 and whole.count(b"HTTP/1.1 400 ") == 1
    assert uvloop.run(answers([stream[n : n + 1] for n in range(len(stream))])) == whole
    assert msgspec.json.decode(whole.partition(b"\r\n\r\n")[2].partition(b"HTTP/1.1")[0])["body"] == "abc"

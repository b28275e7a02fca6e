"""What is no HTTP, could be understood in two ways, is too much or too slow: refused with its status, the connection ends."""

from __future__ import annotations

import time

import pytest

from nhip.graph.http.limits import HttpLimits
from tests.graph.http.conftest import PATIENCE_S, Served, everything, parsed, request, serving

HOST = b"Host: here\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /echo HTTP/1.1\r\nHost: smuggled\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="tls"),
        pytest.param(b"hello\r\n\r\n", 400, id="no request"),
        pytest.param(b"GET /echo HTTP/1.1\n" + b"Host: here\n\n", 400, id="bare LF"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: here\nX: y\r\n\r\n", 400, id="bare LF after a header"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: here\rX: y\r\n\r\n", 400, id="bare CR"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: here\r\nX: a\r\n b\r\n\r\n", 400, id="obs-fold"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost : here\r\n\r\n", 400, id="blank before colon"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: he\x00re\r\n\r\n", 400, id="NUL in a header"),
        pytest.param(b"GET \xc4\x90 HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="address begins not in ASCII"),
        pytest.param(b"G\xc4\x90T /echo HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="method not ASCII"),
        pytest.param(b"GET /echo \xc4\x90HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="version not ASCII"),
        pytest.param(b"GET /echo HTTP/1.1\r\nH\xc4\x90: x\r\n" + HOST + b"\r\n", 400, id="name of a header not ASCII"),
        pytest.param(b"\xc4\x90\r\n\r\n" + SMUGGLED, 400, id="nothing in ASCII"),
        pytest.param(b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="fragment"),
        pytest.param(b"GET /echo HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(b"GET /echo HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400, id="two Hosts"),
        pytest.param(b"GET /echo HTTP/2.0\r\n" + HOST + b"\r\n", 505, id="HTTP/2"),
        pytest.param(b"GET /echo\r\n\r\n", 505, id="HTTP/0.9"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="preface of HTTP/2"),
        pytest.param(b"CONNECT here:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405, id="CONNECT"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + SMUGGLED,
            400,
            id="length and chunked",
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
            + SMUGGLED,
            400,
            id="chunked and length",
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" + SMUGGLED,
            400,
            id="two lengths",
        ),
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 2, 2\r\n\r\nab", 400, id="listed lengths"),
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: +2\r\n\r\nab", 400, id="signed length"),
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 0x2\r\n\r\nab", 400, id="hex length"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            id="coding unknown",
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, id="xchunked"
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n",
            400,
            id="two codings",
        ),
        pytest.param(
            b"POST /echo HTTP/1.0\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="chunked in 1.0",
        ),
        pytest.param(CHUNKED + b"-2\r\nab\r\n0\r\n\r\n", 400, id="chunk size signed"),
        pytest.param(CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", 400, id="chunk size no number"),
        pytest.param(CHUNKED + b"fffffffffffffffff\r\nab\r\n0\r\n\r\n", 400, id="chunk size overflows"),
        pytest.param(CHUNKED + b"2 \r\nab\r\n0\r\n\r\n", 400, id="chunk size with blank"),
        pytest.param(CHUNKED + b"2\nab\n0\n\n", 400, id="chunk with bare LF"),
        pytest.param(CHUNKED + b"2;a\nxy\r\nab\r\n0\r\n\r\n", 400, id="chunk extension with bare LF"),
        pytest.param(CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", 400, id="chunk longer than said"),
        pytest.param(request("/" + "a" * 70_000), 414, id="address"),
        pytest.param(request("/a", "X: " + "a" * 200_000), 431, id="one long header"),
        pytest.param(request("/a", *["X: y"] * 200), 431, id="many headers"),
        pytest.param(request("/a", *["X: y"] * 30_000), 431, id="very many headers"),
        pytest.param(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 10000001\r\n\r\n", 413, id="body"),
        pytest.param(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % 10**15, 413, id="huge body"),
        pytest.param(CHUNKED + b"989681\r\n" + b"a" * 0x989681 + b"\r\n0\r\n\r\n", 413, id="chunked body"),
        pytest.param(CHUNKED + b"1;" + b"e" * 300_000 + b"\r\na\r\n0\r\n\r\n", 431, id="endless extension"),
        pytest.param(CHUNKED + b"0\r\nX: " + b"e" * 300_000 + b"\r\n\r\n", 431, id="endless trailer"),
    ],
)
def test_refused(served: Served, sent: bytes, status: int) -> None:
    answers = parsed(served.say(sent))
    assert [one[0] for one in answers] == [status]
    assert answers[0][1]["connection"] == "close"
    assert answers[0][1]["content-type"] == "application/problem+json" and str(status).encode() in answers[0][2]


@pytest.mark.parametrize(
    "cut",
    [
        b"GET /echo",
        b"GET /echo HTTP/1.1\r\nHost: h",
        b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf",
        CHUNKED + b"9\r\nhalf",
        CHUNKED + b"4\r\nhalf\r\n",
    ],
)
def test_what_ends_before_it_is_whole_is_refused(served: Served, cut: bytes) -> None:
    began = served.app.began
    answers = served.ask(request("/echo/1"), cut)
    assert [one[0] for one in answers] == [200, 400] and b"before it is whole" in answers[1][2]
    assert served.app.began == began + 1


def test_a_blank_in_an_address_is_named(served: Served) -> None:
    [(status, _headers, body)] = served.ask(request('/echo?q=name=="Thừa Thiên"'))
    assert status == 400 and b"%20" in body


def test_refused_after_the_answers_to_what_came_before(served: Served) -> None:
    answers = served.ask(request("/echo/1"), request("/echo/2"), b"nonsense\r\n\r\n", request("/echo/3"))
    assert [one[0] for one in answers] == [200, 200, 400]


def test_a_peer_that_sends_on_reads_why_it_was_refused(served: Served) -> None:
    with served.connect() as peer:
        peer.sendall(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 40000000\r\n\r\n")
        for _n in range(40):
            peer.sendall(b"a" * 1_000_000)
        assert [one[0] for one in parsed(everything(peer))] == [413]


def test_an_answer_cannot_be_split(served: Served) -> None:
    found = served.say(request("/split"))
    assert found.startswith(b"HTTP/1.1 500 ") and b"set-cookie" not in found


def test_more_connections_than_allowed() -> None:
    with serving(HttpLimits(connections=3)) as served:
        peers = [served.connect() for _n in range(3)]
        for peer in peers:
            peer.sendall(request("/echo"))
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        [(status, headers, _body)] = served.ask(request("/echo"))
        assert status == 503 and headers["retry-after"] == "2"
        peers.pop().close()
        end = time.monotonic() + PATIENCE_S
        while served.ask(request("/echo"))[0][0] != 200:
            assert time.monotonic() < end
        for peer in peers:
            peer.close()


def test_large_bodies_of_all_connections_together() -> None:
    with serving(HttpLimits(bodies_bytes=3_000_000)) as served:
        with served.connect() as peer:
            peer.sendall(b"POST /slow HTTP/1.1\r\nHost: here\r\nContent-Length: 2000000\r\n\r\n" + b"a" * 2_000_000)
            assert served.app.entered.wait(PATIENCE_S)
            assert served.ask(request("/echo", method="POST", body=b"a" * 2_000_000))[0][0] == 503
            assert served.ask(request("/echo", method="POST", body=b"a" * 60_000))[0][0] == 200
            served.app.open()
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert served.ask(request("/echo", method="POST", body=b"a" * 2_000_000))[0][0] == 200


def test_slow_heads_slow_bodies_idle_and_deaf_peers() -> None:
    limits = HttpLimits(head_s=1, body_s=1, idle_s=1, unread_s=1, linger_s=1)
    with serving(limits) as served:
        begun = (
            b"",
            b"GET /echo HTTP/1.1\r\nHost:",
            b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nabc",
            request("/echo"),
            request("/big/50000000"),
        )
        peers = []
        for told in begun:  # each as soon as it is there: its time runs from then on
            peers.append(served.connect())
            peers[-1].sendall(told)
        silent, head, body, idle, _deaf = peers
        assert everything(silent) == b""
        assert [one[0] for one in parsed(everything(head))] == [408]
        assert [one[0] for one in parsed(everything(body))] == [408]
        assert [one[0] for one in parsed(everything(idle))] == [200]
        end = time.monotonic() + PATIENCE_S
        while served.connections:  # the answer is dropped, not kept for one who does not take it
            assert time.monotonic() < end
            time.sleep(0.05)
        for peer in peers:
            peer.close()

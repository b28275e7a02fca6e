"""Requests and answers as RFC 9112 has them."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time

import pytest

from tests.graph.http.conftest import PATIENCE_S, Served, everything, parsed, request
from tests.graph.mirrors.conftest import until


def test_what_the_application_is_told(served: Served) -> None:
    sent = request("/echo/a%2Fb%C4%90?q=1%202&r", "X-Many: 1", "x-many: 2 ", method="PATCH", body=b"abc")
    [(status, headers, body)] = served.ask(sent)
    told = json.loads(body)
    assert status == 200 and "date" in headers and headers["content-length"] == str(len(body))
    assert told["method"] == "PATCH" and told["path"] == "/echo/a/bĐ" and told["raw"] == "/echo/a%2Fb%C4%90"
    assert told["query"] == "q=1%202&r" and told["body"] == "abc" and told["http_version"] == "1.1"
    assert told["headers"] == [["host", "here"], ["x-many", "1"], ["x-many", "2"], ["content-length", "3"]]


def test_addresses_that_are_not_ascii(served: Served) -> None:
    """As curl and old browsers send them; wherever they stand in what is sent."""
    sent = [
        request('/echo/Huế%C4%90?q=name=="Huế"&b=%C4%90', "X: Huế", method="POST", body="Trạm GET /Huế ".encode()),
        request("/echo/á", "Transfer-Encoding: chunked", method="POST") + b"4\r\n\xe1GET\r\n0\r\n\r\n",
        b"GET /echo/\xe9/\xc0\xaf\xed\xa0\x80?\xff HTTP/1.1\r\nHost: here\r\n\r\n",
    ]
    told = [json.loads(body) for _status, _headers, body in served.ask(*sent)]
    assert told[0]["path"] == "/echo/HuếĐ" and told[0]["raw"] == "/echo/Hu%E1%BA%BF%C4%90"
    assert told[0]["query"] == 'q=name=="Hu%E1%BA%BF"&b=%C4%90'
    assert told[0]["body"].encode("latin-1").decode() == "Trạm GET /Huế "
    assert ["x", "Huế"] in [[name, value.encode("latin-1").decode()] for name, value in told[0]["headers"]]
    assert told[1]["raw"] == "/echo/%C3%A1" and told[1]["body"] == "\xe1GET"
    assert told[2]["raw"] == "/echo/%E9/%C0%AF%ED%A0%80" and told[2]["query"] == "%FF"
    assert told[2]["path"].count("/") == 3, "an overlong slash is none"


@pytest.mark.parametrize(
    "letter", ["ế".encode(), b"\x80", b"\x85", b"\xa0", b"\xc0\x8d\xc0\x8a", b"\xe2\x80\xa8", b"\xff"]
)
def test_nothing_is_understood_that_ascii_could_not_say(served: Served, letter: bytes) -> None:
    """Each with an answer like that to the same in ASCII: nothing ends an address, a head or a body that did not."""
    rest = (
        b"\r\nX: y",
        b"\nX: y",
        b"\rX: y",
        b"\0",
        b" HTTP/1.1\r\nContent-Length: 5",
        b" /echo",
        b"\r\n\r\nGET /echo",
        b"",
        b"\t",
    )
    for part in rest:
        for method in (b"GET", b"POST"):
            said = method + b" /echo/a?b=\x01" + part + b"\x01 HTTP/1.1\r\nHost: here\r\n\r\n" + request("/echo/last")
            plain = b"%%%b" % letter.hex("%").upper().encode()
            answers = [parsed(served.say(said.replace(b"\x01", one))) for one in (letter, plain)]
            assert len({str([(status, body) for status, _headers, body in one]) for one in answers}) == 1


def test_many_on_one_connection(served: Served) -> None:
    with served.connect() as peer:
        for n in range(5):
            peer.sendall(request(f"/echo/{n}"))
            [(status, headers, body)] = parsed(peer.recv(1 << 16))
            assert status == 200 and "connection" not in headers and json.loads(body)["path"] == f"/echo/{n}"


def test_sent_ahead_answered_in_order_one_at_a_time(served: Served) -> None:
    served.app.most = 0
    sent = [request(f"/echo/{n}", method="POST", body=b"a" * (n * 7 % 400)) for n in range(2000)]
    answers = served.ask(*sent)
    assert [json.loads(body)["path"] for _status, _headers, body in answers] == [f"/echo/{n}" for n in range(2000)]
    assert served.app.most == 1


def test_who_does_not_read_is_not_answered_for_ever(served: Served) -> None:
    before = served.app.began
    with served.connect() as peer:
        peer.sendall(request("/big/500000") * 100)
        until(lambda: served.app.began > before)
        began, since = -1, time.monotonic()
        while time.monotonic() - since < 0.5:
            time.sleep(0.01)
            if served.app.began != began:
                began, since = served.app.began, time.monotonic()
        assert 0 < began - before < 60
        peer.shutdown(socket.SHUT_WR)
        found = everything(peer)
        assert found.count(b"HTTP/1.1 200 OK\r\n") == found.count(b"x" * 500_000) == 100


def test_head(served: Served) -> None:
    with served.connect() as peer:
        peer.sendall(request("/big/77", method="HEAD") + request("/big/5", "Connection: close", method="HEAD"))
        answers = parsed(everything(peer), heads=True)
    assert [headers["content-length"] for _status, headers, _body in answers] == ["77", "5"]


def test_close_when_asked_to(served: Served) -> None:
    with served.connect() as peer:
        peer.sendall(request("/echo", "Connection: close") + request("/echo/never"))
        answers = parsed(everything(peer))
    assert len(answers) == 1 and answers[0][1]["connection"] == "close"


def test_http_1_0(served: Served) -> None:
    with served.connect() as peer:
        peer.sendall(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        [(status, headers, _body)] = parsed(peer.recv(1 << 16))
        assert status == 200 and headers["connection"] == "keep-alive"
        peer.sendall(b"GET /stream/3 HTTP/1.0\r\n\r\n")
        [(status, headers, body)] = parsed(everything(peer))
        assert headers["connection"] == "close" and "transfer-encoding" not in headers and body == b"piece" * 3 + b"end"


def test_other_forms_of_addresses(served: Served) -> None:
    answers = served.ask(request("http://here:80/echo/x?y"), request("*", method="OPTIONS"), request("http://here"))
    told = [json.loads(body) for _status, _headers, body in answers[:1]]
    assert (told[0]["path"], told[0]["query"]) == ("/echo/x", "y")


def test_no_body_where_there_is_none(served: Served) -> None:
    answers = served.ask(request("/status/204"), request("/status/304"), request("/echo"))
    assert [status for status, _headers, _body in answers] == [204, 304, 200]
    assert "content-length" not in answers[0][1] and "transfer-encoding" not in answers[0][1]


def test_bodies_in_chunks(served: Served) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = head + b"3;note=x\r\nabc\r\n002\r\nde\r\n0\r\nNGSILD-Tenant: stranger\r\n\r\n"
    answers = served.ask(sent, sent)
    for _status, _headers, body in answers:
        told = json.loads(body)
        assert told["body"] == "abcde" and [name for name, _v in told["headers"]] == ["host", "transfer-encoding"]
    assert len(answers) == 2


def test_a_large_body(served: Served) -> None:
    [(status, _headers, body)] = served.ask(request("/echo", method="POST", body=b"a" * 9_999_999))
    assert status == 200 and len(json.loads(body)["body"]) == 9_999_999


def test_the_body_is_waited_for(served: Served) -> None:
    with served.connect() as peer:
        head = b"POST /echo HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        peer.sendall(head)
        assert peer.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(b"abc")
        assert json.loads(parsed(peer.recv(4096))[0][2])["body"] == "abc"
        served.app.entered.clear()
        peer.sendall(request("/slow") + head)  # nothing may come between the answers
        assert served.app.entered.wait(PATIENCE_S)
        served.app.open()
        found = b""
        while not found.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
            found += peer.recv(4096)
        assert [status for status, _headers, _body in parsed(found)] == [200, 100]
        peer.sendall(b"xyz")
        assert json.loads(parsed(peer.recv(4096))[0][2])["body"] == "xyz"
        peer.sendall(head + b"abc" + request("/echo", "Connection: close"))  # whoever does not wait need not be told
        assert [status for status, _headers, _body in parsed(everything(peer))] in ([200, 200], [100, 200, 200])
    refused = served.ask(request("/echo", "Expect: 100-continue", "Content-Length: 99999999", method="POST"))
    assert [status for status, _headers, _body in refused] == [413]


def test_wishes_for_another_protocol_are_passed_over(served: Served) -> None:
    wish = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
    chunked = request("/echo", *wish, "Transfer-Encoding: chunked", method="POST") + b"2\r\nhi\r\n0\r\n\r\n"
    answers = served.ask(
        request("/echo", *wish), request("/echo", *wish, method="POST", body=b"abc"), chunked, request("/echo/last")
    )
    assert [json.loads(body)["body"] for _status, _headers, body in answers] == ["", "abc", "hi", ""]


def test_streamed(served: Served) -> None:
    answers = served.ask(request("/stream/1000"), request("/stream/0"))
    assert [body for _status, _headers, body in answers] == [b"piece" * 1000 + b"end", b"end"]


def test_faults(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    [(status, headers, body)] = served.ask(request("/fault"))
    assert status == 500 and headers["connection"] == "close" and b"as asked" not in body
    [told] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert told.exc_info is not None and str(told.exc_info[1]) == "as asked"
    caplog.clear()
    with served.connect() as peer:
        peer.sendall(request("/half/3"))
        found = b""
        with contextlib.suppress(ConnectionResetError):
            found = everything(peer)
        assert not found.endswith(b"0\r\n\r\n")
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


def test_who_went_away_is_noticed(served: Served) -> None:
    served.app.entered.clear()
    peer = served.connect()
    peer.sendall(request("/gone"))
    assert served.app.entered.wait(PATIENCE_S)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    peer.close()
    assert served.app.gone.wait(PATIENCE_S)

"""Downloads from a real server on loopback."""

from __future__ import annotations

import base64

import pytest

from nhip.connectors.errors import BadSetting
from nhip.connectors.http.reader import HttpSource, fetch, probe
from nhip.errors import StorageFull
from nhip.security import outgoing_errors as errors
from nhip.security.secrets import Secret
from nhip.testing.fakeserver import Reply, Request, file_reply

BASIC = "Basic " + base64.b64encode("lan:mật".encode()).decode()
CSV = {"Content-Type": "text/csv"}


def test_a_file_comes_once_until_it_changes(serve, sink) -> None:
    bodies = [b"ma,ten\n1,A\n", b"ma,ten\n1,A\n", b"ma,ten\n1,B\n"]
    server = serve(lambda r: file_reply(r, bodies[min(len(server.requests), 3) - 1], CSV))
    source = HttpSource(url=f"{server.url}/data/stops.csv?x=1")
    first = fetch(source, Secret(), {}, sink)
    (payload,) = first.payloads
    assert (payload.filename, payload.media_type, payload.path.read_bytes()) == ("stops.csv", "text/csv", bodies[0])
    assert payload.origin == f"{server.url}/data/stops.csv" and payload.modified is not None
    again = fetch(source, Secret(), first.state, sink)
    assert again.unchanged and "if-none-match" in server.requests[1].headers
    assert "if-modified-since" in server.requests[1].headers
    assert fetch(source, Secret(), again.state, sink).payloads[0].path.read_bytes() == bodies[2]


def test_the_etag_of_another_address_says_nothing(serve, sink) -> None:
    server = serve(lambda r: Reply(body=r.path.encode(), headers={**CSV, "ETag": '"1"'})
                   if r.headers.get("if-none-match") != '"1"' else Reply(status=304))  # fmt: skip
    first = fetch(HttpSource(url=f"{server.url}/a.csv"), Secret(), {}, sink)
    (other,) = fetch(HttpSource(url=f"{server.url}/b.csv"), Secret(), first.state, sink).payloads
    assert other.path.read_bytes() == b"/b.csv"


def test_without_etag_equal_bytes_are_unchanged(serve, sink, leftovers) -> None:
    server = serve(lambda _: Reply(body=b"same", headers=CSV))
    first = fetch(HttpSource(url=server.url), Secret(), {}, sink)
    again = fetch(HttpSource(url=server.url), Secret(), first.state, sink)
    assert again.unchanged and len(leftovers()) == 1


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=\"trạm.csv\"".encode().decode("latin-1"), None),
        ("attachment; filename*=UTF-8''b%E1%BA%BFn%20xe.xlsx", "bến xe.xlsx"),
        ('attachment; filename="../../x.csv"', "_.._x.csv"),
        ("attachment; filename=\"=?utf-8?B?YuG6o25nLmNzdg==?=\"", "bảng.csv"),
        ("attachment", "export"),
        ("attachment; filename=a.csv", "a.csv"),
    ],
)  # fmt: skip
def test_file_names(serve, sink, header: str, name: str | None) -> None:
    server = serve(lambda _: Reply(body=b"1", headers={**CSV, "Content-Disposition": header}))
    (payload,) = fetch(HttpSource(url=f"{server.url}/export"), Secret(), {}, sink).payloads
    assert "/" not in payload.filename
    assert name is None or payload.filename == name


@pytest.mark.parametrize(
    ("auth", "secret", "good"),
    [
        ({"auth": "basic", "username": "lan"}, {"password": "mật"}, lambda r: r.headers.get("authorization") == BASIC),
        ({"auth": "bearer"}, {"token": "t1"}, lambda r: r.headers.get("authorization") == "Bearer t1"),
        ({"auth": "header", "auth_name": "X-API-Key"}, {"token": "t1"}, lambda r: r.headers.get("x-api-key") == "t1"),
        ({"auth": "query", "auth_name": "key"}, {"token": "t1"}, lambda r: r.query.get("key") == "t1"),
    ],
)  # fmt: skip
def test_each_way_to_sign_in(serve, sink, auth, secret, good) -> None:
    server = serve(lambda r: Reply(body=b"1", headers=CSV) if good(r) else Reply(status=401))
    source = HttpSource(url=f"{server.url}/a.csv", **auth)
    (payload,) = fetch(source, Secret(secret), {}, sink).payloads
    assert "t1" not in payload.origin
    with pytest.raises(errors.WrongCredentials):
        fetch(source, Secret(dict.fromkeys(secret, "wrong")), {}, sink)


def test_a_key_needs_a_name(sink) -> None:
    with pytest.raises(BadSetting):
        fetch(HttpSource(url="http://127.0.0.1/", auth="header"), Secret({"token": "x"}), {}, sink)


def test_a_sign_in_page_is_not_data(serve, sink, leftovers) -> None:
    page = b"\n<!DOCTYPE html><html><form action=login>"
    server = serve(lambda _: Reply(body=page, headers={"Content-Type": "text/html"}))
    with pytest.raises(errors.NotTheAnswer):
        fetch(HttpSource(url=server.url), Secret(), {}, sink)
    assert leftovers() == []
    assert fetch(HttpSource(url=server.url, accept_html=True), Secret(), {}, sink).payloads[0].size == len(page)


def test_excel_that_is_html_inside_is_taken(serve, sink) -> None:
    server = serve(lambda _: Reply(body=b"<html><table>", headers={"Content-Type": "application/vnd.ms-excel"}))
    assert len(fetch(HttpSource(url=f"{server.url}/a.xls"), Secret(), {}, sink).payloads) == 1


def test_a_cut_download_leaves_nothing_and_keeps_the_state(serve, sink, leftovers) -> None:
    server = serve(lambda _: Reply(headers={**CSV, "Content-Length": "500"}, wire=lambda w: w.write(b"half")))
    with pytest.raises(errors.AnswerCutShort):
        fetch(HttpSource(url=server.url), Secret(), {"etag": "x"}, sink)
    assert leftovers() == []


def test_a_full_disk_stops_a_download(serve, sink, leftovers) -> None:
    server = serve(lambda _: Reply(body=b"data", headers=CSV))
    sink._reserve = 1 << 60
    with pytest.raises(StorageFull):
        fetch(HttpSource(url=server.url), Secret(), {}, sink)
    assert leftovers() == []


def test_test_reads_the_beginning_only(serve, settings) -> None:
    sent = []

    def endless(wire) -> None:
        for _ in range(2000):
            wire.write(b"x" * 65536)
            sent.append(1)

    server = serve(lambda _: Reply(headers=CSV, wire=endless))
    result = probe(HttpSource(url=f"{server.url}/a.csv"), Secret(), settings)
    assert result.would_fetch == ["a.csv"] and "text/csv" in result.notes[0].text()
    assert len(sent) < 2000


def test_the_query_is_sent_but_not_shown(serve, sink) -> None:
    seen: list[Request] = []
    server = serve(lambda r: seen.append(r) or Reply(status=500))
    with pytest.raises(errors.RemoteFailed) as caught:
        fetch(HttpSource(url=f"{server.url}/a?ward=1&key=s3cret"), Secret(), {}, sink)
    assert seen[0].query == {"ward": "1", "key": "s3cret"} and "s3cret" not in str(caught.value)

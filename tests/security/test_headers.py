"""Every answer of the whole application carries the careful headers; only our own names are answered under."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.protect import CLEAR_SITE_DATA, HEADERS, host_in
from nhip.settings import Settings, load
from nhip.testing.sector import signed_in_client
from nhip.testing.serving import free_port
from tests.security.edge import client_at, raw_answer, small

PLACES = {"uuid": str(uuid.UUID(int=7)), "int": "7", "path": "a/b", "str": "nothing-here"}
STREAMS = ("/live",)


def asked(app: Litestar) -> list[tuple[str, str, bool]]:
    """Every route by every method with something in its places, and whether it is for everybody.

    Reading comes first, for a change may end the session.
    """
    found = []
    for route in app.routes:
        parts = getattr(route, "path_components", None) or [route.path.lstrip("/")]
        shape = "/" + "/".join(p if isinstance(p, str) else PLACES.get(p.type.__name__.lower(), "x") for p in parts)
        for method in getattr(route, "methods", ()) or ("GET", "POST"):
            handlers = [h for h in getattr(route, "route_handlers", ()) if method in h.http_methods]
            public = bool(handlers) and all(h.opt.get("permission") == PUBLIC for h in handlers)
            found.append((str(method), shape, public))
    return sorted((each for each in found if each[1] not in STREAMS), key=lambda each: (each[0] != "GET", each))


FOR_ALL = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""What open data say besides: every website may read them."""


def faults(path: str, answer, public: bool = False) -> list[str]:
    """What is wrong with the headers of an answer. `public`: its route is for everybody, so it may be open to all websites."""
    headers = answer.headers
    is_open = public and "access-control-allow-origin" in headers
    wanted = HEADERS | (FOR_ALL if is_open else {})
    if headers.get("referrer-policy") == "no-referrer":  # stricter: addresses with a token in them
        wanted = {name: value for name, value in wanted.items() if name != "referrer-policy"}
    if path.startswith("/static/"):  # what a page may ask a browser for is the page's to say
        wanted = {name: value for name, value in wanted.items() if name != "permissions-policy"}
    wrong = [name for name, value in wanted.items() if headers.get(name) != value]
    if "cache-control" not in headers:
        wrong.append("cache-control")
    if (
        not is_open
        and not path.startswith(("/static", "/favicon", "/robots.txt", "/sitemap.xml"))
        and "public" in headers.get("cache-control", "")
        and not (
            public and "no-cache" in headers["cache-control"]
        )  # kept for strangers alone, and asked after each time
    ):
        wrong.append("public")
    if is_open and "set-cookie" in headers:
        wrong.append("set-cookie")
    if answer.content and not headers.get("content-type", ""):
        wrong.append("content-type")
    if headers.get("content-type", "").startswith("text/html") and "charset=utf-8" not in headers["content-type"]:
        wrong.append("charset")
    never = ["x-powered-by", "access-control-allow-credentials"] + ([] if is_open else ["access-control-allow-origin"])
    return wrong + [name for name in never if name in headers]


@pytest.fixture
async def stranger(installation: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with AsyncTestClient(create_app(installation.settings), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_every_route_answers_with_the_headers(installation: Installation, stranger, accept: str) -> None:
    wrong, seen = {}, set()
    async with signed_in_client(installation) as officer:
        for method, path, public in asked(officer.app):
            for who in (stranger, officer):
                answer = await who.request(method, path, headers={"accept": accept}, follow_redirects=False)
                seen.add(answer.status_code)
                if found := faults(path, answer, public):
                    wrong[method, path] = found
    assert wrong == {}
    assert {200, 303, 404} <= seen if accept == "text/html" else {200, 401, 404} <= seen


@get("/broken")
async def broken() -> str:
    raise RuntimeError("secret detail")


@post("/small", request_max_body_size=10)
async def limited(request: Request) -> bytes:
    return await request.body()


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
async def test_error_answers_have_them_too(accept: str) -> None:
    own = {"accept": accept, "origin": "http://nhip.example"}
    async with client_at(small(Settings(base_url="http://nhip.example"), broken, limited), headers=own) as client:
        asked = {
            404: await client.get("/nothing"),
            405: await client.post("/broken"),
            413: await client.post("/small", content=b"x" * 11, headers={"content-type": "text/plain"}),
            500: await client.get("/broken"),
            403: await client.post("/small", headers={"origin": "http://evil.example"}),
            421: await client.get("/nothing", headers={"host": "evil.example"}),
        }
    for status, answer in asked.items():
        assert answer.status_code == status
        assert faults("/", answer) == [], status
        assert "secret detail" not in answer.text


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    policy = dict(part.partition(" ")[::2] for part in HEADERS["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert not re.search(r"unsafe|https?:|\*", HEADERS["content-security-policy"])


def test_devices_are_closed_but_for_what_pages_use() -> None:
    told = dict(part.split("=") for part in HEADERS["permissions-policy"].split(", "))
    assert {name for name, who in told.items() if who != "()"} == {
        "fullscreen", "geolocation", "publickey-credentials-create", "publickey-credentials-get",
    }  # fmt: skip
    assert {"camera", "microphone", "payment", "usb", "display-capture", "browsing-topics"} <= set(told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(base_url="https://nhip.example"), "max-age=63072000; includeSubDomains"),
        (Settings(base_url="https://nhip.example", hsts_subdomains=False), "max-age=63072000"),
        (Settings(base_url="http://nhip.example"), None),
        (Settings(), None),
    ],
)
async def test_transport_security_is_told_over_https_only(settings: Settings, told: str | None) -> None:
    async with client_at(small(settings), url="http://127.0.0.1") as client:
        for path in ("/health", "/nothing", "/static/x/nhip.css"):
            assert (await client.get(path)).headers.get("strict-transport-security") == told


async def test_pages_stay_out_of_caches_and_files_in_them() -> None:
    async with client_at(small(Settings()), url="http://127.0.0.1") as client:
        page = await client.get("/nothing", headers={"accept": "text/html"})
        assert page.headers["cache-control"] == "private, no-store"
        assert (await client.get("/static/x/nhip.css")).headers["cache-control"] == "no-cache"


def test_signing_out_clears_pages_and_storage_but_not_the_language() -> None:
    assert CLEAR_SITE_DATA == {"Clear-Site-Data": '"cache", "storage"'}


async def test_whoever_signs_out_is_forgotten_by_the_browser(installation: Installation) -> None:
    async with signed_in_client(installation) as client:
        answer = await client.post("/signout", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == CLEAR_SITE_DATA["Clear-Site-Data"]


async def test_a_forged_notice_cannot_widen_a_page() -> None:
    """The notice of the last act waits in a cookie, whose places are filled in: a width in one would fill the memory."""
    for text in ("{n:>999999999}", "{n!r:>999999999}", "{n.real}", "{n[0]}", "{", "}", "{n:{n}}"):
        value = base64.urlsafe_b64encode(json.dumps({"text": text, "values": {"n": "a"}}).encode()).decode()
        async with client_at(small(Settings()), url="http://127.0.0.1") as client:
            answer = await client.get("/nothing", headers={"accept": "text/html", "cookie": f"nhip_notice={value}"})
        assert answer.status_code == 404 and len(answer.content) < 20_000, text


# --- the real server ---------------------------------------------------------------------------------------------


def served() -> Litestar:
    """What Granian serves below."""
    return small(Settings(), injected, limited)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    code = (
        "from granian.server import Server; from granian.constants import Interfaces;"
        f"Server('tests.security.test_headers:served', factory=True, port={number}, interface=Interfaces.ASGI).serve()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    try:
        for _ in range(2400):
            assert process.poll() is None
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
                break
            time.sleep(0.05)
        yield number
    finally:
        process.terminate()
        process.wait(60)


def on_the_wire(port: int, request: bytes) -> bytes:
    """What the server says to these very bytes, until it closes or a second of silence after that."""
    with socket.create_connection(("127.0.0.1", port), 60) as wire:
        wire.sendall(request)
        said = b""
        with contextlib.suppress(TimeoutError):
            while part := wire.recv(65_536):
                said += part
                wire.settimeout(1)
    return said


def test_the_server_does_not_tell_its_make(port: int) -> None:
    said = on_the_wire(port, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").lower()
    assert said.startswith(b"http/1.1 200") and said.count(b"\r\nserver:") == 1
    assert b"\r\nserver: nhip\r\n" in said and b"granian" not in said


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
    ],
)
def test_requests_of_two_lengths_are_not_two_requests(port: int, lines: bytes) -> None:
    """Request smuggling: nothing after an ambiguous body may be read as another request on the same line."""
    hidden = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = b"0\r\n\r\n" + hidden
    request = b"POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n" + lines + b"\r\n\r\n" + body
    said = on_the_wire(port, request)
    assert b'"ready"' not in said, said


# --- header injection --------------------------------------------------------------------------------------------


@get("/injected")
async def injected(request: Request) -> Response[None]:
    value = request.query_params["value"]
    return Response(
        None, headers={"X-Good": "yes", "Location": value, "Content-Disposition": f'attachment; filename="{value}"'}
    )


@pytest.mark.parametrize("break_", ["%0d%0a", "%0a", "%0d", "%00"])
async def test_a_line_break_in_a_header_never_leaves(break_: str) -> None:
    path = f"/injected?value=/x{break_}Set-Cookie:%20stolen=1{break_}{break_}<script>"
    _status, headers = await raw_answer(small(Settings(), injected), "GET", path, [(b"host", b"127.0.0.1")])
    assert headers["x-good"] == "yes"
    assert "location" not in headers and "content-disposition" not in headers and "set-cookie" not in headers
    assert not any(sign in value for value in headers.values() for sign in "\r\n\0")


# --- cookies -----------------------------------------------------------------------------------------------------


@get("/cookies")
async def cookies(request: Request) -> Response[str]:
    told = Cookie(key="nhip_notice", value="n", httponly=True, domain="example", path="/x")
    return Response(
        request.headers.get("cookie", ""), cookies=[told, Cookie(key="__Host-nhip", value="s", secure=True)]
    )


async def test_over_https_every_cookie_is_bound_to_this_host() -> None:
    app = small(Settings(base_url="https://nhip.example"), cookies)
    sent = "nhip_theme=dark; __Host-nhip_lang=en; __Host-nhip=abc; __Host-nhip-second=def; other=1"
    async with client_at(app) as client:
        answer = await client.get("/cookies?lang=vi&theme=dark", headers={"cookie": sent})
        again = await client.get("/nothing", headers={"cookie": "__Host-nhip_lang=en", "accept": "text/html"})
        forged = await client.get("/nothing", headers={"cookie": "nhip_lang=en", "accept": "text/html"})
    assert answer.text == "nhip_lang=en; __Host-nhip=abc; __Host-nhip-second=def; other=1"
    lines = answer.headers.get_list("set-cookie")
    assert {line.partition("=")[0] for line in lines} == {
        "__Host-nhip_notice", "__Host-nhip", "__Host-nhip_lang", "__Host-nhip_theme",
    }  # fmt: skip
    for line in lines:
        words = [part.strip().lower() for part in line.split(";")[1:]]
        assert words.count("secure") == 1 and words.count("path=/") == 1 and "samesite=lax" in words
        assert not any(word.startswith("domain") for word in words)
    assert 'lang="en"' in again.text and 'lang="vi"' in forged.text


async def test_over_http_cookies_stay_as_they_are() -> None:
    async with client_at(small(Settings(base_url="http://nhip.example"), cookies)) as client:
        answer = await client.get("/cookies?lang=vi", headers={"cookie": "nhip_lang=en"})
    assert answer.text == "nhip_lang=en"
    assert any(line.startswith("nhip_lang=vi;") for line in answer.headers.get_list("set-cookie"))


# --- our own names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "hosts", "host", "status"),
    [
        ("https://nhip.example", "", "nhip.example", 404),
        ("https://nhip.example", "", "NHIP.example:443", 404),
        ("https://nhip.example", "", "nhip.example.", 404),
        ("https://nhip.example", "", "localhost:8321", 404),
        ("https://nhip.example", "", "[::1]:8321", 404),
        ("https://nhip.example", "intern.example, 10.1.2.3", "intern.example", 404),
        ("https://nhip.example", "intern.example, 10.1.2.3", "10.1.2.3:80", 404),
        ("", "", "192.168.7.7:8321", 404),
        ("", "", "[2001:db8::1]", 404),
        ("https://nhip.example", "", "192.168.7.7", 421),
        ("https://nhip.example", "", "evil.example", 421),
        ("https://nhip.example", "", "nhip.example.evil.example", 421),
        ("https://nhip.example", "", "evil.example@nhip.example", 421),
        ("https://nhip.example", "", "nhip.example/evil", 421),
        ("https://nhip.example", "", "nhip.example:99999", 421),
        ("https://nhip.example", "", "", 421),
        ("", "", "rebind.example", 421),
        ("", "", "localhost.evil.example", 421),
    ],
)
async def test_only_our_own_names_are_answered(base_url: str, hosts: str, host: str, status: int) -> None:
    app = small(Settings(base_url=base_url, hosts=hosts))
    assert (await raw_answer(app, "GET", "/nothing", [(b"host", host.encode())]))[0] == status


async def test_two_names_or_none_are_refused_and_forwarded_ones_not_read() -> None:
    app = small(Settings(base_url="https://nhip.example"))
    good = (b"host", b"nhip.example")
    assert (await raw_answer(app, "GET", "/nothing", []))[0] == 421
    assert (await raw_answer(app, "GET", "/nothing", [good, (b"host", b"evil.example")]))[0] == 421
    status, headers = await raw_answer(app, "GET", "/console", [good, (b"x-forwarded-host", b"evil.example")])
    assert status == 404 and "evil" not in str(headers)


async def test_probes_may_ask_by_the_machines_address() -> None:
    app = small(Settings(base_url="https://nhip.example"))
    for path in ("/health", "/metrics"):
        assert (await raw_answer(app, "GET", path, [(b"host", b"10.0.0.9:8321")]))[0] == 200
    style = app.state.static.url("nhip.css")
    assert (await raw_answer(app, "GET", style, [(b"host", b"evil.example")]))[0] == 200, "the refusal is readable"


def test_the_settings_of_the_edge_are_read_from_the_environment(tmp_path) -> None:
    environ = {"NHIP_DATA_DIR": str(tmp_path), "NHIP_HSTS_SUBDOMAINS": "False", "NHIP_HOSTS": "a.example"}
    settings = load(environ=environ)
    assert (settings.hsts_subdomains, settings.hosts) == (False, "a.example")


def test_a_host_is_read_strictly() -> None:
    assert [host_in(text) for text in ("A.example:1", "[::1]:2", "a/b", "a b", "", "u@a")][:2] == ["a.example", "::1"]
    assert host_in("a/b") == host_in("u@a") == host_in("a?b") == host_in("a#b") == ""


@pytest.mark.parametrize(
    ("tiles", "sources"),
    [
        ("", "'self' data: blob:"),
        ("https://tiles.example.vn/{z}/{x}/{y}.png", "'self' https://tiles.example.vn data: blob:"),
        ("https://tiles.example.vn; script-src *", "'self' data: blob:"),
        ("javascript:alert(1)", "'self' data: blob:"),
    ],
)
async def test_only_the_background_of_maps_may_come_from_elsewhere(
    installation: Installation, tiles: str, sources: str
) -> None:
    async with AsyncTestClient(create_app(msgspec.structs.replace(installation.settings, map_tiles=tiles))) as client:
        policy = (await client.get("/health")).headers["content-security-policy"]
    assert f"img-src {sources};" in policy and "script-src 'self';" in policy

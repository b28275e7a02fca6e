"""Outgoing connections against a real server on loopback, and the judgement of addresses."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import ipaddress
import itertools
import re
import socket
import ssl
import threading
import zlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

import nhip
from nhip.security import outgoing_errors as errors
from nhip.security.addresses import allowed_networks, checked_address, may_connect, plain_address
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_auth import QueryCredentials, basic, bearer
from nhip.settings import Settings
from nhip.testing.fakeserver import FakeServer, Reply, Request

LOCAL = Settings(outgoing_private="127.0.0.0/8", fetch_timeout_s=30)
CLOSED = Settings(fetch_timeout_s=2)


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        yield lambda answer: stack.enter_context(FakeServer(answer))


def text(body: bytes = b"data", **headers: str) -> Reply:
    return Reply(body=body, headers={"Content-Type": "text/csv", **headers})


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "192.0.2.5",
        "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:1::1", "fec0::1", "100::1",
    ],
)  # fmt: skip
def test_private_and_reserved_addresses_are_refused(address: str) -> None:
    assert not may_connect(plain_address(address), ())


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "113.160.1.1", "2400:cb00::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8", "172.32.0.1"],
)
def test_public_addresses_are_accepted(address: str) -> None:
    assert may_connect(plain_address(address), ())


@given(st.ip_addresses())
def test_wrapping_never_opens_an_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.version == 4 and not may_connect(address, ()):
        number = int(address)
        for wrapped in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80, number):
            assert not may_connect(plain_address(str(ipaddress.IPv6Address(wrapped))), ())


def test_a_setting_opens_a_network_but_never_a_metadata_service() -> None:
    networks = allowed_networks(Settings(outgoing_private="10.0.0.0/8, 169.254.0.0/16, fd00::/8"))
    assert may_connect(plain_address("10.2.3.4"), networks)
    assert may_connect(plain_address("::ffff:10.2.3.4"), networks)
    assert may_connect(plain_address("fd00::5"), networks)
    assert not may_connect(plain_address("192.168.0.1"), networks)
    assert not may_connect(plain_address("169.254.169.254"), networks)
    assert not may_connect(plain_address("fd00:ec2::254"), networks)


def test_an_unreadable_setting_is_named() -> None:
    with pytest.raises(Exception, match="outgoing_private"):
        allowed_networks(Settings(outgoing_private="10.0.0.0/99"))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost", "0"]
)
def test_every_spelling_of_loopback_is_refused(host: str) -> None:
    with pytest.raises(errors.AddressRefused):
        checked_address(host, 80, CLOSED)


def test_only_the_allowed_addresses_of_a_name_are_used() -> None:
    def resolve(_name: str, port: int, **_kind: object) -> list[object]:
        return [(2, 1, 6, "", ("10.0.0.1", port)), (2, 1, 6, "", ("8.8.8.8", port))]

    assert [found.ip for found in checked_address("mixed.example", 80, CLOSED, resolve)] == ["8.8.8.8"]


def test_a_name_is_resolved_once_and_that_address_is_connected_to(serve, monkeypatch) -> None:
    """DNS rebinding: the second look-up would give a private address; it must never happen."""
    server = serve(lambda _: text())
    answers = itertools.chain(["127.0.0.1"], itertools.repeat("10.0.0.1"))
    real = socket.getaddrinfo

    def resolve(name: str, port: int, *args: object, **kind: object) -> object:
        return real(next(answers) if name == "rebind.example" else name, port, *args, **kind)

    monkeypatch.setattr("nhip.security.addresses.open_socket.__defaults__", (10.0, resolve))
    with Outgoing(LOCAL) as out:
        assert out.get(f"http://rebind.example:{server.port}/").content == b"data"
    assert server.requests[0].headers["host"] == f"rebind.example:{server.port}"


def test_unknown_names_and_closed_ports_say_so() -> None:
    with Outgoing(LOCAL) as out:
        with pytest.raises(errors.NameNotFound):
            out.get("http://no-such-name.invalid/")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(errors.Unreachable):
                out.get(f"http://127.0.0.1:{taken.getsockname()[1]}/")


@pytest.mark.parametrize(
    "url", ["ftp://x/", "file:///etc/passwd", "gopher://x", "", "http://", "http://u:p@host/", "//host", "http://[bad/"]
)
def test_other_schemes_and_embedded_passwords_are_refused(url: str) -> None:
    with Outgoing(LOCAL) as out, pytest.raises(errors.BadAddress) as caught:
        out.get(url)
    assert "u:p" not in str(caught.value)


# --- tricks ------------------------------------------------------------------------------------------------------

SPELLED = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.01", "017700000001", "127.0.0.1.", "LOCALHOST",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "0", "0.0.0.0", "[::]", "169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "10.0.0.1", "0xa000001", "192.168.0.1", "3232235521", "[fe80::1]", "[fc00::1]", "100.100.100.200",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLED)
def test_no_spelling_of_an_inner_address_is_connected_to(host: str, monkeypatch) -> None:
    """Decimal, octal, hexadecimal, short, wrapped and Unicode forms, by way of the whole client."""
    monkeypatch.setattr("nhip.security.addresses.connect", lambda *_a, **_k: pytest.fail("connected"))
    with Outgoing(CLOSED) as out, pytest.raises((errors.AddressRefused, errors.BadAddress, errors.NameNotFound)):
        out.get(f"http://{host}/latest/meta-data/")


ELSEWHERE = [
    host
    for host in SPELLED
    if re.match(r"(169|2852|0xa|10\.|192|3232|100|\[(fd|fe|fc|::ffff:a9))", host) and host[0] != "\u2460"
]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_redirect_spells_its_way_to_an_inner_address(host: str, serve) -> None:
    server = serve(lambda _: Reply(status=302, headers={"Location": f"http://{host}:9/"}))
    with Outgoing(LOCAL) as out, pytest.raises(errors.AddressRefused):
        out.get(server.url)


@pytest.mark.parametrize(
    "url",
    [
        "http://good.example\\@127.0.0.1/", "http://good.example:80@127.0.0.1/", "http://127.0.0.1%00.good.example/",
        "http://127.0.0.1\r\nHost: good.example/", "http://good.example/\r\nX: y", "http://[fe80::1%25eth0]/", "http://a b/",
        "javascript:alert(1)", "data:text/html,x", "jar:http://x!/y", "dict://127.0.0.1:11211/", "ldap://x/",
        "https:/x", "http:x",
    ],
)  # fmt: skip
def test_addresses_that_two_readers_read_differently_are_refused(url: str, monkeypatch) -> None:
    monkeypatch.setattr("nhip.security.addresses.connect", lambda *_a, **_k: pytest.fail("connected"))
    with Outgoing(CLOSED) as out, pytest.raises(errors.BadAddress):
        out.get(url)


@pytest.mark.parametrize("port", [0, 65_536, 99_999])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with Outgoing(LOCAL) as out, pytest.raises(errors.OutgoingError):
        out.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("name", ["metadata.google.internal", "instance-data", "public.example"])
def test_a_name_that_leads_to_a_metadata_service_is_refused(name: str) -> None:
    def resolve(_name: str, port: int, **_kind: object) -> list[object]:
        return [(2, 1, 6, "", ("169.254.169.254", port)), (10, 1, 6, "", ("fd00:ec2::254", port, 0, 0))]

    open_to_all = Settings(outgoing_private="0.0.0.0/0, ::/0")
    for settings in (CLOSED, open_to_all):
        with pytest.raises(errors.AddressRefused):
            checked_address(name, 80, settings, resolve)


def test_a_name_that_changes_between_a_page_and_its_redirect_is_judged_again(serve, monkeypatch) -> None:
    """Rebinding by redirect: the same name, another port, and now an inner address."""
    server = serve(lambda _: Reply(status=302, headers={"Location": "http://rebind.example:9/admin"}))
    answers = itertools.chain(["127.0.0.1"], itertools.repeat("10.0.0.1"))
    real = socket.getaddrinfo

    def resolve(name: str, port: int, *args: object, **kind: object) -> object:
        return real(next(answers) if name == "rebind.example" else name, port, *args, **kind)

    monkeypatch.setattr("nhip.security.addresses.open_socket.__defaults__", (10.0, resolve))
    with Outgoing(LOCAL) as out, pytest.raises(errors.AddressRefused) as caught:
        out.get(f"http://rebind.example:{server.port}/")
    assert caught.value.values["address"] == "10.0.0.1"


def test_proxies_of_the_environment_are_not_asked(serve, monkeypatch) -> None:
    trap = serve(lambda _: text(b"from the proxy"))
    server = serve(lambda _: text(b"from the source"))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, trap.url)
    with Outgoing(LOCAL) as out:
        assert out.get(server.url).content == b"from the source"
    assert trap.requests == []


def test_nothing_else_in_the_product_opens_connections() -> None:
    """One place for outgoing connections: other modules import no client library, the database's driver aside."""
    allowed = {
        "nhip/security/",
        "nhip/db/",
        "nhip/testing/",
        "nhip/serve.py",
        "nhip/connectors/sftp/",
        "nhip/connectors/sql/",
        "nhip/graph/registrations/client.py",  # over GuardedTransport
        "nhip/graph/http/serving.py",  # only listens
        "nhip/portal/dcat/reach.py",  # asks the application itself, without a network
        "nhip/portal/people/mail.py",  # to the mail server that the settings name
    }
    client = re.compile(
        r"^\s*(?:import|from) (?:httpx|httpcore|requests|urllib3?\.request|http\.client|aiohttp|socket|ftplib|smtplib)\b",
        re.M,
    )
    root = Path(nhip.__file__).parents[1]
    found = [
        str(path.relative_to(root)) for path in (root / "nhip").rglob("*.py") if client.search(path.read_text("utf-8"))
    ]
    assert [path for path in found if not path.startswith(tuple(allowed))] == []


# --- redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]:1/"])
def test_a_redirect_to_a_private_address_is_refused(serve, target: str) -> None:
    server = serve(lambda _: Reply(status=302, headers={"Location": target}))
    with Outgoing(LOCAL) as out, pytest.raises(errors.AddressRefused):
        out.get(server.url)


def test_loopback_is_refused_when_not_allowed(serve) -> None:
    server = serve(lambda _: text())
    with Outgoing(CLOSED) as out, pytest.raises(errors.AddressRefused) as caught:
        out.get(server.url)
    assert "outgoing_private" in str(caught.value) and server.requests == []


def test_five_redirects_are_followed_and_six_are_not(serve) -> None:
    def answer(request: Request) -> Reply:
        left = int(request.path.strip("/"))
        return Reply(status=307, headers={"Location": f"/{left - 1}"}) if left else text(b"end")

    server = serve(answer)
    with Outgoing(LOCAL) as out:
        assert out.get(f"{server.url}/5").content == b"end"
        with pytest.raises(errors.RedirectRefused):
            out.get(f"{server.url}/6")


def test_a_redirect_to_a_file_is_refused(serve) -> None:
    server = serve(lambda _: Reply(status=302, headers={"Location": "file:///etc/passwd"}))
    with Outgoing(LOCAL) as out, pytest.raises(errors.RedirectRefused):
        out.get(server.url)


@pytest.mark.parametrize("credentials", [basic("lan", "s3cret"), bearer("s3cret"), QueryCredentials("key", "s3cret")])
def test_credentials_stay_with_their_origin(serve, credentials) -> None:
    other = serve(lambda _: text())
    first = serve(lambda _: Reply(status=302, headers={"Location": f"{other.url}/x"}))
    with Outgoing(LOCAL, credentials, headers={"X-Agency": "SGTVT"}) as out:
        out.get(first.url)
    sent = first.requests[0]
    assert sent.headers["x-agency"] == "SGTVT" and "x-agency" not in other.requests[0].headers
    assert "s3cret" in sent.query.get("key", "") or "authorization" in sent.headers
    assert "authorization" not in other.requests[0].headers and other.requests[0].query == {}
    assert "s3cret" not in repr(credentials)


def _certificate(tmp_path) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nhip test")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = cert.public_bytes(serialization.Encoding.PEM)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "c.pem").write_bytes(pem + plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem")
    return context, pem.decode()


def test_tls_is_verified_and_never_given_up_while_signed_in(serve, tmp_path) -> None:
    plain = serve(lambda _: text(b"plain"))
    context, pem = _certificate(tmp_path)
    server = FakeServer(lambda _: Reply(status=302, headers={"Location": plain.url}))
    server.start(tls=context)
    try:
        with Outgoing(LOCAL) as out, pytest.raises(errors.TlsFailed) as caught:
            out.get(server.url)
        assert "self-signed" in str(caught.value)
        with Outgoing(LOCAL, ca_certificate=pem) as out:
            assert out.get(server.url).content == b"plain"
        with Outgoing(LOCAL, bearer("t"), ca_certificate=pem) as out, pytest.raises(errors.RedirectRefused):
            out.get(server.url)
        assert len(plain.requests) == 1
    finally:
        server.stop()


# --- bodies ------------------------------------------------------------------------------------------------------


def test_compressed_bodies_are_unpacked(serve) -> None:
    body = "Phường Thuận Hóa\n".encode() * 5000
    server = serve(lambda _: text(gzip.compress(body), **{"Content-Encoding": "gzip"}))
    with Outgoing(LOCAL) as out:
        assert out.get(server.url).content == body


def test_a_bomb_is_stopped(serve) -> None:
    pack = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(pack.compress(bytes(1 << 20)) for _ in range(200)), pack.flush()])
    assert len(bomb) < 300_000
    server = serve(lambda _: text(bomb, **{"Content-Encoding": "gzip"}))
    with Outgoing(LOCAL) as out, pytest.raises(errors.PackedTooTightly):
        out.get(server.url, max_bytes=1 << 40)


def test_size_limits_hold_with_and_without_a_declared_length(serve) -> None:
    def endless(wire) -> None:
        for _ in range(64):
            wire.write(b"x" * 65536)

    server = serve(lambda r: text(b"x" * 200_000) if r.path == "/declared" else Reply(wire=endless))
    with Outgoing(LOCAL) as out:
        for path in ("/declared", "/endless"):
            with pytest.raises(errors.AnswerTooLarge):
                out.get(server.url + path, max_bytes=100_000)


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "1000"}, {"Content-Encoding": "gzip"}, {"Transfer-Encoding": "chunked"}]
)
def test_a_body_cut_short_is_not_a_body(serve, headers: dict[str, str]) -> None:
    part = gzip.compress(b"abc" * 1000)[:-20] if "Content-Encoding" in headers else b"5\r\nabcde\r\n"
    server = serve(lambda _: Reply(headers=headers, wire=lambda wire: wire.write(part)))
    with Outgoing(LOCAL) as out, pytest.raises(errors.AnswerCutShort):
        out.get(server.url)


# --- time --------------------------------------------------------------------------------------------------------


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = Settings(outgoing_private="127.0.0.0/8", fetch_timeout_s=1)
        with Outgoing(settings) as out, pytest.raises(errors.TimedOut) as caught:
            out.get(f"http://127.0.0.1:{silent.getsockname()[1]}/", tries=1)
    assert "1 seconds" in str(caught.value)


def test_headers_that_drip_are_given_up() -> None:
    """Each byte comes in time, the whole never does: only a deadline for the head ends this."""
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.1):
                peer.sendall(b"X")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        with (
            Outgoing(Settings(outgoing_private="127.0.0.0/8", fetch_timeout_s=1)) as out,
            pytest.raises(errors.TimedOut),
        ):
            out.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", tries=1)
        stop.set()
        thread.join()


def test_a_body_that_stalls_or_drips_is_given_up(serve) -> None:
    stop = threading.Event()

    def drip(wire) -> None:
        while not stop.wait(0.05):
            wire.write(b"x")
            wire.flush()

    server = serve(
        lambda r: Reply(
            headers={"Content-Length": "9999"}, wire=drip if r.path == "/drip" else lambda _: stop.wait(120)
        )
    )
    settings = Settings(outgoing_private="127.0.0.0/8", fetch_timeout_s=1)
    with Outgoing(settings, total_s=0.5) as out, pytest.raises(errors.TimedOut):
        out.get(f"{server.url}/drip", tries=1)
    with Outgoing(settings) as out, pytest.raises(errors.TimedOut):
        out.get(f"{server.url}/stall", tries=1)
    stop.set()


# --- statuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, errors.WrongCredentials),
        (403, errors.WrongCredentials),
        (404, errors.RemoteMissing),
        (410, errors.RemoteMissing),
        (400, errors.RequestRefused),
        (429, errors.TooManyRequests),
        (500, errors.RemoteFailed),
        (503, errors.RemoteFailed),
    ],
)
def test_statuses_become_clear_errors_without_the_query(serve, status: int, error: type[Exception]) -> None:
    server = serve(lambda _: Reply(status=status, body=b"secret body"))
    with (
        Outgoing(LOCAL, QueryCredentials("key", "s3cret"), sleep=lambda _: None) as out,
        pytest.raises(error) as caught,
    ):
        out.get(f"{server.url}/a", params={"q": "private"})
    assert "s3cret" not in str(caught.value) and "private" not in str(caught.value)


def test_retry_after_is_kept_and_then_the_answer_is_had(serve) -> None:
    replies = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        text(b"at last"),
    ]
    server = serve(lambda _: replies[len(server.requests) - 1])
    waits: list[float] = []
    with Outgoing(LOCAL, sleep=waits.append) as out:
        assert out.get(server.url, tries=4).content == b"at last"
    assert waits == [7.0, 0.0]


def test_a_wait_that_is_too_long_is_not_waited_for(serve) -> None:
    server = serve(lambda _: Reply(status=429, headers={"Retry-After": "86400"}))
    waits: list[float] = []
    with Outgoing(LOCAL, sleep=waits.append) as out, pytest.raises(errors.TooManyRequests):
        out.get(server.url)
    assert waits == [] and len(server.requests) == 1

"""The web server in front, looked at as strangers meet it: a real TLS server for each way to be wrong."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from nhip.security import front
from nhip.security.front import look_at_front

KEY = rsa.generate_private_key(65537, 2048)


class Pages(http.server.BaseHTTPRequestHandler):
    """What a web server says over http: pages lead to https, programs are refused, unless told otherwise."""

    answers: dict[str, tuple[int, str]] = {}

    def do_GET(self) -> None:
        status, where = self.answers.get(self.path, (403, "") if self.path.startswith("/api/") else (301, "https://x/"))
        self.send_response(status)
        if where:
            self.send_header("Location", where)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Quiet(http.server.ThreadingHTTPServer):
    """A server that is not surprised by handshakes that fail."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet."""

    def get_request(self):  # type: ignore[no-untyped-def]
        """The handshake is done in the handler's thread."""
        line, address = super().get_request()
        line.settimeout(60)
        return line, address


Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(context=None, answers={})`: a web server on a free port of 127.0.0.1; its port."""
    running: list[Quiet] = []

    def start(context: ssl.SSLContext | None = None, answers: dict[str, tuple[int, str]] | None = None) -> int:
        handler = type("Here", (Pages,), {"answers": answers or {}})
        server = Quiet(("127.0.0.1", 0), handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return int(server.server_address[1])

    yield start
    for server in running:
        server.shutdown()
        with suppress(OSError):
            server.server_close()


def certificate(folder: Path, days: int = 90) -> Path:
    """A certificate for 127.0.0.1 with its key, that lasts some days."""
    name, at = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nhip test")]), datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(KEY.public_key()).serial_number(7)
        .not_valid_before(at - datetime.timedelta(days=9)).not_valid_after(at + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(KEY, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM) + key)
    return folder / "c.pem"


def context(file: Path, ciphers: str = "", oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """A server's TLS; careful unless told otherwise."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    made.set_ciphers(ciphers or "ECDHE+AESGCM:ECDHE+CHACHA20")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = oldest
    return made


def wrong(port: int, plain: int) -> set[str]:
    """What is to be mended."""
    return {seen.name for seen in look_at_front(f"https://127.0.0.1:{port}", plain) if seen.mend}


@pytest.fixture
def believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this machine believes."""
    file = certificate(tmp_path)
    monkeypatch.setattr(front, "believed_context", lambda: ssl.create_default_context(cafile=str(file)))
    return file


def test_a_careful_server(serve: Serve, believed: Path) -> None:
    assert wrong(serve(context(believed)), serve()) == set()
    assert wrong(serve(context(believed)), 1) == set(), "nothing at all on http is well, too"
    assert look_at_front("http://127.0.0.1:1", 1) == []


def test_old_versions_are_seen(serve: Serve, believed: Path) -> None:
    port = serve(context(believed, "ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1))
    found = {seen.name: seen.seen for seen in look_at_front(f"https://127.0.0.1:{port}", serve())}
    assert found["TLS versions"] == "TLS 1.0"


def test_each_old_version_is_seen_by_itself(serve: Serve, believed: Path) -> None:
    port = serve(context(believed, "ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_1))
    found = {seen.name: seen for seen in look_at_front(f"https://127.0.0.1:{port}", serve())}
    assert found["TLS versions"].seen == "TLS 1.1" and found["TLS versions"].mend


def test_a_machine_without_old_ciphers_sees_none(serve: Serve, believed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An OpenSSL that was built without what is weak refuses to offer it: the server is asked for nothing then."""
    monkeypatch.setattr(front, "_WEAK", "NO-SUCH-CIPHER")
    assert wrong(serve(context(believed)), serve()) == set()


def test_ciphers_without_forward_secrecy_are_seen(serve: Serve, believed: Path) -> None:
    port = serve(context(believed, "ECDHE+AESGCM:AES128-SHA"))
    found = {seen.name: seen.seen for seen in look_at_front(f"https://127.0.0.1:{port}", serve())}
    assert found["TLS ciphers"] == "AES128-SHA" and found["TLS versions"] == "ok"


def test_a_certificate_that_nobody_vouches_for(serve: Serve, tmp_path: Path) -> None:
    assert wrong(serve(context(certificate(tmp_path))), serve()) == {"certificate"}


def test_a_certificate_that_ends_soon(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path, days=front.LASTS_DAYS - 1)
    monkeypatch.setattr(front, "believed_context", lambda: ssl.create_default_context(cafile=str(file)))
    assert wrong(serve(context(file)), serve()) == {"certificate"}


def test_nobody_there(believed: Path) -> None:
    found = {seen.name: seen for seen in look_at_front("https://127.0.0.1:1", 1)}
    assert found["certificate"].mend == "Start the web server, or put right base_url."


@pytest.mark.parametrize(
    "answers",
    [{"/": (200, "")}, {"/": (302, "http://x/")}, {"/api/3/action/status_show": (301, "https://x/")}],
)
def test_plain_http_that_serves_or_leads_programs_on(
    serve: Serve, believed: Path, answers: dict[str, tuple[int, str]]
) -> None:
    assert wrong(serve(context(believed)), serve(answers=answers)) == {"plain http"}

"""Mail servers with TLS: one that nobody vouches for gets neither password nor letter; one on this machine may do without."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nhip.portal.people.mail import Line, MailServerAway, Server
from nhip.testing.serving import free_port
from tests.portal.people.conftest import Mailbox

LETTER = b"From: a@hue.example\r\nTo: b@mai.example\r\nSubject: x\r\n\r\nxin chao\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate for localhost that it signed itself."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(at - datetime.timedelta(days=1))
    made = builder.not_valid_after(at + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    folder: Path = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _serving(box: Mailbox, **options: Any) -> Iterator[int]:
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def test_a_server_that_nobody_vouches_for_gets_no_letter(certificate: ssl.SSLContext) -> None:
    box = Mailbox()
    for port in _serving(box, tls_context=certificate):
        with (
            pytest.raises(MailServerAway),
            Line(Server("smtp", "127.0.0.1", port, "u", "geheim"), "a@hue.example", "hue.example"),
        ):
            pass
    assert box.letters == []


def test_a_password_is_asked_for_and_given_on_this_machine() -> None:
    asked: list[bytes] = []

    def judge(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        asked.append(data.password)
        return AuthResult(success=data.password == b"geheim", handled=False)

    box = Mailbox()
    for port in _serving(box, authenticator=judge, auth_required=True, auth_require_tls=False):
        with Line(Server("smtp", "127.0.0.1", port, "u", "geheim"), "a@hue.example", "hue.example") as line:
            assert line.give("b@mai.example", LETTER).outcome == "sent"
        with (
            pytest.raises(MailServerAway) as error,
            Line(Server("smtp", "127.0.0.1", port, "u", "falsch"), "a@b.example", "h"),
        ):
            pass
        assert "falsch" not in str(error.value)
    assert b"geheim" in asked and len(box.letters) == 1


def test_a_letter_that_is_refused_after_its_last_line_is_told_apart(certificate: ssl.SSLContext) -> None:
    box = Mailbox()
    for port in _serving(box):
        with Line(Server("smtp", "127.0.0.1", port, "", ""), "a@hue.example", "hue.example") as line:
            for answer, outcome in (("451 Later", "later"), ("554 Spam", "never"), ("", "sent")):
                box.after_data = answer
                given = line.give("b@mai.example", LETTER)
                assert given.outcome == outcome and answer in given.why

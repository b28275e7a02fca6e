"""Notifications over mqtts: the broker is believed under the name in the subscription, though it is called by its address."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nhip.graph.subscriptions.http import FAILED
from nhip.graph.subscriptions.mqtt import MqttSender
from nhip.graph.subscriptions.turns import Threads
from nhip.security import tls
from nhip.testing.serving import free_port
from tests.graph.subscriptions.conftest import SETTINGS
from tests.graph.subscriptions.test_mqtt import MOSQUITTO

pytestmark = pytest.mark.skipif(not MOSQUITTO.exists(), reason="Debian's mosquitto is not installed")


def certified(folder: Path, name: str) -> Path:
    """A certificate for a name alone, which vouches for itself, and its key."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nhip test")])
    builder = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(at - datetime.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.not_valid_after(at + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(plain)
    return folder / "cert.pem"


@pytest.fixture(params=["localhost", "broker.example"])
async def broker_of(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[str, int]]:
    """A broker whose certificate is for a name; the authority is one that this machine believes."""
    certificate, port = certified(tmp_path, request.param), free_port()
    file = tmp_path / "mosquitto.conf"
    keys = f"certfile {certificate}\nkeyfile {tmp_path / 'key.pem'}\n"
    file.write_text(f"listener {port} 127.0.0.1\n{keys}allow_anonymous true\nuser root\n")
    monkeypatch.setattr(tls, "believed_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    process = subprocess.Popen([MOSQUITTO, "-c", file], stderr=subprocess.DEVNULL)
    async with asyncio.timeout(60):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
    yield request.param, port
    process.kill()
    process.wait()


async def test_a_broker_is_believed_under_its_name(broker_of: tuple[str, int]) -> None:
    name, port = broker_of
    threads = Threads()
    sender = MqttSender(SETTINGS, f"mqtts://localhost:{port}/city/bus", (("MQTT-QoS", "1"),), threads, "owner")
    try:
        if name == "localhost":
            assert await sender.send(b"{}", [], 5) == 200
        else:
            with pytest.raises(FAILED):
                await sender.send(b"{}", [], 5)
    finally:
        sender.close()
        threads.close()

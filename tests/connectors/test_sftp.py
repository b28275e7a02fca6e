"""SFTP against a real OpenSSH server."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from nhip.connectors.errors import BadSetting, FolderMissing, HostKeyChanged, HostKeyUnknown
from nhip.connectors.sftp.reader import SftpSource, fetch, probe
from nhip.security import outgoing_errors as errors
from nhip.security.secrets import Secret
from nhip.settings import Settings
from nhip.testing.serving import free_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def _wait_for(port: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as sock:
                if sock.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("sshd did not start")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    if SSHD is None:
        pytest.skip("OpenSSH server is not installed")
    folder = tmp_path_factory.mktemp("sshd")
    for name, extra in (("host", []), ("user", []), ("locked", ["-N", "cụm từ"])):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-f", folder / name, *(extra or ["-N", ""])], check=True
        )  # fmt: skip
    (folder / "authorized").write_text((folder / "user.pub").read_text() + (folder / "locked.pub").read_text())
    (folder / "host").chmod(0o600)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication yes\n"
        "Subsystem sftp internal-sftp\n"
    )
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        shown = subprocess.run(["ssh-keygen", "-lf", folder / "host.pub"], capture_output=True, text=True, check=True)
        yield folder, port, shown.stdout.split()[1]
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def source(sshd, drop):
    _, port, fingerprint = sshd
    known = {"host": "127.0.0.1", "port": port, "username": getpass.getuser(), "path": str(drop)}
    return lambda **more: SftpSource(**{**known, "fingerprint": fingerprint, "settle_seconds": 0, **more})


@pytest.fixture
def key(sshd) -> Secret:
    return Secret({"private_key": (sshd[0] / "user").read_text()})


def test_files_come_once_and_changed_ones_again(source, key, drop, sink) -> None:
    big = os.urandom(9_000_000)
    (drop / "lớn.bin").write_bytes(big)
    (drop / "a.csv").write_bytes(b"1\n")
    (drop / "a.csv.part").write_bytes(b"half")
    (drop / "empty.csv").write_bytes(b"")
    first = fetch(source(), key, {}, sink)
    assert {p.filename: p.path.read_bytes() for p in first.payloads} == {
        "a.csv": b"1\n",
        "lớn.bin": big,
        "empty.csv": b"",
    }
    again = fetch(source(), key, first.state, sink)
    assert again.unchanged and again.payloads == []
    (drop / "a.csv").write_bytes(b"2222\n")
    (drop / "empty.csv").unlink()
    third = fetch(source(), key, again.state, sink)
    assert [p.filename for p in third.payloads] == ["a.csv"] and third.vanished == ["empty.csv"]


def test_links_are_not_followed_and_folders_only_when_asked(source, key, drop, sink, tmp_path) -> None:
    (tmp_path / "secret.csv").write_bytes(b"private")
    (drop / "leak.csv").symlink_to(tmp_path / "secret.csv")
    (drop / "2026").mkdir()
    (drop / "2026" / "x.csv").write_bytes(b"1")
    assert fetch(source(pattern="*.csv"), key, {}, sink).payloads == []
    found = fetch(source(pattern="**/*.csv"), key, {}, sink)
    assert [p.filename for p in found.payloads] == ["x.csv"]


def test_first_contact_shows_the_key_and_sends_nothing(source, key, settings, sink, sshd) -> None:
    result = probe(source(fingerprint=""), Secret(), settings)
    assert sshd[2] in result.notes[0].text() and result.would_fetch == []
    with pytest.raises(HostKeyUnknown) as caught:
        fetch(source(fingerprint=""), key, {}, sink)
    assert sshd[2] in str(caught.value)


def test_another_key_stops_before_the_password(source, sink) -> None:
    with pytest.raises(HostKeyChanged):
        fetch(source(fingerprint="SHA256:" + "A" * 43), Secret({"password": "x"}), {}, sink)


def test_wrong_credentials(source, sink, sshd) -> None:
    with pytest.raises(errors.WrongCredentials) as caught:
        fetch(source(), Secret({"password": "s3cret-wrong"}), {}, sink)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(BadSetting):
        fetch(source(), Secret({"private_key": "not a key"}), {}, sink)
    locked = (sshd[0] / "locked").read_text()
    with pytest.raises(BadSetting):
        fetch(source(), Secret({"private_key": locked, "passphrase": "wrong"}), {}, sink)


def test_a_locked_key_opens_with_its_passphrase(source, sink, sshd, drop) -> None:
    (drop / "a.csv").write_bytes(b"1")
    secret = Secret({"private_key": (sshd[0] / "locked").read_text(), "passphrase": "cụm từ"})
    assert len(fetch(source(), secret, {}, sink).payloads) == 1


def test_a_missing_folder_and_a_closed_network(source, key, sink, tmp_path) -> None:
    with pytest.raises(FolderMissing):
        fetch(source(path=str(tmp_path / "away")), key, {"files": {"a": [1, 1, "x"]}}, sink)
    sink.settings = Settings()
    with pytest.raises(errors.AddressRefused):
        fetch(source(), key, {}, sink)


def test_a_server_that_is_not_ssh_or_says_nothing(source, key, settings, sink) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        sink.settings = Settings(outgoing_private="127.0.0.0/8", fetch_timeout_s=1)
        with pytest.raises((errors.AnswerCutShort, errors.TimedOut)):
            fetch(source(port=silent.getsockname()[1]), key, {}, sink)


def test_test_lists_what_would_come(source, key, drop, settings) -> None:
    (drop / "a.csv").write_bytes(b"1")
    assert probe(source(), key, settings).would_fetch == ["a.csv"]

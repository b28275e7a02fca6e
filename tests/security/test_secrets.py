"""Credentials at rest."""

from __future__ import annotations

import logging
import pickle
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.db.keyfile import KeyFileOpen
from nhip.security.secrets import KeyFileBroken, Secret, SecretUnreadable, Vault
from nhip.settings import Settings


@pytest.fixture
def vault(tmp_path) -> Vault:
    return Vault(Settings(data_dir=tmp_path))


def test_what_is_sealed_opens_and_is_not_in_the_bytes(vault: Vault) -> None:
    sealed = vault.seal({"password": "mật khẩu bí mật"}, "source-1")
    assert "bí mật".encode() not in sealed and b"password" not in sealed
    assert vault.open_(sealed, "source-1").value("password") == "mật khẩu bí mật"
    assert vault.seal({"password": "x"}, "a") != vault.seal({"password": "x"}, "a")


@given(values=st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4), aad=st.text(max_size=20))
def test_any_values_come_back(tmp_path_factory, values: dict[str, str], aad: str) -> None:
    vault = Vault(Settings(data_dir=tmp_path_factory.getbasetemp() / "any"))
    secret = vault.open_(vault.seal(values, aad), aad)
    assert {name: secret.value(name) for name in values} == values


def test_another_owner_or_changed_bytes_do_not_open(vault: Vault) -> None:
    sealed = vault.seal({"password": "x"}, "source-1")
    with pytest.raises(SecretUnreadable):
        vault.open_(sealed, "source-2")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SecretUnreadable):
            vault.open_(bytes(changed), "source-1")
    for size in range(len(sealed)):
        with pytest.raises(SecretUnreadable):
            vault.open_(sealed[:size], "source-1")


def test_the_key_file_is_private_and_stays(vault: Vault) -> None:
    sealed = vault.seal({"a": "b"}, "x")
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(vault.path.parent.stat().st_mode) == 0o700
    again = Vault(Settings(data_dir=vault.path.parent.parent))
    assert again.open_(sealed, "x").value("a") == "b"
    assert [p.name for p in vault.path.parent.iterdir()] == ["secrets.key"]


def test_a_readable_key_file_is_refused(vault: Vault) -> None:
    vault.seal({"a": "b"}, "x")
    vault.path.chmod(0o640)
    with pytest.raises(KeyFileOpen):
        vault.seal({"a": "b"}, "x")


@pytest.mark.parametrize("content", [b"", b"not base64!\n", b"YWJj\n", b"\xff\xfe"])
def test_a_broken_key_file_is_never_overwritten(vault: Vault, content: bytes) -> None:
    vault.seal({"a": "b"}, "x")
    vault.path.write_bytes(content)
    with pytest.raises(KeyFileBroken):
        vault.seal({"a": "b"}, "x")
    assert vault.path.read_bytes() == content


def test_first_use_by_many_at_once_makes_one_key(tmp_path) -> None:
    sealed: list[bytes] = []
    gate = threading.Barrier(8)

    def use() -> None:
        gate.wait()
        sealed.append(Vault(Settings(data_dir=tmp_path)).seal({"a": "b"}, "x"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    vault = Vault(Settings(data_dir=tmp_path))
    assert len(sealed) == 8 and all(vault.open_(one, "x").value("a") == "b" for one in sealed)


def test_rotation(vault: Vault) -> None:
    old = vault.seal({"a": "b"}, "x")
    assert vault.reseal(old, "x") is old
    vault.rotate()
    assert vault.open_(old, "x").value("a") == "b"
    new = vault.reseal(old, "x")
    assert new != old
    vault.forget_old_keys()
    assert vault.open_(new, "x").value("a") == "b"
    with pytest.raises(SecretUnreadable):
        vault.open_(old, "x")
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600


def test_a_secret_never_shows(caplog) -> None:
    secret = Secret({"password": "s3cret", "token": ""})
    logging.getLogger("x").warning("%s %r %s", secret, secret, [secret])
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", caplog.text, repr({"s": secret})):
        assert "s3cret" not in shown and "***" in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        list(secret)
    assert secret.names() == ("password",) and secret and not Secret()

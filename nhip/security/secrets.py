"""Credentials at rest: AES-256-GCM (NIST SP 800-38D) under a key file that never leaves the data folder.

A sealed value is `NS1` + key id (8 bytes) + nonce (12 bytes) + ciphertext with tag. The header and the caller's `aad` (the id
of what the secret belongs to) are authenticated, so that a sealed value moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nhip.errors import NhipError
from nhip.settings import Settings

_MAGIC = b"NS1"
_KEY_ID, _NONCE = 8, 12
_HEADER = len(_MAGIC) + _KEY_ID


class SecretUnreadable(NhipError):
    """The stored credentials cannot be opened with the keys in {path}. Enter them again."""


class KeyFileOpen(NhipError):
    """The key file {path} can be read by other users of this machine. Run `chmod 600 {path}` and start again."""


class KeyFileBroken(NhipError):
    """The key file {path} cannot be read as keys. Bring it back from the backup, or enter all credentials again."""


class Secret:
    """Credentials of one source. Never printed, logged, pickled or compared; `value` hands one out to the code that needs it."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def value(self, name: str) -> str:
        """The secret text of `name`; empty when not set."""
        return self._values.get(name, "")

    def names(self) -> tuple[str, ...]:
        """Which fields are set; what a page may show."""
        return tuple(sorted(name for name, value in self._values.items() if value))

    def __bool__(self) -> bool:
        return bool(self.names())

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __iter__(self) -> Iterator[NoReturn]:
        raise TypeError("a Secret is not iterable")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere; seal it")


class Vault:
    """Seals and opens secrets with the keys of `<data_dir>/keys/secrets.key`; the file is made at first use.

    Each line of the file is one key in base64, the one in use first, older ones (after `rotate`) below it.
    """

    def __init__(self, settings: Settings) -> None:
        self.path = settings.data_dir / "keys" / "secrets.key"

    def seal(self, plain: Mapping[str, str], aad: str) -> bytes:
        """Encrypt `plain` for `aad`, the id of what it belongs to."""
        key = self._keys()[0]
        header = _MAGIC + _key_id(key)
        nonce = secrets.token_bytes(_NONCE)
        text = msgspec.json.encode(dict(plain))
        return header + nonce + AESGCM(key).encrypt(nonce, text, header + aad.encode())

    def open_(self, sealed: bytes, aad: str) -> Secret:
        """The secret that was sealed for `aad`. Raises SecretUnreadable for another key, another `aad` or changed bytes."""
        header, nonce = sealed[:_HEADER], sealed[_HEADER : _HEADER + _NONCE]
        key = next((k for k in self._keys() if _MAGIC + _key_id(k) == header), None)
        if key is None or len(nonce) != _NONCE:
            raise SecretUnreadable(path=self.path)
        try:
            text = AESGCM(key).decrypt(nonce, sealed[_HEADER + _NONCE :], header + aad.encode())
        except (InvalidTag, ValueError):
            raise SecretUnreadable(path=self.path) from None
        return Secret(msgspec.json.decode(text, type=dict[str, str]))

    def reseal(self, sealed: bytes, aad: str) -> bytes:
        """The same secret under the key in use; unchanged bytes when it already is."""
        if sealed[:_HEADER] == _MAGIC + _key_id(self._keys()[0]):
            return sealed
        return self.seal(self.open_(sealed, aad)._values, aad)

    def rotate(self) -> None:
        """Put a new key in use. Values sealed before still open; `reseal` each of them, then `forget_old_keys`."""
        self._replace([AESGCM.generate_key(256), *self._keys()])

    def forget_old_keys(self) -> None:
        """Drop every key but the one in use. What was not resealed is lost for good."""
        self._replace(self._keys()[:1])

    def _keys(self) -> list[bytes]:
        with suppress(FileExistsError):
            if not self.path.exists():
                self._create()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise KeyFileOpen(path=self.path)
        try:
            keys = [base64.b64decode(line, validate=True) for line in self.path.read_text("ascii").split()]
        except (ValueError, UnicodeDecodeError):
            raise KeyFileBroken(path=self.path) from None
        if not keys or any(len(key) != 32 for key in keys):
            raise KeyFileBroken(path=self.path)
        return keys

    def _create(self) -> None:
        """Make the first key. A hard link decides between two processes that start at once: the first one wins."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._draft([AESGCM.generate_key(256)])
        try:
            os.link(draft, self.path)
        finally:
            draft.unlink()

    def _replace(self, keys: list[bytes]) -> None:
        self._draft(keys).replace(self.path)

    def _draft(self, keys: list[bytes]) -> Path:
        draft = self.path.with_name(f"secrets.{secrets.token_hex(8)}.part")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(b"\n".join(base64.b64encode(key) for key in keys) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return draft


def _key_id(key: bytes) -> bytes:
    """A name for `key` that tells nothing about it."""
    return hashlib.blake2b(key, digest_size=_KEY_ID, person=b"nhip-key-id").digest()

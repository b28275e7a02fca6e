"""Credentials at rest: AES-256-GCM (NIST SP 800-38D) under a key file that never leaves the data folder.

A sealed value is `NS1` + key id (8 bytes) + nonce (12 bytes) + ciphertext with tag. The header and the caller's `aad` (the id
of what the secret belongs to) are authenticated, so that a sealed value moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nhip.db.keyfile import read_or_make, replace
from nhip.errors import NhipError
from nhip.settings import Settings

_MAGIC = b"NS1"
_KEY_ID, _NONCE = 8, 12
_HEADER = len(_MAGIC) + _KEY_ID


class SecretUnreadable(NhipError):
    """The stored credentials cannot be opened with the keys in {path}. Enter them again."""


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
        replace(self.path, _written([AESGCM.generate_key(256), *self._keys()]))

    def forget_old_keys(self) -> None:
        """Drop every key but the one in use. What was not resealed is lost for good."""
        replace(self.path, _written(self._keys()[:1]))

    def _keys(self) -> list[bytes]:
        text = read_or_make(self.path, _written([AESGCM.generate_key(256)]))
        try:
            keys = [base64.b64decode(line, validate=True) for line in text.decode("ascii").split()]
        except (ValueError, UnicodeDecodeError):
            raise KeyFileBroken(path=self.path) from None
        if not keys or any(len(key) != 32 for key in keys):
            raise KeyFileBroken(path=self.path)
        return keys


def _written(keys: list[bytes]) -> bytes:
    return b"\n".join(base64.b64encode(key) for key in keys) + b"\n"


def _key_id(key: bytes) -> bytes:
    """A name for `key` that tells nothing about it."""
    return hashlib.blake2b(key, digest_size=_KEY_ID, person=b"nhip-key-id").digest()

"""The text of a tree head that is signed, after C2SP tlog-checkpoint and signed-note; signatures are Ed25519 (RFC 8032).

    nhip/ledger/<id of the ledger>
    <size>
    <root, base64>
    at <microseconds since 1970, UTC>

    — nhip/ledger/<id> <base64 of key id (4 bytes) and signature (64 bytes)>

The signature is over the four lines. A public key is written as `<name>+<key id, hex>+<base64 of 0x01 and the key>`; its id is
the beginning of SHA-256(name, line feed, 0x01, key). Pure functions.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nhip.ledger.model import Head

_ED25519 = b"\x01"
KEY_ID_BYTES = 4
PublicKeys = Mapping[bytes, Ed25519PublicKey]
"""Key id -> key."""


def text_of(origin: str, size: int, root: bytes, at_us: int) -> str:
    """The lines that are signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\nat {at_us}\n"


def note_of(origin: str, head: Head) -> str:
    """The whole signed note, for auditors and witnesses."""
    signed = base64.b64encode(head.key_id + head.signature).decode()
    return f"{text_of(origin, head.size, head.root, head.at_us)}\n— {origin} {signed}\n"


def read_note(note: str) -> tuple[str, Head]:
    """Origin and head of a signed note. Raises ValueError for any other text; says nothing about the signature."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if len(lines) != 4 or not lines[3].startswith("at "):
        raise ValueError("not a tree head of Nhịp")
    prefix = f"— {lines[0]} "
    signed = [line for line in signatures.split("\n") if line.startswith(prefix)]
    if len(signed) != 1:
        raise ValueError("not signed once by its origin")
    blob = base64.b64decode(signed[0][len(prefix) :], validate=True)
    root = base64.b64decode(lines[2], validate=True)
    head = Head(int(lines[1]), int(lines[3][3:]), root, blob[KEY_ID_BYTES:], blob[:KEY_ID_BYTES])
    if note_of(lines[0], head) != note:
        raise ValueError("not written as it is signed")
    return lines[0], head


def is_signed(origin: str, head: Head, keys: PublicKeys) -> bool:
    """Whether one of `keys` signed this head of this ledger."""
    key = keys.get(head.key_id)
    if key is None:
        return False
    try:
        key.verify(head.signature, text_of(origin, head.size, head.root, head.at_us).encode())
    except InvalidSignature:
        return False
    return True


def key_id_of(origin: str, key: Ed25519PublicKey) -> bytes:
    """The short name of a key in signatures."""
    return sha256(origin.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:KEY_ID_BYTES]


def write_key(origin: str, key: Ed25519PublicKey) -> str:
    """A public key in one line."""
    return f"{origin}+{key_id_of(origin, key).hex()}+{base64.b64encode(_ED25519 + key.public_bytes_raw()).decode()}"


def read_keys(origin: str, lines: Iterable[str]) -> dict[bytes, Ed25519PublicKey]:
    """The keys of `origin` among `lines`. Raises ValueError for a line that is no key."""
    keys = {}
    for line in filter(None, map(str.strip, lines)):
        name, key_id, encoded = line.split("+", 2)
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error
        if raw[:1] != _ED25519:
            raise ValueError("not an Ed25519 key")
        key = Ed25519PublicKey.from_public_bytes(raw[1:])
        if key_id_of(name, key).hex() != key_id:
            raise ValueError("the key id is not that of the key")
        if name == origin:
            keys[bytes.fromhex(key_id)] = key
    return keys

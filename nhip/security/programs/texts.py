"""What keys, client secrets and access tokens look like: `nhip_` + public id + 256 random bits + checksum.

    nhip_7Zk2bQ9vXa1m_<43 letters and digits><6 letters and digits>

The prefix lets people and scanners of source code tell what they found; the checksum tells a mistyped text from a wrong one
without a look into the database. The public id names it in lists and logs and opens nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from typing import Literal

import msgspec

TextKind = Literal["key", "client", "token"]
PREFIXES: dict[TextKind, str] = {"key": "nhip", "client": "nhipc", "token": "nhipt"}
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TEXT = re.compile(r"(nhip[ct]?)_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})", re.ASCII)


class Parsed(msgspec.Struct, frozen=True):
    """A well-formed text; whether it opens anything is another question."""

    kind: TextKind
    public_id: str
    hashed: bytes
    """SHA-256 of the whole text: what is stored and compared. No salt or slow hash is needed for 256 random bits."""


def new_text(kind: TextKind) -> tuple[str, str]:
    """A public id and the whole secret text with it."""
    public_id = "".join(secrets.choice(_DIGITS) for _ in range(12))
    body = f"{PREFIXES[kind]}_{public_id}_{_written(secrets.randbits(256), 43)}"
    return public_id, body + _checksum(body)


def parse(text: str) -> Parsed | None:
    """What `text` is, None where it is none of ours or was mistyped."""
    match = _TEXT.fullmatch(text)
    if match is None or _checksum(text[:-6]) != match[4]:
        return None
    return Parsed(_KINDS[match[1]], match[2], hashlib.sha256(text.encode()).digest())


def _checksum(body: str) -> str:
    return _written(zlib.crc32(body.encode()), 6)


def _written(number: int, length: int) -> str:
    """`number` in base 62, filled up to `length`."""
    found = ""
    while number:
        number, digit = divmod(number, 62)
        found = _DIGITS[digit] + found
    return found.rjust(length, "0")

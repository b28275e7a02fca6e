"""What counts as a name and as a URI in NGSI-LD (ETSI GS CIM 009 v1.9.1, 4.5.1 and 4.6.2)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

MAX_URI_BYTES: Final = 2000
"""Longer ones do not fit an index entry of PostgreSQL."""

_ASCII: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]+")
_WIDE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]|[^\x00-\x7f])+")
_NAME = re.compile(r"[^\W\d_]\w*")
_MOST_HEADS: Final = 1024
_LONG_HEAD: Final = 256
_heads: Final[set[str]] = set()
"""What stood before the last colon of a URI (urn:ngsi-ld:Vehicle): letters and digits after it make a URI again."""
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_UNSEEN = frozenset(map(chr, [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0]))


def is_uri(text: str) -> bool:
    """Whether `text` is an absolute URI or IRI (RFC 3986, RFC 3987) without characters that nobody sees."""
    colon = text.rfind(":")
    head = text[:colon] if colon > 0 else ""
    if head in _heads:
        tail = text[colon + 1 :]
        if tail.isascii() and tail.replace("-", "").isalnum():
            return len(text) <= MAX_URI_BYTES
    if _ASCII.fullmatch(text) is not None:
        _remember(head)
        return len(text) <= MAX_URI_BYTES
    if _WIDE.fullmatch(text) is None or any(_unseen(letter) for letter in text if letter > "\x7f"):
        return False
    return len(text.encode()) <= MAX_URI_BYTES


def _remember(head: str) -> None:
    if len(_heads) >= _MOST_HEADS:
        _heads.clear()
    if len(head) <= _LONG_HEAD:
        _heads.add(head)


def is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether `text` is the URI of what can be connected to: a scheme of `schemes`, a host, and no port but a real one."""
    try:
        parts = urlsplit(text)
        return is_uri(text) and parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_name(text: str) -> bool:
    """Whether `text` is a name as clients may invent it: a letter of any script, then letters, digits and underscores."""
    return len(text) <= MAX_URI_BYTES // 4 and _NAME.fullmatch(text) is not None


def _unseen(letter: str) -> bool:
    return (
        letter in _UNSEEN
        or unicodedata.category(letter) in _UNSEEN_CATEGORIES
        or unicodedata.name(letter, "").startswith(("VARIATION SELECTOR", "MONGOLIAN FREE VARIATION SELECTOR"))
    )

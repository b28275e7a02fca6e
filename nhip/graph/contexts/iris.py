"""What counts as a name and as a URI in NGSI-LD (ETSI GS CIM 009 v1.9.1, 4.5.1 and 4.6.2)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

MAX_URI_BYTES = 2000
"""Longer ones do not fit an index entry of PostgreSQL."""

_ASCII = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]+")
_WIDE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]|[^\x00-\x7f])+")
_NAME = re.compile(r"[^\W\d_]\w*")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_UNSEEN = frozenset(map(chr, [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0]))


@lru_cache(maxsize=16_384)
def is_uri(text: str) -> bool:
    """Whether `text` is an absolute URI or IRI (RFC 3986, RFC 3987) without characters that nobody sees."""
    if _ASCII.fullmatch(text) is not None:
        return len(text) <= MAX_URI_BYTES
    if _WIDE.fullmatch(text) is None or any(_unseen(letter) for letter in text if letter > "\x7f"):
        return False
    return len(text.encode()) <= MAX_URI_BYTES


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

"""Identifiers: time-ordered UUIDs (RFC 9562 version 7) and names that fit a URL."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid

from nhip.kernel.time import now


def new_id() -> uuid.UUID:
    """A new UUID version 7: 48 bits of milliseconds, then 74 random bits."""
    millis = int(now().timestamp() * 1000) & ((1 << 48) - 1)
    value = millis << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


def slug(text: str, limit: int = 80) -> str:
    """A name for URLs: `Đường phố Huế` becomes `duong-pho-hue`; at most `limit` characters, never empty."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].strip("-")
    return name or "x"

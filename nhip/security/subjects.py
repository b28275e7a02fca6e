"""Whose data they are: a citizen number as a keyed hash, so that the ledger can be asked about a person without naming one.

A keyed hash is still personal data under Law 91/2025 (there is no pseudonymous middle tier); it only keeps numbers out of
tables, backups and logs. The key is `<data_dir>/keys/subjects.key` (HMAC-SHA-256, RFC 2104).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from functools import lru_cache
from pathlib import Path

from nhip.db.keyfile import read_or_make
from nhip.settings import Settings

_NUMBER = re.compile(r"[0-9]{9}|[0-9]{12}")


def subject_of(settings: Settings, number: str) -> bytes | None:
    """32 bytes for a citizen number (12 digits) or an old identity card (9 digits), written with or without spaces and points.

    None for anything else, so that a faulty cell is nobody's.
    """
    plain = re.sub(r"[\s.\-]", "", number)
    if not _NUMBER.fullmatch(plain):
        return None
    return hmac.new(_key(settings.data_dir), plain.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _key(data_dir: Path) -> bytes:
    return bytes.fromhex(
        read_or_make(data_dir / "keys" / "subjects.key", secrets.token_hex(32).encode()).decode("ascii")
    )

"""Signed tokens: a purpose and an id, readable by this installation alone. Nothing of them is stored, so a copy of the database
opens no link of a letter and votes in nobody's name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from typing import Any, Literal

from litestar import Request
from litestar.datastructures import Cookie

from nhip.db.keyfile import read_or_make
from nhip.kernel import random
from nhip.kernel.ids import new_id
from nhip.security.sessions import reader_cookie
from nhip.settings import Settings

Purpose = Literal["wish", "confirm", "leave", "browser"]
KEY_FILE = "readers.key"
COOKIE = "nhip_reader"
_MAC = 16


def sign(settings: Settings, purpose: Purpose, what: uuid.UUID) -> str:
    """The token of `what` for one purpose: 43 signs that fit an address."""
    told = what.bytes + _mac(settings, purpose, what.bytes)
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def read(settings: Settings, purpose: Purpose, token: str) -> uuid.UUID | None:
    """What a token was signed for; None for whatever we did not sign for this purpose."""
    try:
        told = base64.urlsafe_b64decode(token[:80] + "=" * (-len(token[:80]) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(told) != 16 + _MAC or not hmac.compare_digest(told[16:], _mac(settings, purpose, told[:16])):
        return None
    return uuid.UUID(bytes=told[:16])


def _mac(settings: Settings, purpose: str, what: bytes) -> bytes:
    key = read_or_make(settings.data_dir / "keys" / KEY_FILE, random.token(32).encode())
    return hmac.digest(key, purpose.encode() + b"\0" + what, hashlib.sha256)[:_MAC]


def browser_of(request: Request[Any, Any, Any]) -> tuple[uuid.UUID, list[Cookie]]:
    """The browser that asks, known by its signed cookie, and the cookie to set where it is new: it tells votes apart."""
    settings: Settings = request.app.state.settings
    known = read(settings, "browser", request.cookies.get(COOKIE, ""))
    if known is not None:
        return known, []
    made = new_id()
    return made, [reader_cookie(settings, COOKIE, sign(settings, "browser", made))]

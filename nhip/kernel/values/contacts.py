"""E-mail and web addresses."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.fastpath import EMAIL, URL
from nhip.kernel.values.model import Parsed

_EMAIL = re.compile(EMAIL).fullmatch
_URL = re.compile(URL).fullmatch
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/").match
_SPLIT = re.compile(r"[;,\s/]+")
_SPELT_AT = re.compile(r"\s*[\[(]\s*(?:at|@|a còng)\s*[\])]\s*", re.IGNORECASE)
_LONGEST_EMAIL, _LONGEST_URL = 254, 2048
_SAFE = "!#$%&'()*+,/:;=?@[]~"


def parse_email(text: str) -> Parsed:
    """Read an e-mail address; canonical is lower case, `name@host` (RFC 5321 without quoted names)."""
    if len(text) <= _LONGEST_EMAIL and _EMAIL(text):
        return Parsed(text)
    cleaned = clean(text).lower()
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > LONGEST:
        return Parsed(None, "email.unreadable", "error")
    plain = re.sub(r"^(?:e-?mail|thư điện tử|mailto)[ :]*", "", cleaned).strip(" <>.,;:'\"()")
    if _EMAIL(plain):
        return Parsed(plain, "email.form")
    parts = [part.strip("<>.") for part in _SPLIT.split(plain)]
    if len(addresses := [part for part in parts if _EMAIL(part)]) > 1:
        return Parsed(None, "email.several", "error", "; ".join(addresses))
    likely = _SPELT_AT.sub("@", plain).replace(" ", "").replace(",", ".")
    return Parsed(None, "email.unreadable", "error", likely if _EMAIL(likely) else "")


def parse_url(text: str) -> Parsed:
    """Read a web address; canonical is http(s) with lower-case host and percent-encoded path (RFC 3986).

    Without a scheme `https` is taken, with the warning `url.scheme`. Addresses with a password in them are refused.
    """
    if len(text) <= _LONGEST_URL and _URL(text):
        return Parsed(text)
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) <= _LONGEST_URL and "\\" not in cleaned and not _EMAIL(cleaned.lower()):
        return _read_url(cleaned)
    return Parsed(None, "url.unreadable", "error")


def _read_url(cleaned: str) -> Parsed:
    has_scheme = _SCHEME(cleaned) is not None
    try:
        parts = urlsplit(cleaned if has_scheme else f"https://{cleaned}")
        value = _rebuilt(parts)
    except ValueError:  # also UnicodeError: a host that no name server could know
        return Parsed(None, "url.unreadable", "error")
    if parts.username is not None:
        return Parsed(None, "url.credentials", "error")
    if not _URL(value):
        return Parsed(None, "url.unreadable", "error")
    return Parsed(value, "url.form") if has_scheme else Parsed(value, "url.scheme", "warning")


def _rebuilt(parts: SplitResult) -> str:
    host = (parts.hostname or "").encode("idna").decode()
    port = f":{parts.port}" if parts.port else ""
    path = quote(parts.path, safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    fragment = f"#{quote(parts.fragment, safe=_SAFE)}" if parts.fragment else ""
    return f"{parts.scheme.lower()}://{host}{port}{path}{query}{fragment}"

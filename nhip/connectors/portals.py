"""Small things that the portal readers share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from nhip.connectors.errors import EnvelopeFault, UnreadableAnswer
from nhip.connectors.rows import MAX_PAGE_BYTES, find_value, json_body
from nhip.security.outgoing import Outgoing, shown
from nhip.security.outgoing_body import Answer


def base_of(url: str) -> str:
    """The address of a portal without its interface: everything before `/api/`, and no `/` at the end."""
    return re.split(r"/api(?:/|$)", url.strip().partition("?")[0], maxsplit=1)[0].rstrip("/")


def host_of(url: str) -> str:
    """Name and port of the system behind `url`."""
    return urlsplit(url).netloc or url


def absolute(url: str, base: str) -> str:
    """A complete address of `url`; folders written with `\\` (as Hue's portal does) become `/`."""
    return urljoin(base, url.strip().replace("\\", "/").replace(" ", "%20")) if url.strip() else ""


def instant(text: str) -> datetime | None:
    """An ISO 8601 instant, UTC where it names no zone; None when it is not one."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ask(out: Outgoing, url: str, **params: str) -> tuple[bytes, Answer]:
    """GET JSON."""
    answer = out.get(url, params=params, max_bytes=MAX_PAGE_BYTES)
    return json_body(answer), answer


def decoded(raw: bytes | msgspec.Raw, kind: type[Any], answer: Answer) -> Any:
    """`raw` as `kind`. Raises UnreadableAnswer."""
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise UnreadableAnswer(host=answer.host, url=shown(answer.url), format="JSON", why=str(error)) from error


def require_success(body: bytes, answer: Answer) -> None:
    """Raises EnvelopeFault for the Action API's `"success": false`."""
    if body.lstrip()[:1] == b"{" and find_value(body, "success") is False:
        error = find_value(body, "error")
        message = error.get("message", error) if isinstance(error, dict) else error
        raise EnvelopeFault(host=answer.host, message=str(message)[:300])


def extension_of(url: str, stated: str) -> str:
    """The format of a resource in upper case: as stated, else by the end of its address."""
    return (stated or urlsplit(url).path.rpartition("/")[2].rpartition(".")[2][:10]).strip().upper()

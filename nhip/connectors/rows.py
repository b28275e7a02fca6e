"""Rows out of JSON answers, byte for byte: numbers keep their digits and text its letters, as NDJSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from nhip.connectors.errors import ListingIncomplete, PageRepeats, RowsNotFound, TooManyPages, UnreadableAnswer
from nhip.connectors.model import Payload
from nhip.connectors.sink import Sink
from nhip.security.outgoing import shown
from nhip.security.outgoing_body import Answer

T = TypeVar("T")
NDJSON = "application/x-ndjson"
MAX_PAGE_BYTES = 256 << 20
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class Page(msgspec.Struct, frozen=True):
    """One page of rows. `total` is what the server says it has in all; `next` names the next page, empty at the end."""

    rows: list[msgspec.Raw]
    total: int | None = None
    next: str = ""


class _Moved(Exception):
    """The source changed while its pages were read."""


def find_raw(body: bytes | msgspec.Raw, path: str) -> msgspec.Raw | None:
    """The JSON text at `path` (`result.records`; empty for the whole); None when it is not there.

    Raises msgspec.DecodeError for text that is not JSON.
    """
    here = msgspec.Raw(body) if isinstance(body, bytes) else body
    names = [name for name in path.split(".") if name]
    while names:
        if bytes(here).lstrip()[:1] != b"{":
            return None
        members = _OBJECT.decode(here)
        # The longest name first: OData's `@odata.nextLink` is one member and no path.
        taken = next((n for n in range(len(names), 0, -1) if ".".join(names[:n]) in members), 0)
        if not taken:
            return None
        here, names = members[".".join(names[:taken])], names[taken:]
    return here


def find_value(body: bytes | msgspec.Raw, path: str) -> Any:
    """The value at `path`, None when absent."""
    raw = find_raw(body, path)
    return None if raw is None else msgspec.json.decode(raw)


def find_whole(body: bytes | msgspec.Raw, path: str) -> int | None:
    """The natural number at `path`, also as text; None for whatever else stands there, as then nothing is known."""
    value = find_value(body, path)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def json_body(answer: Answer) -> bytes:
    """The body of a JSON answer without a byte order mark. Raises UnreadableAnswer when it is not JSON."""
    body = answer.content.removeprefix(b"\xef\xbb\xbf")
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        why = "HTML" if body.lstrip()[:1] == b"<" else str(error)
        raise UnreadableAnswer(host=answer.host, url=shown(answer.url), format="JSON", why=why) from error
    return body


def rows_at(body: bytes, paths: Iterable[str], host: str) -> list[msgspec.Raw]:
    """The list of rows at the first of `paths` that has one. Raises RowsNotFound saying what the answer has instead."""
    wanted = list(paths)
    for path in wanted:
        raw = find_raw(body, path)
        if raw is not None and bytes(raw).lstrip()[:1] == b"[":
            return _LIST.decode(raw)
    text = body.lstrip()[:1]
    found = ", ".join(list(_OBJECT.decode(body))[:20]) if text == b"{" else {b"[": "[...]"}.get(text, "a single value")
    raise RowsNotFound(host=host, path=" | ".join(path or "$" for path in wanted), found=found)


def line(row: msgspec.Raw) -> bytes:
    """A row as one NDJSON line. Line ends can only stand between JSON tokens, where a blank is the same."""
    return bytes(row).replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


def walk(read: Callable[[str, int], Page], first: str, host: str, max_pages: int) -> Iterator[list[msgspec.Raw]]:
    """All pages from the one named `first`; `read(name, rows so far)` fetches one.

    Raises PageRepeats when a page comes again, TooManyPages, and ListingIncomplete when the server announced another number
    of rows than it gave.
    """
    name, count, total = first, 0, None
    names: set[str] = set()
    pages: set[bytes] = set()
    for number in range(1, max_pages + 1):
        if name in names:
            raise PageRepeats(host=host, page=number)
        names.add(name)
        page = read(name, count)
        if total is not None and page.total not in (None, total):
            raise _Moved(total, page.total)
        total = page.total if page.total is not None else total
        _require_new(page, pages, host, number)
        count += len(page.rows)
        yield page.rows
        if not page.next:
            if total is not None and count != total:
                raise ListingIncomplete(host=host, expected=total, found=count)
            return
        name = page.next
    raise TooManyPages(host=host, limit=max_pages)


def _require_new(page: Page, pages: set[bytes], host: str, number: int) -> None:
    if page.rows:
        digest = hashlib.blake2b(b"\n".join(bytes(row) for row in page.rows), digest_size=16).digest()
        if digest in pages:
            raise PageRepeats(host=host, page=number)
        pages.add(digest)


def next_offset(name: str, rows: int, total: int | None) -> str:
    """The next offset: by what came, not by what was asked, since servers cap their pages. An empty page is the end."""
    following = int(name) + rows
    return str(following) if rows and (total is None or following < total) else ""


def steady(attempt: Callable[[], T], host: str, tries: int = 3) -> T:
    """Run `attempt` again when the source changed between two of its pages, so that no row is lost or doubled."""
    for left in range(tries, 0, -1):
        try:
            return attempt()
        except (_Moved, ListingIncomplete) as error:
            if left == 1:
                if isinstance(error, ListingIncomplete):
                    raise
                raise ListingIncomplete(host=host, expected=error.args[0], found=error.args[1]) from error
    raise AssertionError("unreachable")


def write_rows(
    sink: Sink,
    pages: Callable[[], Iterator[list[msgspec.Raw]]],
    *,
    filename: str,
    origin: str,
    host: str,
    modified: datetime | None = None,
    dataset: str = "",
    resource: str = "",
    titles: dict[str, str] | None = None,
) -> Payload:
    """All rows of `pages()` as one NDJSON payload; started again when the source changes meanwhile."""

    def attempt() -> Payload:
        with sink.file(
            filename, origin=origin, media_type=NDJSON, modified=modified, dataset=dataset, resource=resource
        ) as draft:
            draft.titles = titles or {}
            for rows in pages():
                draft.write(b"".join(map(line, rows)))
        return draft.payload

    return steady(attempt, host)


def unless_known(payload: Payload, known: dict[str, Any]) -> tuple[Payload | None, dict[str, Any]]:
    """The payload and what is known now; None and no file when the bytes are those of the last time."""
    if payload.sha256 == known.get("sha256"):
        payload.path.unlink()
        return None, known
    return payload, {"sha256": payload.sha256}

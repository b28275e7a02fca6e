"""Reads a paged JSON interface to its end and merges the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from nhip.connectors.errors import BadSetting, UnreadableAnswer
from nhip.connectors.model import Fetched, Note, State, TestResult
from nhip.connectors.rows import (
    MAX_PAGE_BYTES,
    Page,
    find_value,
    json_body,
    next_offset,
    rows_at,
    unless_known,
    walk,
    write_rows,
)
from nhip.connectors.sink import Sink
from nhip.connectors.web import WebSource, session
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing, shown
from nhip.security.outgoing_body import Answer
from nhip.security.secrets import Secret
from nhip.settings import Settings

Paging = Literal["none", "page", "offset", "next", "cursor"]
_LINK_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class JsonApiSource(WebSource, frozen=True, kw_only=True):
    """Settings of a `json_api` source."""

    params: Annotated[dict[str, str], msgspec.Meta(description=_("Fixed parameters of every request."))] = {}
    rows: Annotated[
        str, msgspec.Meta(description=_("Where the list of rows is, like data.items; empty: the whole."))
    ] = ""
    paging: Annotated[Paging, msgspec.Meta(description=_("How the interface is divided into pages."))] = "none"
    page_size: Annotated[int, msgspec.Meta(ge=1, le=100_000, description=_("Rows asked for in one page."))] = 500
    size_param: Annotated[str, msgspec.Meta(description=_("Parameter that takes the page size; empty: none."))] = (
        "limit"
    )
    page_param: Annotated[str, msgspec.Meta(description=_("Parameter that takes the page number, for page."))] = "page"
    first_page: Annotated[int, msgspec.Meta(ge=0, description=_("Number of the first page, for page."))] = 1
    offset_param: Annotated[
        str, msgspec.Meta(description=_("Parameter that takes the number of rows to skip, for offset."))
    ] = "offset"
    next_path: Annotated[
        str, msgspec.Meta(description=_("Where the address of the next page is, for next; @link: the Link header."))
    ] = "next"
    cursor_path: Annotated[str, msgspec.Meta(description=_("Where the mark of the next page is, for cursor."))] = (
        "next_cursor"
    )
    cursor_param: Annotated[str, msgspec.Meta(description=_("Parameter that takes the mark, for cursor."))] = "cursor"
    total_path: Annotated[
        str, msgspec.Meta(description=_("Where the number of all rows is; with it, missing rows are noticed."))
    ] = ""
    max_pages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description=_("Most pages that are read."))] = 10_000
    filename: Annotated[str, msgspec.Meta(description=_("Name for the merged file."))] = "rows.ndjson"


def fetch(source: JsonApiSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """All rows, if they are not the same as last time. Raises OutgoingError, SourceError, StorageFull."""
    with session(source, secret, sink.settings) as out:
        pages = _Pages(source, out)
        payload = write_rows(
            sink,
            pages.all,
            filename=source.filename,
            origin=source.url.partition("?")[0],
            host=source.url.split("/")[2],
        )
    new, known = unless_known(payload, state)
    return Fetched(payloads=[new] if new else [], state=known, unchanged=new is None)


def probe(source: JsonApiSource, secret: Secret, settings: Settings) -> TestResult:
    """Read the first page."""
    with session(source, secret, settings) as out:
        pages = _Pages(source, out)
        page = pages.read(pages.first, 0)
    columns = list(msgspec.json.decode(page.rows[0])) if page.rows and bytes(page.rows[0])[:1] == b"{" else []
    total = "?" if page.total is None else str(page.total)
    values = {"url": source.url.partition("?")[0], "count": str(len(page.rows)), "total": total}
    notes = [Note(_("{url} gives {count} rows on its first page, {total} in all."), values)]
    if mark := {"next": source.next_path, "cursor": source.cursor_path}.get(source.paging, "") if not page.next else "":
        text = _(
            "The first page names no next one at `{path}`. If the system has more rows than these, that setting is wrong."
        )
        notes.append(Note(text, {"path": mark}))
    return TestResult(notes=notes, would_fetch=columns[:100], datasets=1)


class _Pages:
    """The pages of a source; a page is named by its number, offset, address or mark."""

    def __init__(self, source: JsonApiSource, out: Outgoing) -> None:
        if not re.match(r"https?://[^/]", source.url):
            raise BadSetting(kind="json_api", name="url", why=_("it must begin with https:// or http://"))
        self.source = source
        self.out = out
        self.first = {"page": str(source.first_page), "offset": "0", "next": source.url}.get(source.paging, "-")

    def all(self) -> Iterator[list[msgspec.Raw]]:
        """Every page."""
        return walk(self.read, self.first, self.source.url.split("/")[2], self.source.max_pages)

    def read(self, name: str, count: int) -> Page:
        """One page; `count` rows came before it."""
        source = self.source
        url = name if source.paging == "next" else source.url
        answer = self.out.get(url, params=self._params(name), max_bytes=MAX_PAGE_BYTES)
        body = json_body(answer)
        rows = rows_at(body, [source.rows], answer.host)
        total = self._total(body, answer)
        return Page(rows, total, self._next(name, rows, total, count, body, answer))

    def _params(self, name: str) -> dict[str, str]:
        source = self.source
        params = dict(source.params)
        if source.paging == "none" or (source.paging == "next" and name != source.url):
            return {} if source.paging == "next" else params
        if source.size_param:
            params[source.size_param] = str(source.page_size)
        if source.paging == "page":
            params[source.page_param] = name
        elif source.paging == "offset":
            params[source.offset_param] = name
        elif source.paging == "cursor" and name != "-":
            params[source.cursor_param] = name
        return params

    def _total(self, body: bytes, answer: Answer) -> int | None:
        if not self.source.total_path:
            return None
        total = find_value(body, self.source.total_path)
        if isinstance(total, int) or (isinstance(total, str) and total.isdecimal()):
            return int(total)
        why = f"{self.source.total_path} = {total!r}"[:80]
        raise UnreadableAnswer(host=answer.host, url=shown(answer.url), format="total_path", why=why)

    def _next(
        self, name: str, rows: list[msgspec.Raw], total: int | None, count: int, body: bytes, answer: Answer
    ) -> str:
        paging = self.source.paging
        if paging == "offset":
            return next_offset(name, len(rows), total)
        if paging == "page":
            more = rows and (total is None or count + len(rows) < total)
            return str(int(name) + 1) if more else ""
        if paging == "cursor":
            return str(find_value(body, self.source.cursor_path) or "")
        if paging == "next":
            if self.source.next_path == "@link":
                found = _LINK_NEXT.search(answer.headers.get("link", ""))
                target = found[1] if found else ""
            else:
                target = str(find_value(body, self.source.next_path) or "")
            return str(answer.url.join(target)) if target else ""
        return ""

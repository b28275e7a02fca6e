"""Changes as feeds (Atom, RFC 4287): of a dataset, of an agency, of the whole catalogue. Entries keep their ids for ever."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from litestar import Response, get
from litestar.params import FromPath

from nhip.db import Connection
from nhip.errors import NhipError, NotFound
from nhip.kernel.i18n import _
from nhip.portal.errors import Withdrawn
from nhip.portal.people.forms import AnyRequest
from nhip.portal.people.letters import SCOPES, has_agency, list_changes
from nhip.portal.people.model import Change
from nhip.portal.public import FOR_ALL, REVALIDATE, installation_of, not_modified, root, tag, told_to_all, unchanged
from nhip.portal.service import get_entry
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web.i18n import language, translate

ENTRIES = 50
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_SPACE = "http://www.w3.org/2005/Atom"
_NAMES = uuid.UUID("2d6c9b32-6f0e-5d7a-9a67-7d3e0b1f5c11")
"""The name space of the ids of feeds (RFC 9562, version 5)."""
TITLES = {
    "released": _("{title}: release {no}"),
    "recalled": _("{title}: release {no} was called back"),
    "withdrawn": _("{title} was withdrawn"),
}
_SUMMARIES = {
    "released": _("{rows} rows."),
    "recalled": _("{why} Delete your copies of it."),
    "withdrawn": "{why}",
}


@get("/changes.atom", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def of_catalogue(request: AnyRequest) -> Response[Any]:
    """All changes."""
    async with installation_of(request).db.read() as tx:
        changes = await list_changes(tx, BEGINNING, most=ENTRIES)
    return _answer(request, "", translate(SCOPES["catalogue"]), "/open-data", changes)


@get("/agency/{code:str}/changes.atom", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def of_agency(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Changes of what an agency has, or had, open."""
    async with installation_of(request).db.read() as tx:
        if not await has_agency(tx, code):
            raise NotFound(what=f"/agency/{code}")
        changes = await list_changes(tx, BEGINNING, agency=code, most=ENTRIES)
    return _answer(request, f"agency:{code}", code, f"/agency/{code}", changes)


@get(
    "/dataset/{name:str}/changes.atom",
    permission=PUBLIC,
    anonymous=True,
    include_in_schema=False,
    exception_handlers={NhipError: told_to_all},
)
async def of_dataset(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Changes of one dataset; the feed stays when the dataset is withdrawn, as that is what its readers have to know."""
    async with installation_of(request).db.read() as tx:
        title = await _title(tx, name)
        changes = await list_changes(tx, BEGINNING, name=name, most=ENTRIES)
    return _answer(request, f"dataset:{name}", title, f"/dataset/{name}", changes)


async def _title(tx: Connection, name: str) -> str:
    try:
        entry = await get_entry(tx, name)
    except Withdrawn:
        return name
    return entry.title_en if language() == "en" and entry.title_en else entry.title


def _answer(request: AnyRequest, key: str, title: str, page: str, changes: Sequence[Change]) -> Response[Any]:
    base = root(request)
    etag = tag("atom", base, key, title, language(), *(f"{c.dataset_id}{c.no}{c.what}{c.at}" for c in changes))
    if unchanged(request, etag):
        return not_modified(etag)
    city = request.app.state.settings.city
    text = feed(base, key, f"{title} · Nhịp {city}", page, request.url.path, city, changes)
    headers = {**FOR_ALL, "ETag": etag, "Cache-Control": REVALIDATE, "Vary": "Accept-Language, Cookie"}
    return Response(text.encode(), media_type="application/atom+xml; charset=utf-8", headers=headers)


def feed(base: str, key: str, title: str, page: str, own: str, author: str, changes: Sequence[Change]) -> str:
    """The document. `base` is the public address, `key` names what is followed, `page` and `own` are paths of page and feed."""
    updated = changes[0].at if changes else BEGINNING
    head = (
        f"<id>urn:uuid:{uuid.uuid5(_NAMES, f'{base}|{key}')}</id><title>{_text(title)}</title>"
        f"<updated>{_moment(updated)}</updated><author><name>{_text(author)}</name></author>"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(base + own)}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(base + page)}/><generator>Nhịp</generator>'
    )
    entries = "".join(_entry(base, change) for change in changes)
    lang = language()
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{_SPACE}" xml:lang="{lang}">{head}{entries}</feed>\n'


def _entry(base: str, change: Change) -> str:
    shown = (change.title_en if language() == "en" else "") or change.title or change.name
    values: dict[str, Any] = {"title": shown, "no": change.no, "rows": change.rows, "why": change.why}
    where = f"{base}/dataset/{change.name}" + (f"/versions/{change.no}" if change.no else "")
    return (
        f"<entry><id>urn:uuid:{uuid.uuid5(_NAMES, f'{change.dataset_id}|{change.what}|{change.no}')}</id>"
        f"<title>{_text(translate(TITLES[change.what], **values))}</title><updated>{_moment(change.at)}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(where)}/>'
        f"<summary>{_text(translate(_SUMMARIES[change.what], **values))}</summary>"
        f"<category term={quoteattr(change.what)}/></entry>"
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(text: str) -> str:
    """Text of an element, without the control signs that XML 1.0 cannot hold."""
    return escape("".join(sign for sign in text if sign >= " " or sign in "\t\n"))


ROUTES = [of_catalogue, of_agency, of_dataset]

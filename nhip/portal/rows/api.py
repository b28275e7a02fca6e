"""`/dataset/{name}/rows`: the rows of an open dataset as JSON or GeoJSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from nhip.errors import NhipError
from nhip.portal.model import Entry, Release
from nhip.portal.public import (
    FOR_ALL,
    REVALIDATE,
    AnyRequest,
    installation_of,
    not_modified,
    pairs_of,
    root,
    tag,
    told_to_all,
    unchanged,
)
from nhip.portal.reads import note_read
from nhip.portal.rows.model import Ask
from nhip.portal.rows.parse import Columns, read_ask
from nhip.portal.rows.service import Found, as_features, as_records, find_rows, release_no
from nhip.portal.service import get_entry, get_release
from nhip.security.permissions.catalogue import PUBLIC

FORMS = {"json": "application/json", "geojson": "application/geo+json"}


@get("/dataset/{name:str}/rows", permission=PUBLIC, anonymous=True, exception_handlers={NhipError: told_to_all})
async def rows(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Rows of an open dataset, a page at a time.

    `column=value`, `column__gte=value` (eq, ne, lt, lte, gt, gte, like, in, null) filter; `_sort=-column`, `_select=a,b`,
    `_size` (1 to 1000), `_after` (the cursor that the page before gave), `_group=column` with `_agg=count,sum:column`,
    `_total=1`, `_format=geojson`, `release=N`.
    """
    pairs = pairs_of(request)
    installation = installation_of(request)
    async with installation.db.read() as tx:
        entry = await get_entry(tx, name)
        release = await get_release(tx, entry, release_no(pairs, Columns(entry.name, entry.columns)))
    ask = read_ask(pairs, Columns(entry.name, release.columns))
    etag = tag("rows", release.digest, str(release.no), root(request), repr(sorted(pairs)))
    if unchanged(request, etag):
        return not_modified(etag)
    await note_read(request, release, "rows")
    found = await find_rows(request.app.state.warm, entry, release, ask)
    return _answer(request, entry, release, ask, found, etag)


def _answer(request: AnyRequest, entry: Entry, release: Release, ask: Ask, found: Found, etag: str) -> Response[Any]:
    following = _following(request, found.after) if found.after else None
    link = {"Link": f'<{following}>; rel="next"'} if following else {}
    told: dict[str, Any] = {
        "dataset": entry.name,
        "release": release.no,
        "as_of": release.as_of,
        "licence": entry.licence,
        "total": found.total,
        "next": following,
    }
    body = (
        {"type": "FeatureCollection", "name": entry.name, **told, "features": as_features(found, release.columns)}
        if ask.form == "geojson"
        else {**told, "rows": as_records(found)}
    )
    headers = {**FOR_ALL, **link, "ETag": etag, "Cache-Control": REVALIDATE}
    return Response(msgspec.json.encode(body), media_type=FORMS[ask.form], headers=headers)


def _following(request: AnyRequest, after: str) -> str:
    kept = [(name, value) for name, value in pairs_of(request) if name != "_after"]
    return f"{root(request)}{request.url.path}?{urlencode([*kept, ('_after', after)])}"

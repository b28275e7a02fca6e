"""`/dataset/{name}/export.{csv|xlsx|json|parquet|geojson}`: whole releases, as long as they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from nhip.errors import NhipError
from nhip.portal import store
from nhip.portal.exports.errors import NoPlaces, OptionUnknown
from nhip.portal.exports.kept import MOST_ROWS, kept_geojson
from nhip.portal.exports.ranges import Part, asked_part
from nhip.portal.exports.write import WRITERS, csv_of
from nhip.portal.model import Entry, Release
from nhip.portal.public import (
    FOR_ALL,
    REVALIDATE,
    AnyRequest,
    installation_of,
    not_modified,
    pairs_of,
    tag,
    told_to_all,
    unchanged,
)
from nhip.portal.rows.parse import LOOKS, Columns, asked_release
from nhip.portal.rows.shapes import find_shape
from nhip.portal.rows.warm import Warm
from nhip.portal.service import get_entry, get_release
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.sessions import agent_of, who
from nhip.web.heads import only_head

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
}
CHUNK = 256 * 1024
_PATHS = [f"/dataset/{{name:str}}/export.{form}" for form in TYPES]


@get(
    _PATHS,
    permission=PUBLIC,
    anonymous=True,
    exception_handlers={NhipError: told_to_all},
)
async def export(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A whole release as a file; `release=N` for another than the newest, `bom=1` for a CSV that Excel opens by a click."""
    form = request.url.path.rpartition(".")[2]
    options = _options(request)
    async with installation_of(request).db.read() as tx:
        entry = await get_entry(tx, name)
        release = await get_release(tx, entry, asked_release(options.items(), Columns(name, [])))
    if form == "geojson" and find_shape(release.columns) is None:
        raise NoPlaces(name=name)
    bom = options.get("bom", "0") not in ("0", "false", "")
    etag = tag("export", form, release.digest, str(bom))
    if unchanged(request, etag):
        return not_modified(etag)
    headers = {
        **FOR_ALL,
        "ETag": etag,
        "Cache-Control": REVALIDATE,
        "Content-Disposition": _named(entry, release, form),
    }
    if form == "parquet":
        path = await asyncio.to_thread(installation_of(request).objects.path, release.object)
        return await _file(request, release, path, form, headers)
    warm: Warm = request.app.state.warm
    if form == "geojson" and release.row_count <= MOST_ROWS:
        path = await kept_geojson(installation_of(request), warm, entry, release)
        return await _file(request, release, path, form, headers)
    if only_head(request.scope):
        return Stream(_nothing(), media_type=TYPES[form], headers=headers)  # its length is not known before it is made
    await _noted(request, release, form)
    body = csv_of(warm, entry, release, bom=bom) if form == "csv" else WRITERS[form](warm, entry, release)
    return Stream(await _begun(body), media_type=TYPES[form], headers=headers)


def _options(request: AnyRequest) -> dict[str, str]:
    options = dict(pairs_of(request))
    for option in options:
        if option not in ("release", "_release", "bom", *LOOKS):
            raise OptionUnknown(parameter=option[:100])
    return options


def _named(entry: Entry, release: Release, form: str) -> str:
    """The file's name holds the release, so that a copy on somebody's disk says which one it is. Names of datasets are ASCII."""
    return f'attachment; filename="{entry.name}-{release.no}.{form}"'


async def _noted(request: AnyRequest, release: Release, form: str) -> None:
    await who(request)  # who took it is noted, so that a recalled release can be called back
    async with installation_of(request).db.tx() as tx:
        await store.insert_download(tx, release, form, agent_of(request))


async def _begun(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same stream, its first piece made: what cannot begin is told by a status, not by a file that breaks off."""
    first = await anext(body, b"")

    async def whole() -> AsyncGenerator[bytes, None]:
        async with aclosing(body):
            yield first
            async for piece in body:
                yield piece

    return whole()


async def _file(request: AnyRequest, release: Release, path: Path, form: str, headers: dict[str, str]) -> Response[Any]:
    """A file as it lies there, in parts where they are asked for: DuckDB, GDAL and QGIS read only what they need."""
    size = path.stat().st_size
    headers = {**headers, "Accept-Ranges": "bytes"}
    part = asked_part(request.headers.get("range", ""), request.headers.get("if-range", ""), headers["ETag"], size)
    if part is None:
        return Response(b"", status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Length"] = str(part.length)
    status = 200
    if part.length < size:
        status, headers["Content-Range"] = 206, f"bytes {part.first}-{part.last}/{size}"
    if only_head(request.scope):
        return Response(b"", status_code=status, media_type=TYPES[form], headers=headers)
    if part.first == 0:
        await _noted(request, release, form)
    return Stream(_pieces(path, part), status_code=status, media_type=TYPES[form], headers=headers)


async def _nothing() -> AsyncGenerator[bytes, None]:
    yield b""


async def _pieces(path: Path, part: Part) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        file.seek(part.first)
        left = part.length
        while left and (piece := await asyncio.to_thread(file.read, min(CHUNK, left))):
            left -= len(piece)
            yield piece

"""`/catalog.ttl|.jsonld|.rdf`, and the forms of a dataset for programs: RDF, schema.org, Croissant."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get
from litestar.response import Redirect, Stream

from nhip.errors import BadInput, NhipError
from nhip.portal.dcat import store
from nhip.portal.dcat.catalogue import SIZE, Once, Page, catalogue_nodes
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.search_engines import croissant, schema_org, written
from nhip.portal.dcat.service import get_facts, site_of
from nhip.portal.dcat.writers import WRITERS
from nhip.portal.model import Entry
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
from nhip.portal.search import list_entries
from nhip.security.permissions.catalogue import PUBLIC

LATEST_PAGE = 100_000
JSON_FORMS = {"schema.jsonld": schema_org, "croissant.json": croissant}


async def dataset_graph_response(request: AnyRequest, entry: Entry, ending: str) -> Response[Any]:
    """An open dataset in the form of an ending: `ttl`, `jsonld`, `rdf`, `schema.jsonld`, `croissant.json`."""
    site = _site(request)
    async with installation_of(request).db.read() as tx:
        facts = await get_facts(tx, entry)
    body = dataset_bytes(site, entry, facts, ending)
    etag = tag(ending, hashlib.sha256(body).hexdigest())
    if unchanged(request, etag):
        return not_modified(etag)
    media_type = WRITERS[ending].media_type if ending in WRITERS else "application/ld+json"
    headers = {**FOR_ALL, "ETag": etag, "Cache-Control": REVALIDATE, "Vary": "Accept"}
    return Response(body, media_type=media_type, headers=headers)


def dataset_bytes(site: Site, entry: Entry, facts: Facts, ending: str) -> bytes:
    """The same, as bytes."""
    if ending in JSON_FORMS:
        return written(JSON_FORMS[ending](site, entry, facts))
    return WRITERS[ending].whole(dataset_nodes(site, entry, facts))


def _site(request: AnyRequest) -> Site:
    return site_of(request.app.state.settings, root(request))


@get("/catalog", permission=PUBLIC, include_in_schema=False)
async def catalogue(request: AnyRequest) -> Redirect:
    """The address of the catalogue itself: people are led to its pages, programs to the form that they ask for."""
    from nhip.portal.pages.dataset import wanted_graph

    ending = wanted_graph(request.headers.get("accept", ""))
    return Redirect(f"/catalog.{ending}" if ending else "/datasets", status_code=303, headers={"Vary": "Accept"})


@get(
    [f"/catalog.{ending}" for ending in WRITERS],
    permission=PUBLIC,
    anonymous=True,
    exception_handlers={NhipError: told_to_all},
)
async def catalogue_page(request: AnyRequest) -> Response[Any]:
    """The catalogue in DCAT-AP 3.0.1, a hundred datasets a page: `page`, and `modified_since` for what changed since a moment."""
    site, asked = _site(request), dict(pairs_of(request))
    number, since = _number(asked.get("page", "")), _since(asked.get("modified_since", ""))
    async with installation_of(request).db.read() as tx:
        counted = await store.count_entries(tx, since)
        entries = await list_entries(tx, await store.list_page(tx, since, SIZE, (number - 1) * SIZE))
        facts = await store.list_facts(tx, [entry.dataset_id for entry in entries])
    ending = request.url.path.rpartition(".")[2]
    page = Page(ending=ending, number=number, total=counted.total, since=since.isoformat() if since else "")
    links = [f'<{page.address(site, n)}>; rel="{rel}"' for rel, n in (("next", number + 1), ("prev", number - 1))
             if 1 <= n <= page.last]  # fmt: skip
    headers = {
        **FOR_ALL,
        "Cache-Control": REVALIDATE,
        "Vary": "Accept-Encoding",
        **({"Link": ", ".join(links)} if links else {}),
    }
    body = _written(site, page, entries, facts, counted.modified)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], body = "gzip", _packed(body)
    return Stream(body, media_type=WRITERS[ending].media_type, headers=headers)


async def _packed(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """A tenth of the size; nothing in it is secret."""
    packer = zlib.compressobj(5, wbits=31)
    async for piece in body:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


async def _written(
    site: Site, page: Page, entries: list[Entry], facts: dict[Any, Facts], modified: datetime | None
) -> AsyncGenerator[bytes, None]:
    writer, once = WRITERS[page.ending], Once()
    yield (writer.start + writer.part(once.fresh(catalogue_nodes(site, page, entries, modified)))).encode()
    for entry in entries:
        known = facts.get(entry.dataset_id) or Facts(dataset_id=entry.dataset_id, digest="")
        yield (writer.between + writer.part(once.fresh(dataset_nodes(site, entry, known)))).encode()
        await asyncio.sleep(0)  # others are served between two datasets
    yield writer.end.encode()


def _number(asked: str) -> int:
    if not asked:
        return 1
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 9 and 1 <= int(asked) <= LATEST_PAGE):
        raise BadInput(what=f"page: {asked[:40]}")
    return int(asked)


def _since(asked: str) -> datetime | None:
    """A moment of ISO 8601; a plus that came as a blank is one again. Without a zone it is UTC."""
    if not asked:
        return None
    for told in (asked[:40], asked[:40].replace(" ", "+")):
        try:
            found = datetime.fromisoformat(told)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise BadInput(what=f"modified_since: {asked[:40]}")

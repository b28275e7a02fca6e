"""What search engines ask for: `/sitemap.xml` (sitemaps.org 0.9) and `/robots.txt` (RFC 9309)."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from litestar import Response, get
from litestar.params import FromQuery

from nhip.portal.public import AnyRequest, installation_of, root
from nhip.portal.search import list_addresses
from nhip.portal.stories.store import list_published
from nhip.security.permissions.catalogue import PUBLIC

A_FILE = 10_000
"""Addresses in one sitemap; the standard allows 50,000. More come in the next, which the index names."""
STORIES = 1_000
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CLOSED = ("/console", "/account", "/signin", "/signout", "/setup")


@get("/robots.txt", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def robots(request: AnyRequest) -> Response[str]:
    """Everything public may be read, exports and endless filters apart."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED),
        "Disallow: /dataset/*/rows",
        "Disallow: /dataset/*/export.",
    ]
    text = "\n".join([*lines, f"Sitemap: {root(request)}/sitemap.xml", ""])
    return Response(text, media_type="text/plain", headers={"Cache-Control": "public, max-age=3600"})


@get("/sitemap.xml", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def sitemap(request: AnyRequest, after: FromQuery[str | None] = None) -> Response[Any]:
    """The pages of open datasets; with more than ten thousand, the index of the files that name them."""
    async with installation_of(request).db.read() as tx:
        if after is not None:
            found = await list_addresses(tx, after.replace("\0", "")[:200], A_FILE)
            return _xml(
                _listed(root(request), [(f"/dataset/{one.name}", one.modified.date().isoformat()) for one in found])
            )
        found = await list_addresses(tx, "", A_FILE + 1)
        if len(found) <= A_FILE:
            fixed = [
                (path, "") for path in ("/", "/datasets", "/agencies", "/stories", "/data-requests", "/about-data")
            ]
            fixed += [(f"/story/{s.name}", s.made_at.date().isoformat()) for s in await list_published(tx, STORIES)]
            return _xml(
                _listed(
                    root(request), [*fixed, *((f"/dataset/{o.name}", o.modified.date().isoformat()) for o in found)]
                )
            )
        starts = [""]
        while len(found) > A_FILE:
            starts.append(found[A_FILE - 1].name)
            found = await list_addresses(tx, starts[-1], A_FILE + 1)
    files = "".join(
        f"<sitemap><loc>{escape(f'{root(request)}/sitemap.xml?after={start}')}</loc></sitemap>" for start in starts
    )
    return _xml(f'{_HEAD}<sitemapindex xmlns="{_SPACE}">{files}</sitemapindex>')


def _listed(base: str, pages: list[tuple[str, str]]) -> str:
    lines = (
        f"<url><loc>{escape(base + path)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
        for path, day in pages
    )
    return f'{_HEAD}<urlset xmlns="{_SPACE}">{"".join(lines)}</urlset>'


def _xml(text: str) -> Response[bytes]:
    return Response(text.encode(), media_type="application/xml", headers={"Cache-Control": "public, no-cache"})

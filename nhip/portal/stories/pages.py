"""Stories as the public reads them: a list, a page, the same to embed into other websites, and oEmbed for those who ask."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring  # writes only: nothing is parsed

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.portal.pages.words import always
from nhip.portal.public import FOR_ALL, installation_of, open_page, root, told_to_all
from nhip.portal.stories import store
from nhip.portal.stories.draw import Desk, draw_all
from nhip.portal.stories.errors import FormatUnknown, StoryNotFound, StoryWithdrawn
from nhip.portal.stories.model import Draft, Story, Version
from nhip.portal.stories.service import get_published
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.protect import CONTENT_SECURITY_POLICY
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb, Listing

AnyRequest = Request[Any, Any, Any]
HOME = "/stories"
SIZE = 20
FRAMED = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
"""Only what is made to be embedded may stand in a frame of another website; it has no forms and knows nobody."""
WIDTH, HEIGHT = 720, 900
_XML = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def title_of_story(draft: Draft) -> str:
    """A story's title in the reader's language where there is one."""
    return draft.title_en if language() == "en" and draft.title_en else draft.title


def lead_of_story(draft: Draft) -> str:
    """The sentence under it."""
    return draft.lead_en if language() == "en" and draft.lead_en else draft.lead


def agency_of_story(story: Version | Story) -> str:
    """The agency that tells it."""
    return story.agency_name_en if language() == "en" and story.agency_name_en else story.agency_name


def said() -> dict[str, Any]:
    """What every template about stories uses."""
    return {"story_title": title_of_story, "story_lead": lead_of_story, "story_agency": agency_of_story}


@get(HOME, permission=PUBLIC, include_in_schema=False)
async def show_all(request: AnyRequest, page: FromQuery[str] = "1") -> Response[Any]:
    """Every story, the newest first."""
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 and int(page) else 1
    async with installation_of(request).db.read() as tx:
        found = await store.list_published(tx, SIZE, (number - 1) * SIZE)
        total = await store.count_published(tx)
    values: dict[str, Any] = {"stories": found, "listing": Listing(number, SIZE, total)}
    return open_page(request, "portal/stories/list.html", **values, **said(), **always(HOME))


@get("/story/{name:str}", permission=PUBLIC, include_in_schema=False)
async def show(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A story over the newest open data."""
    async with installation_of(request).db.read() as tx:
        try:
            story = await get_published(tx, name)
        except StoryWithdrawn as gone:
            values = {"name": name, "why": gone.values["why"]}
            return open_page(request, "portal/stories/gone.html", status=410, **values, **always(HOME))
    values = await _values(request, story)
    crumbs = [Crumb(translate(_("Stories")), HOME), Crumb(title_of_story(story))]
    return open_page(request, "portal/stories/story.html", crumbs=crumbs, **values, **always(HOME))


@get("/story/{name:str}/embed", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def embed(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The story alone, for a frame on another website."""
    async with installation_of(request).db.read() as tx:
        story = await get_published(tx, name)
    headers = {"Content-Security-Policy": FRAMED, "Cross-Origin-Resource-Policy": "cross-origin"}
    return open_page(request, "portal/stories/embed.html", headers=headers, **await _values(request, story))


async def _values(request: AnyRequest, story: Version) -> dict[str, Any]:
    desk = Desk(installation_of(request), request.app.state)
    drawn = await draw_all(desk, story.blocks)
    return {"story": story, "drawn": drawn, "root": root(request), **said(), "dataset_title": always("")["title_of"]}


@get("/oembed", permission=PUBLIC, anonymous=True, include_in_schema=False, exception_handlers={NhipError: told_to_all})
async def oembed(
    request: AnyRequest,
    url: FromQuery[str] = "",
    maxwidth: FromQuery[str] = "",
    maxheight: FromQuery[str] = "",
    format: FromQuery[str] = "json",
) -> Response[Any]:
    """How to embed the story at `url` (oEmbed 1.0, type `rich`, as JSON or XML)."""
    if format not in ("json", "xml"):
        raise FormatUnknown
    start = f"{root(request)}/story/"
    name = url.removeprefix(start).partition("?")[0].partition("#")[0]
    if not url.startswith(start) or not name:
        raise StoryNotFound(what=url[:200])
    async with installation_of(request).db.read() as tx:
        story = await get_published(tx, name)
    width, height = _at_most(maxwidth, WIDTH), _at_most(maxheight, HEIGHT)
    title = title_of_story(story)
    where = f"{root(request)}/story/{story.name}/embed"
    frame = f'<iframe src="{escape(where)}" title="{escape(title)}" width="{width}" height="{height}" loading="lazy"></iframe>'
    body: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "author_name": agency_of_story(story),
        "provider_name": f"Nhịp {request.app.state.settings.city}",
        "provider_url": root(request),
        "cache_age": 3600,
        "html": frame,
        "width": width,
        "height": height,
    }
    headers = {**FOR_ALL, "Cache-Control": "public, max-age=3600", "Vary": "Accept-Language, Cookie"}
    if format == "xml":
        return Response(_as_xml(body), headers=headers, media_type="text/xml")
    return Response(body, headers=headers)


def _as_xml(body: dict[str, Any]) -> bytes:
    """The same in oEmbed's XML (2.3.4.2); signs that XML cannot hold are left out."""
    whole = Element("oembed")
    for name, value in body.items():
        SubElement(whole, name).text = _NOT_XML.sub("", str(value))
    return f"{_XML}{tostring(whole, encoding='unicode')}".encode()


def _at_most(typed: str, usual: int) -> int:
    return min(usual, max(1, int(typed))) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else usual


ROUTES = [show_all, show, embed, oembed]

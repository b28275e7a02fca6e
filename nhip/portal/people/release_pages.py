"""The permanent address of each release: what it is, its files, how it is cited; what is left of a recalled one."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from nhip.db import Connection
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.portal import store
from nhip.portal.errors import Recalled, ReleaseNotFound, Withdrawn
from nhip.portal.model import Entry, Release
from nhip.portal.pages.words import ACTS, TYPES, always, title_of
from nhip.portal.people.citations import MEDIA, Citation, as_bibtex, as_csl, as_ris, as_text, cite
from nhip.portal.people.forms import AnyRequest
from nhip.portal.public import FOR_ALL, REVALIDATE, installation_of, open_page, root, told_to_all
from nhip.portal.service import get_entry, get_release
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web.i18n import language, translate
from nhip.web.model import Crumb
from nhip.web.problems import wants_page

_CITE = [f"/dataset/{{name:str}}/versions/{{no:int}}/cite.{form}" for form in MEDIA]


def citation_of(request: AnyRequest, entry: Entry, release: Release, lang: str = "") -> Citation:
    """How a release is cited, in the reader's language or in `lang`."""
    return cite(entry, release, request.app.state.settings.city, root(request), lang or language())


def citations_of(request: AnyRequest, entry: Entry, release: Release) -> list[tuple[str, str]]:
    """The sentence in both languages, the reader's first: (language, sentence)."""
    both = ("en", "vi") if language() == "en" else ("vi", "en")
    return [(lang, as_text(citation_of(request, entry, release, lang), lang)) for lang in both]


async def _release(tx: Connection, name: str, no: int) -> tuple[Entry, Release]:
    entry = await get_entry(tx, name)
    if not 0 < no < 2**31:
        raise ReleaseNotFound(name=name, no=no)
    return entry, await get_release(tx, entry, no)


@get("/dataset/{name:str}/versions", permission=PUBLIC, include_in_schema=False)
async def show_all(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Every release of a dataset, the newest first."""
    async with installation_of(request).db.read() as tx:
        try:
            entry = await get_entry(tx, name)
        except Withdrawn as gone:
            return _gone(request, name, gone)
        releases = await store.list_releases(tx, entry.dataset_id)
    crumbs = _crumbs(entry, translate(_("Releases")))
    return open_page(
        request, "portal/people/releases.html", entry=entry, releases=releases, crumbs=crumbs, **always("/datasets")
    )


@get("/dataset/{name:str}/versions/{no:int}", permission=PUBLIC, include_in_schema=False)
async def show(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[Any]:
    """One release. Its address stays when newer ones come; recalled and withdrawn it tells why (410)."""
    async with installation_of(request).db.read() as tx:
        try:
            entry, release = await _release(tx, name, no)
        except (Withdrawn, Recalled) as gone:
            return _gone(request, name, gone, no)
        known = sorted(r.no for r in await store.list_releases(tx, entry.dataset_id) if r.recalled_at is None)
    values: dict[str, Any] = {
        "entry": msgspec.structs.replace(entry, columns=release.columns),
        "release": release,
        "citations": citations_of(request, entry, release),
        "media": MEDIA,
        "types": TYPES,
        "acts": ACTS,
        "newest": entry.release_no,
        "crumbs": _crumbs(entry, translate(_("Release {no}"), no=no)),
    }
    headers = {"Link": _links(request, entry, no, known), "Vary": "Accept-Language, Cookie"}
    return open_page(request, "portal/people/release.html", headers=headers, **values, **always("/datasets"))


def _crumbs(entry: Entry, here: str) -> list[Crumb]:
    return [Crumb(translate("Datasets"), "/datasets"), Crumb(title_of(entry), f"/dataset/{entry.name}"), Crumb(here)]


def _links(request: AnyRequest, entry: Entry, no: int, known: list[int]) -> str:
    """Signposts (RFC 8288, RFC 8574, RFC 5829): how it is cited, which release comes before and after, which is the newest."""
    home = f"{root(request)}/dataset/{entry.name}"
    links = [f'<{home}/versions/{no}>; rel="cite-as"', f'<{home}>; rel="latest-version"']
    links += [f'<{home}/versions/{n}>; rel="predecessor-version"' for n in known if n < no][-1:]
    links += [f'<{home}/versions/{n}>; rel="successor-version"' for n in known if n > no][:1]
    links += [f'<{home}/versions/{no}/cite.{form}>; rel="describedby"; type="{kind}"' for form, kind in MEDIA.items()]
    return ", ".join(links)


def _gone(request: AnyRequest, name: str, gone: Withdrawn | Recalled, no: int | None = None) -> Response[Any]:
    if not wants_page(request):
        raise gone
    if isinstance(gone, Withdrawn):
        return open_page(request, "portal/gone.html", status=410, name=name, why=gone.values["why"], **always(""))
    values = {"name": name, "no": no, "why": gone.values["why"]}
    return open_page(request, "portal/people/recalled.html", status=410, **values, **always(""))


@get(_CITE, permission=PUBLIC, anonymous=True, include_in_schema=False, exception_handlers={NhipError: told_to_all})
async def citation(request: AnyRequest, name: FromPath[str], no: FromPath[int]) -> Response[Any]:
    """A citation as reference managers read it."""
    async with installation_of(request).db.read() as tx:
        entry, release = await _release(tx, name, no)
    form, found = request.url.path.rpartition(".")[2], citation_of(request, entry, release)
    body = as_bibtex(found) if form == "bib" else as_ris(found) if form == "ris" else msgspec.json.encode(as_csl(found))
    headers = {
        **FOR_ALL,
        "Cache-Control": REVALIDATE,
        "Vary": "Accept-Language, Cookie",
        "Content-Disposition": f'attachment; filename="{entry.name}-{release.no}.{form}"',
    }
    content = body.encode() if isinstance(body, str) else body
    kind = MEDIA[form] if form == "json" else f"{MEDIA[form]}; charset=utf-8"
    return Response(content, media_type=kind, headers=headers)


ROUTES = [show_all, show, citation]

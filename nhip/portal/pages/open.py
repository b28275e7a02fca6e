"""The public pages of the catalogue: home, search, agencies, licences, about."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from nhip.errors import NotFound
from nhip.places.register import Register
from nhip.portal.licences import get_licence, list_licences
from nhip.portal.pages.words import FACETS, SORTS, always, chosen_of, facet_title
from nhip.portal.public import AnyRequest, installation_of, open_page, pairs_of, root
from nhip.portal.search import (
    MOST_PAGES,
    SIZE,
    Result,
    Wanted,
    get_numbers,
    list_agencies,
    list_newest,
    list_themes,
    read_wanted,
    search,
)
from nhip.portal.stories.pages import said as told_stories
from nhip.portal.stories.store import list_published
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.sessions import start_of, who
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing

HOME_STORIES = 3
"""Stories that the front door names."""
FACET_VALUES = 12
"""Values of a facet that are shown; the search narrows the rest."""


@get("/", permission=PUBLIC, include_in_schema=False)
async def home(request: AnyRequest) -> Response[Any]:
    """The front door: for strangers the open data, for those who work here where they begin."""
    if (found := await who(request)) is not None:
        return Redirect(start_of(found))
    return await _home(request)


@get("/open-data", permission=PUBLIC, include_in_schema=False)
async def open_data(request: AnyRequest) -> Response[Any]:
    """The same home for those who are signed in."""
    return await _home(request)


async def _home(request: AnyRequest) -> Response[Any]:
    async with installation_of(request).db.read() as tx:
        values: dict[str, Any] = {
            "numbers": await get_numbers(tx),
            "themes": await list_themes(tx),
            "newest": await list_newest(tx),
            "agencies": (await list_agencies(tx))[:8],
            "stories": await list_published(tx, HOME_STORIES),
        }
    return open_page(request, "portal/home.html", **values, **told_stories(), **always("/"))


@get("/datasets", permission=PUBLIC, include_in_schema=False)
async def datasets(request: AnyRequest) -> Response[Any]:
    """Search with facets; the address says all of it."""
    wanted = read_wanted(pairs_of(request))
    async with installation_of(request).db.read() as tx:
        result = await search(tx, wanted)
        agencies = {agency.code: agency for agency in await list_agencies(tx)}
    words = always("/datasets")
    titles = {code: words["title_of"](agency) for code, agency in agencies.items()}
    places = _place_names(result, wanted)
    chosen = [(name, value, facet_title(name, value, titles, places)) for name, value in chosen_of(wanted)]
    return open_page(
        request,
        "portal/datasets.html",
        wanted=wanted,
        result=result,
        chosen=chosen,
        facets=_facets(result, wanted, titles, places),
        sorts=SORTS,
        listing=Listing(wanted.page, SIZE, min(result.total, SIZE * MOST_PAGES)),
        crumbs=[Crumb(translate("Open data"), "/open-data"), Crumb(translate("Datasets"))],
        **words,
    )


def _facets(
    result: Result, wanted: Wanted, agencies: dict[str, str], places: dict[str, str]
) -> list[tuple[str, str, list[tuple[str, str, int]]]]:
    """Facets that can narrow the hits: name, title, and (value, title, count) of what is not chosen yet."""
    found = []
    for name, title in FACETS.items():
        taken = {value for facet, value in chosen_of(wanted) if facet == name}
        counts = [c for c in result.facets.get(name, []) if c.value and c.value not in taken][:FACET_VALUES]
        if counts and (len(counts) > 1 or counts[0].number < result.total):
            found.append(
                (name, title, [(c.value, facet_title(name, c.value, agencies, places), c.number) for c in counts])
            )
    return found


def _place_names(result: Result, wanted: Wanted) -> dict[str, str]:
    codes = {count.value for count in result.facets.get("place", [])} | set(wanted.place)
    if not codes:
        return {}
    register = Register.load()
    units = {code: register.find_unit(code) for code in codes}
    return {code: unit.name for code, unit in units.items() if unit is not None}


@get("/agencies", permission=PUBLIC, include_in_schema=False)
async def agencies(request: AnyRequest) -> Response[Any]:
    """Agencies that have open data."""
    async with installation_of(request).db.read() as tx:
        found = await list_agencies(tx)
    crumbs = [Crumb(translate("Open data"), "/open-data"), Crumb(translate("Agencies"))]
    return open_page(request, "portal/agencies.html", agencies=found, crumbs=crumbs, **always("/agencies"))


@get("/agency/{code:str}", permission=PUBLIC, include_in_schema=False)
async def agency(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """One agency and its open datasets. An agency without open data answers as one that does not exist."""
    async with installation_of(request).db.read() as tx:
        found = next((one for one in await list_agencies(tx) if one.code == code), None)
        if found is None:
            raise NotFound(what=f"/agency/{code}")
        wanted = read_wanted(
            [*((n, v) for n, v in pairs_of(request) if n == "page"), ("agency", code), ("sort", "title")]
        )
        result = await search(tx, wanted)
    words = always("/agencies")
    crumbs = [Crumb(translate("Agencies"), "/agencies"), Crumb(words["title_of"](found))]
    listing = Listing(wanted.page, SIZE, result.total)
    return open_page(
        request, "portal/agency.html", agency=found, result=result, listing=listing, crumbs=crumbs, **words
    )


@get("/licences/{code:str}", permission=PUBLIC, include_in_schema=False)
async def licence(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """What a licence allows and asks for."""
    if code not in list_licences():
        raise NotFound(what=f"/licences/{code}")
    crumbs = [Crumb(translate("About these data"), "/about-data"), Crumb(code)]
    return open_page(request, "portal/licence.html", licence=get_licence(code), crumbs=crumbs, **always("/about-data"))


@get("/about-data", permission=PUBLIC, include_in_schema=False)
async def about(request: AnyRequest) -> Response[Any]:
    """What is published here, how good it is, who may use it, how programs read it."""
    async with installation_of(request).db.read() as tx:
        numbers = await get_numbers(tx)
    return open_page(
        request,
        "portal/about.html",
        numbers=numbers,
        licences=list_licences(),
        root=root(request),
        **always("/about-data"),
    )

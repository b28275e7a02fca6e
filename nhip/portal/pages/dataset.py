"""The page of one dataset: what it means, a look at its rows, how good it is, how to take it along. Programs get RDF here."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup

from nhip.kernel.i18n import _
from nhip.portal import store
from nhip.portal.cadences import CADENCES
from nhip.portal.dcat.api import dataset_graph_response
from nhip.portal.dcat.shown import page_values
from nhip.portal.errors import NotPublished, Withdrawn
from nhip.portal.model import Entry, Release
from nhip.portal.pages.maps import map_of
from nhip.portal.pages.plots import Plot
from nhip.portal.pages.portrait import Portrait, Portraits
from nhip.portal.pages.sketch import sketch
from nhip.portal.pages.words import ACTS, OVER_TIME, TYPES, always, title_of
from nhip.portal.people.release_pages import citations_of
from nhip.portal.public import AnyRequest, installation_of, open_page, root
from nhip.portal.service import get_entry, get_release
from nhip.portal.snippets import snippets
from nhip.security.permissions.catalogue import PUBLIC
from nhip.web import charts, formats
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.problems import wants_page

GRAPHS = {"text/turtle": "ttl", "application/ld+json": "jsonld", "application/rdf+xml": "rdf"}
"""Media types of RDF, with the ending that `nhip.portal.dcat` knows them by."""
ENDINGS = ("ttl", "jsonld", "rdf", "schema.jsonld", "croissant.json")
"""`/dataset/{name}.{ending}`: the forms of `nhip.portal.dcat.api.dataset_graph_response(request, entry, ending)`."""


_PATH = "/dataset/{name:str}"


@get(_PATH, permission=PUBLIC, include_in_schema=False)
async def dataset(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The dataset as a page, or as RDF where that is asked for."""
    stem, _dot, ending = name.partition(".")
    if ending and ending not in ENDINGS:
        raise NotPublished(name=name)
    graph = ending or wanted_graph(request.headers.get("accept", ""))
    async with installation_of(request).db.read() as tx:
        try:
            entry = await get_entry(tx, stem)
        except Withdrawn as gone:
            if graph or not wants_page(request):
                raise
            return open_page(request, "portal/gone.html", status=410, name=name, why=gone.values["why"], **always(""))
        release = await get_release(tx, entry)
        releases = await store.list_releases(tx, entry.dataset_id)
        described = {} if graph else await page_values(request, tx, entry)
    if graph:
        return await dataset_graph_response(request, entry, graph)
    portraits: Portraits = request.app.state.portraits
    portrait = await portraits.get(release)
    values = _values(request, entry, releases, portrait) | described
    return open_page(request, "portal/dataset.html", headers=_links(request, entry), **values)


def wanted_graph(accept: str) -> str:
    """The ending of the RDF form that `Accept` ranks above HTML, or empty (RFC 9110, 12.5.1)."""
    best, ending = _quality(accept, "text/html"), ""
    for media_type, form in GRAPHS.items():
        if media_type in accept and (quality := _quality(accept, media_type)) > best:
            best, ending = quality, form
    return ending


def _quality(accept: str, media_type: str) -> float:
    for part in accept[:1_000].split(","):
        name, _semicolon, rest = part.strip().partition(";")
        if name.strip().lower() == media_type:
            try:
                return float(rest.partition("q=")[2].partition(";")[0] or 1)
            except ValueError:
                return 0.0
    return 0.0


def _links(request: AnyRequest, entry: Entry) -> dict[str, str]:
    """Signposts for programs (RFC 8288): the same dataset in other forms, its licence, its stable name."""
    home = f"{root(request)}/dataset/{entry.name}"
    links = [f'<{home}>; rel="canonical cite-as"']
    links += [f'<{home}>; rel="alternate"; type="{media_type}"' for media_type in GRAPHS]
    return {"Link": ", ".join(links), "Vary": "Accept, Accept-Language, Cookie"}


def _values(request: AnyRequest, entry: Entry, releases: list[Release], portrait: Portrait) -> dict[str, Any]:
    release = next(one for one in releases if one.no == entry.release_no)
    return {
        "entry": entry,
        "release": release,
        "releases": releases,
        "portrait": portrait,
        "drawings": [_drawn(plot) for plot in portrait.plots],
        "sketch": _sketched(portrait),
        "map": map_of(entry, request.app.state.settings),
        "snippets": snippets(root(request), entry),
        "root": root(request),
        "cadence": CADENCES.get(entry.cadence, ""),
        "types": TYPES,
        "acts": ACTS,
        "citations": citations_of(request, entry, release),
        "crumbs": [Crumb(translate("Datasets"), "/datasets"), Crumb(title_of(entry))],
        **always("/datasets"),
    }


class Drawn(msgspec.Struct, frozen=True):
    """A picture and what it shows."""

    title: str
    drawing: Any
    note: str = ""


def _drawn(plot: Plot) -> Drawn:
    column, unit = title_of(plot.column), plot.column.unit
    if plot.kind == "spread":
        title = translate(_("Spread of {column}"), column=column)
        left_out = translate(_("The smallest and the largest values, 1 in 200 on each side, are left out."))
        note = left_out if sum(plot.counts) < plot.rows else ""
        return Drawn(title, charts.histogram(plot.counts, plot.edges, translate(_("Rows")), unit), note)
    if plot.kind == "line":
        title = translate(OVER_TIME[plot.counted, plot.step], column=column)
        return Drawn(title, charts.series(plot.line, title, "" if plot.counted else unit, zero=plot.counted))
    title = translate(_("Rows by {column}"), column=column)
    rest = translate(_("All other values together: {n} rows."), n=formats.number(plot.rest)) if plot.rest else ""
    said = {"true": translate(_("yes")), "false": translate(_("no"))} if plot.column.type == "boolean" else {}
    bars = [(said.get(name.lower(), name)[:60], count) for name, count in plot.names]
    return Drawn(title, charts.bars(bars, title), rest)


def _sketched(portrait: Portrait) -> Markup | None:
    """Where the rows lie; one point alone says nothing."""
    points, lines = portrait.outlines.points, portrait.outlines.lines
    return sketch(points, translate(_("Where the rows lie")), lines) if len(points) > 1 or lines else None

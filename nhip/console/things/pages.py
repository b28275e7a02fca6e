"""Live city: the types of things, the things of a type, a thing with its history and what it leads to."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson
from litestar import Request, Response, get
from litestar.params import FromQuery

from nhip.console.common import PageNumber, dataset_of, installation_of, title_of
from nhip.console.evidence import column_title
from nhip.console.things import asking
from nhip.console.things.showing import (
    Shown,
    attributes,
    called,
    line_of,
    measured_by,
    name_of,
    page_of,
    place_of,
    shown,
    source_of,
)
from nhip.console.things.words import attribute_title, type_title
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.graph.document.render import render
from nhip.graph.model import Doc, View
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.i18n import _
from nhip.portal.public import FOR_ALL
from nhip.things.store import list_faults, list_held
from nhip.things.words import FILE, PATH, city_context
from nhip.web.charts import series
from nhip.web.i18n import translate
from nhip.web.model import Crumb, Listing, PlacesMap
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]
HOME = "/console/things"
READ = "graph.read"
SIMULATED = "urn:nhip:simulated"
_ON_A_MAP = 1000


@get(HOME, permission=READ)
async def kinds(request: AnyRequest) -> Response[str]:
    """The types with how many things each has, and which datasets they come from."""
    found = await asking.list_kinds(asking.graph_of(request))
    async with installation_of(request).db.read() as tx:
        held = await list_held(tx)
    values: dict[str, Any] = {"kinds": found, "held": held, "type_title": type_title, "type_of": _type_of}
    return page(request, "console/things/kinds.html", **values)


def _type_of(name: str) -> str:
    return city_context().expand(name)


@get(f"{HOME}/list", permission=READ)
async def things(
    request: AnyRequest, type: FromQuery[str], q: FromQuery[str] = "", number: PageNumber = 1
) -> Response[str]:
    """Things of a type; by words in their names, or the one with that identifier."""
    offset = (number - 1) * asking.PAGE
    graph = asking.graph_of(request)
    docs, count = await asking.list_things(graph, type, q, offset, asking.PAGE)
    stations = await _names(graph, {station for doc in docs if (station := measured_by(doc))})
    lines = [line_of(doc, stations) for doc in docs]
    values: dict[str, Any] = {
        "kind": type,
        "title": type_title(type),
        "lines": lines,
        "q": q,
        "page_of": page_of,
        "listing": Listing(number, asking.PAGE, count),
        "observed": any(line.latest for line in lines),
        "map": _map(request, {"type": type, "q": q}) if any(place_of(doc) for doc in docs) else None,
    }
    crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(type_title(type))]
    return page(request, "console/things/list.html", crumbs=crumbs, **values)


@get(f"{HOME}/rows", permission=READ)
async def rows(
    request: AnyRequest, type: FromQuery[str] = "", id: FromQuery[str] = "", q: FromQuery[str] = ""
) -> Response[bytes]:
    """Where things are, for the map: those of a type, or one."""
    graph = asking.graph_of(request)
    docs = [await asking.get_thing(graph, id)] if id else (await asking.list_things(graph, type, q, 0, _ON_A_MAP))[0]
    told = [
        {"name": name_of(doc), "id": doc["id"], "latitude": place[1], "longitude": place[0]}
        for doc in docs
        if (place := place_of(doc)) is not None
    ]
    return Response(orjson.dumps({"rows": told, "next": None}), media_type="application/json")


@get(f"{HOME}/one", permission=READ)
async def thing(request: AnyRequest, id: FromQuery[str], attribute: FromQuery[str] = "") -> Response[str]:
    """A thing: what is known of it, the history of one of its numbers, what it leads to and what leads to it."""
    graph = asking.graph_of(request)
    doc = await asking.get_thing(graph, id)
    told = shown(doc)
    drawn = _drawn(told, attribute)
    history = await asking.list_history(graph, id, drawn.iri) if drawn is not None else []
    chart = series(history, drawn.title, drawn.unit, zero=False) if drawn is not None and len(history) > 1 else None
    names = await _names(graph, {one for line in told for one in line.to})
    values: dict[str, Any] = {
        "id": id,
        "name": called(doc, names),
        "types": [(iri, type_title(iri)) for iri in doc["type"]],
        "told": told,
        "numbers": [one for one in told if one.numeric],
        "drawn": drawn,
        "chart": chart,
        "history": history[::-1][:20],
        "names": names,
        "sources": await _sources(request, {source for line in told if (source := source_of(line))}),
        "source_of": source_of,
        "referring": [
            (attribute_title(iri), other["id"], name_of(other), type_title(other["type"][0]))
            for iri, other in await asking.list_referring(graph, id)
        ],
        "map": _map(request, {"id": id}) if place_of(doc) else None,
        "simulated": _simulated(doc),
        "simulator": SIMULATED,
        "page_of": page_of,
        "raw": f"{HOME}/raw?{urlencode({'id': id})}",
    }
    crumbs = [Crumb(translate(_("Live city")), HOME)]
    kind = doc["type"][0]
    crumbs += [Crumb(type_title(kind), f"{HOME}/list?{urlencode({'type': kind})}"), Crumb(values["name"])]
    return page(request, "console/things/thing.html", crumbs=crumbs, **values)


async def _names(graph: Graph, ids: set[str]) -> dict[str, str]:
    """What the things with these identifiers are called; those that are not there are left out."""
    found = await graph.get_many(DEFAULT_TENANT, sorted(ids)) if ids else []
    return {one.id: name_of(orjson.loads(one.doc)) for one in found}


async def _sources(request: AnyRequest, names: set[str]) -> dict[str, str]:
    """The titles of datasets that whoever asks may read."""
    if not names:
        return {}
    async with installation_of(request).db.read() as tx:
        return {one.name: title_of(one) for one in await list_datasets(tx) if one.name in names}


def _drawn(told: list[Shown], attribute: str) -> Shown | None:
    """The number whose history is drawn: the one that was chosen, else the first that is observed."""
    numbers = [one for one in told if one.numeric]
    chosen = [one for one in numbers if one.iri == attribute]
    observed = [one for one in numbers if one.observed is not None]
    return next(iter([*chosen, *observed]), None)


def _simulated(doc: Doc) -> bool:
    """Whether something of it is model data of the simulator."""
    source = city_context().expand("source")
    instances = [instance for _iri, instance in attributes(doc)]
    told = [one for instance in instances for one in instance.get(source, ())] + doc.get(source, [])
    return any(one.get("value") == SIMULATED for one in told)


def _map(request: AnyRequest, query: dict[str, str]) -> PlacesMap:
    """What the page's script is told of the map."""
    settings = request.app.state.settings
    titles = {"name": translate(_("Name")), "id": translate(_("Identifier"))}
    return PlacesMap(
        rows=f"{HOME}/rows?{urlencode(query)}",
        titles=json.dumps(titles, ensure_ascii=False),
        tiles=settings.map_tiles,
        credit=settings.map_credit,
        signed=True,
    )


@get(f"{HOME}/raw", permission=READ)
async def raw(request: AnyRequest, id: FromQuery[str]) -> Response[bytes]:
    """A thing as the interface gives it: JSON-LD with its @context."""
    doc = await asking.get_thing(asking.graph_of(request), id)
    settings = request.app.state.settings
    address = settings.base_url or f"http://{settings.host}:{settings.port}"
    told = {**render(doc, city_context(), View(sys=True)), "@context": f"{address}{PATH}"}
    return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), media_type="application/ld+json")


@get(f"{HOME}/faults", permission=READ)
async def faults(request: AnyRequest, dataset: FromQuery[str]) -> Response[str]:
    """Rows of a dataset of which something did not become a thing, and why."""
    async with installation_of(request).db.read() as tx:
        known = await dataset_of(request, tx, dataset)
        version = await find_version_in_force(tx, known)
        found = await list_faults(tx, dataset)
    crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(title_of(known), f"/console/datasets/{dataset}")]
    crumbs.append(Crumb(translate(_("What did not become things"))))
    values: dict[str, Any] = {"dataset": known, "faults": found, "column_of": partial(column_title, version)}
    return page(request, "console/things/faults.html", crumbs=crumbs, **values)


@get(PATH, permission="public", anonymous=True, include_in_schema=False)
async def context() -> Response[bytes]:
    """The @context of the city's things: words, no data, so it is open to all."""
    headers = {**FOR_ALL, "Cache-Control": "public, max-age=3600"}
    return Response(FILE.read_bytes(), media_type="application/ld+json", headers=headers)


ROUTES = [kinds, things, rows, thing, raw, faults, context]

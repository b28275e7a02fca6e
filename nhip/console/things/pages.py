"""Live city: the types of things, the things of a type, a thing with its history and what it leads to."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson
from litestar import Request, Response, get
from litestar.params import FromQuery
from markupsafe import Markup

from nhip.console.common import PageNumber, dataset_of, installation_of, title_of
from nhip.console.evidence import column_title
from nhip.console.things import asking
from nhip.console.things.freshness import patience, silent
from nhip.console.things.history import STRETCHES, History, history_of
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
from nhip.graph.query.seeing import get_seen
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.kernel.i18n import _
from nhip.portal.public import FOR_ALL
from nhip.things.pulse import TOPIC
from nhip.things.store import list_faults, list_held
from nhip.things.words import FILE, PATH, city_context
from nhip.web.charts import series
from nhip.web.formats import datetime_
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
    stations = await _stations(graph, docs)
    lines = [line_of(doc, _called(stations)) for doc in docs]
    longest = patience(line.latest for line in lines)
    observed = any(line.latest for line in lines)
    values: dict[str, Any] = {
        "kind": type,
        "title": type_title(type),
        "lines": lines,
        "q": q,
        "page_of": page_of,
        "listing": Listing(number, asking.PAGE, count),
        "observed": observed,
        "silent": {line.id for line in lines if silent(line.latest, longest)},
        "map": _map(request, {"type": type, "q": q}, moves=observed and count <= _ON_A_MAP)
        if any(_place(doc, stations) for doc in docs)
        else None,
    }
    crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(type_title(type))]
    return page(request, "console/things/list.html", crumbs=crumbs, **values)


@get(f"{HOME}/rows", permission=READ)
async def rows(
    request: AnyRequest,
    type: FromQuery[str] = "",
    id: FromQuery[str] = "",
    q: FromQuery[str] = "",
    number: PageNumber = 1,
) -> Response[bytes]:
    """Where things are, and what is known of them, for the map: those of a type, in pages, or one."""
    graph = asking.graph_of(request)
    offset = (number - 1) * _ON_A_MAP
    docs, count = [await asking.get_thing(graph, id)] if id else [], 1
    if not id:
        docs, count = await asking.list_things(graph, type, q, offset, _ON_A_MAP)
    stations = await _stations(graph, docs)
    names = _called(stations)
    told = [_on_the_map(doc, names, place) for doc in docs if (place := _place(doc, stations)) is not None]
    more = f"{HOME}/rows?{urlencode({'type': type, 'q': q, 'page': number + 1})}"
    answer = {"rows": told, "next": more if offset + _ON_A_MAP < count else None}
    return Response(orjson.dumps(answer), media_type="application/json")


def _on_the_map(doc: Doc, names: dict[str, str], place: tuple[float, float]) -> dict[str, Any]:
    line = line_of(doc, names)
    known = " · ".join(f"{one.title}: {one.value} {one.unit}".rstrip() for one in line.told)
    return {
        "name": line.name,
        "known": known,
        "observed": datetime_(line.latest) if line.latest else "",
        "latitude": place[1],
        "longitude": place[0],
        "id": doc["id"],
        "page": page_of(doc["id"]),
    }


@get(f"{HOME}/one", permission=READ)
async def thing(
    request: AnyRequest, id: FromQuery[str], attribute: FromQuery[str] = "", stretch: FromQuery[str] = ""
) -> Response[str]:
    """A thing: what is known of it, the history of one of its numbers, what it leads to and what leads to it."""
    graph = asking.graph_of(request)
    doc = await asking.get_thing(graph, id)
    told = shown(doc)
    drawn = _drawn(told, attribute)
    history = await history_of(graph, id, drawn.iri, stretch) if drawn is not None else None
    linked = await _things(graph, {one for line in told for one in line.to})
    names = _called(linked)
    values: dict[str, Any] = {
        "id": id,
        "name": called(doc, names),
        "types": [(iri, type_title(iri)) for iri in doc["type"]],
        "told": told,
        "numbers": [one for one in told if one.numeric],
        "drawn": drawn,
        "chart": _chart(drawn, history) if drawn is not None and history is not None else None,
        "history": history,
        "stretches": STRETCHES,
        "names": names,
        "sources": await _sources(request, {source for line in told if (source := source_of(line))}),
        "source_of": source_of,
        "referring": [
            (attribute_title(iri), other["id"], name_of(other), type_title(other["type"][0]))
            for iri, other in await asking.list_referring(graph, id)
        ],
        "map": _map(request, {"id": id}, moves=any(one.observed for one in told)) if _place(doc, linked) else None,
        "simulated": _simulated(doc),
        "simulator": SIMULATED,
        "page_of": page_of,
        "raw": f"{HOME}/raw?{urlencode({'id': id})}",
    }
    crumbs = [Crumb(translate(_("Live city")), HOME)]
    kind = doc["type"][0]
    crumbs += [Crumb(type_title(kind), f"{HOME}/list?{urlencode({'type': kind})}"), Crumb(values["name"])]
    return page(request, "console/things/thing.html", crumbs=crumbs, **values)


def _chart(drawn: Shown, history: History) -> Markup | None:
    points, band = history.drawn()
    return series(points, drawn.title, drawn.unit, zero=False, band=band) if len(history.points) > 1 else None


async def _things(graph: Graph, ids: set[str]) -> dict[str, Doc]:
    """The things with these identifiers; those that are not there are left out."""
    found = await get_seen(graph, DEFAULT_TENANT, sorted(ids)) if ids else []
    return {one.id: orjson.loads(one.doc) for one in found}


async def _stations(graph: Graph, docs: list[Doc]) -> dict[str, Doc]:
    """Where readings were taken."""
    return await _things(graph, {station for doc in docs if (station := measured_by(doc))})


def _called(docs: dict[str, Doc]) -> dict[str, str]:
    return {id: name_of(doc) for id, doc in docs.items()}


def _place(doc: Doc, stations: dict[str, Doc]) -> tuple[float, float] | None:
    """Where a thing is; a reading is where its station is."""
    return place_of(doc) or place_of(stations.get(measured_by(doc), {}))


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


def _map(request: AnyRequest, query: dict[str, str], *, moves: bool) -> PlacesMap:
    """What the page's script is told of the map; `moves`: what is drawn follows the things."""
    settings = request.app.state.settings
    words = {
        "name": _("Name"), "id": _("Identifier"), "known": _("What is known"), "observed": _("Observed"),
        "latitude": _("Latitude"), "longitude": _("Longitude"),
    }  # fmt: skip
    titles = {name: translate(word) for name, word in words.items()}
    return PlacesMap(
        rows=f"{HOME}/rows?{urlencode(query)}",
        titles=json.dumps(titles, ensure_ascii=False),
        tiles=settings.map_tiles,
        credit=settings.map_credit,
        signed=True,
        follow=TOPIC if moves else "",
        link="page",
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

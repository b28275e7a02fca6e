"""Live city: the types of things, the things of a type, a thing with its history and what it leads to."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
import orjson
from litestar import Request, Response, get
from litestar.params import FromQuery
from markupsafe import Markup

from nhip.console.common import dataset_of, installation_of, title_of
from nhip.console.evidence import column_title
from nhip.console.things import asking
from nhip.console.things.history import STRETCHES, History, history_of
from nhip.console.things.placing import map_of, names_of, place_in
from nhip.console.things.saying import SIMULATED, said_by
from nhip.console.things.showing import (
    Line,
    Shown,
    attributes,
    called,
    line_of,
    page_of,
    shown,
    source_of,
)
from nhip.console.things.words import attribute_title, type_title
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.graph.document.render import render
from nhip.graph.model import Doc, View
from nhip.graph.pulse import TOPIC, topic_of
from nhip.graph.service import Graph
from nhip.kernel.i18n import _
from nhip.portal.public import FOR_ALL
from nhip.things.store import list_faults, list_held
from nhip.things.words import FILE, PATH, city_context
from nhip.web.charts import series
from nhip.web.i18n import translate
from nhip.web.live import part_of
from nhip.web.model import Crumb, PlacesMap
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]
HOME = "/console/things"
READ = "graph.read"
_TOPICS = 5


@get(HOME, permission=READ)
async def kinds(request: AnyRequest) -> Response[str]:
    """The types with how many things each has, and which datasets they come from."""
    found = await asking.list_kinds(asking.graph_of(request))
    async with installation_of(request).db.read() as tx:
        held = await list_held(tx)
    live = await asking.list_live(asking.graph_of(request), found)
    topics = " ".join(map(topic_of, live)) if len(live) <= _TOPICS else TOPIC
    values: dict[str, Any] = {"kinds": found, "held": held, "type_title": type_title, "type_of": _type_of}
    values["map"] = map_of(request, {}, topics) if live else None
    return page(request, "console/things/kinds.html", block=part_of(request), **values)


def _type_of(name: str) -> str:
    return city_context().expand(name)


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
    linked = await asking.get_things(graph, {one for line in told for one in line.to})
    said = await said_by(request, id, told)
    names, topics = names_of(linked), " ".join(topic_of(iri) for iri in doc["type"][:_TOPICS])
    referring, referring_topic = await _referring(graph, id, called(doc, names))
    values: dict[str, Any] = {
        "id": id,
        "name": called(doc, names),
        "types": [(iri, type_title(iri)) for iri in doc["type"]],
        "told": told,
        "pairs": list(zip(told, said.voices, strict=True)),
        "numbers": [one for one in told if one.numeric],
        "drawn": drawn,
        "chart": _chart(drawn, history) if drawn is not None and history is not None else None,
        "history": history,
        "stretches": STRETCHES,
        "names": names,
        "said": said,
        "sources": await _sources(request, {source for line in told if (source := source_of(line))}),
        "source_of": source_of,
        "referring": referring,
        "referring_topic": referring_topic,
        "map": _map(request, id, told, topics) if place_in(doc, linked) else None,
        "topic": topics,
        "simulated": _simulated(doc),
        "simulator": SIMULATED,
        "page_of": page_of,
        "raw": f"{HOME}/raw?{urlencode({'id': id})}",
    }
    crumbs = [Crumb(translate(_("Live city")), HOME)]
    kind = doc["type"][0]
    crumbs += [Crumb(type_title(kind), f"{HOME}/list?{urlencode({'type': kind})}"), Crumb(values["name"])]
    return page(request, "console/things/thing.html", block=part_of(request), crumbs=crumbs, **values)


class Referring(msgspec.Struct, frozen=True):
    """A thing that leads to the one that is looked at: by which relationship, what it is, what is known of it."""

    relationship: str
    kind: str
    line: Line


async def _referring(graph: Graph, id: str, name: str) -> tuple[list[Referring], str]:
    """What leads to a thing, and the topics of it."""
    found = await asking.list_referring(graph, id)
    told = [
        Referring(attribute_title(iri), type_title(other["type"][0]), line_of(other, {id: name}))
        for iri, other in found
    ]
    kinds = sorted({kind for _iri, other in found for kind in other["type"]})
    return told, " ".join(map(topic_of, kinds)) if len(kinds) <= _TOPICS else TOPIC


def _map(request: AnyRequest, id: str, told: list[Shown], topics: str) -> PlacesMap:
    """It follows what is observed; one point says something only where there is a background."""
    follows = topics if any(one.observed for one in told) else ""
    return map_of(request, {"id": id}, follows, opens=bool(request.app.state.settings.map_tiles))


def _chart(drawn: Shown, history: History) -> Markup | None:
    points, band = history.drawn()
    return series(points, drawn.title, drawn.unit, zero=False, band=band) if len(history.points) > 1 else None


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


ROUTES = [kinds, thing, raw, faults, context]

"""The things of a type: as a list and on a map, by words and by the value of an attribute, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery
from litestar.response import Stream

from nhip.console.common import PageNumber
from nhip.console.things import asking
from nhip.console.things.filtering import HOWS, Choice, Filter, Wish, choices, other_number, read
from nhip.console.things.freshness import patience, rhythm, silent
from nhip.console.things.history import LATEST, history_of
from nhip.console.things.placing import ON_A_MAP, map_of, names_of, place_in
from nhip.console.things.showing import Line, cell_of, line_of, measured_by, page_of, shown
from nhip.console.things.words import type_title
from nhip.datasets.export import BOM
from nhip.datasets.formulas import neutral_cell
from nhip.graph.errors import TooComplexQuery, TooManyResults
from nhip.graph.model import Doc
from nhip.graph.pulse import topic_of
from nhip.graph.service import Graph
from nhip.kernel.i18n import _
from nhip.kernel.ids import slug
from nhip.kernel.time import now
from nhip.things.words import city_context
from nhip.web.i18n import translate
from nhip.web.live import part_of
from nhip.web.model import Crumb, Listing, PlacesMap
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
HOME = "/console/things"
PATH = f"{HOME}/list"
CSV = f"{HOME}/things.csv"
READ = "graph.read"
_LINES = 200
_REMEMBERED = 20
TOO_WIDE = (TooManyResults, TooComplexQuery)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list, of how many things; `placed`: some of them are somewhere; `wide`: it was too much to look for."""

    lines: list[Line] = []
    count: int = 0
    placed: bool = False
    silent: set[str] = set()
    wide: bool = False

    @property
    def observed(self) -> bool:
        """Whether something here was observed."""
        return any(line.latest for line in self.lines)


class Choices(msgspec.Struct, frozen=True):
    """What a list can be filtered by: the attributes of its things, and of the stations where they were measured."""

    own: list[Choice]
    others: list[Choice]

    @property
    def values(self) -> list[tuple[str, str]]:
        """What may be typed: values that there are, and numbers to compare with, each with the attribute's name."""
        numbers = [one for one in (*self.own, *self.others) if one.sort == "number"]
        said = [(value, one.title) for one in self.own for value in one.values]
        return list(dict.fromkeys(said + [(one.title, one.unit) for one in numbers if len(numbers) > 1]))


class Some(msgspec.Struct, frozen=True):
    """Things of a list, the stations where they were measured, and how many things there are in all."""

    docs: list[Doc]
    stations: dict[str, Doc]
    count: int


async def first_of(graph: Graph, kind: str) -> Some:
    """The first page of a type, whose values tell what its things can be filtered by."""
    return await _some(graph, kind, "", 0, asking.ALL)


async def _some(graph: Graph, kind: str, words: str, offset: int, chosen: Filter) -> Some:
    docs, count = await asking.list_things(graph, kind, words, offset, asking.PAGE, chosen)
    return Some(docs, await asking.stations_of(graph, docs), count)


async def _choices(graph: Graph, kind: str, first: Some) -> Choices:
    others = list(first.stations.values())
    iris = {iri for doc in others for iri in doc if ":" in iri} - {city_context().expand("name")}
    return Choices(choices(await asking.list_attributes(graph, kind), first.docs), choices(sorted(iris), others))


async def understood(graph: Graph, kind: str, wish: Wish, first: Some) -> tuple[Choices, Filter]:
    """What things of a type can be filtered by, and what a wish means."""
    there = await _choices(graph, kind, first)
    chosen = next((one for one in there.own if wish.attribute in (one.iri, one.name)), None)
    if chosen is None or chosen.sort != "link":
        return there, read(wish, there.own, there.others)
    sample = {id for doc in first.docs for one in shown(doc) if one.iri == chosen.iri for id in one.to}
    kinds = {iri for doc in (await asking.get_things(graph, sample)).values() for iri in doc["type"]}
    linked = await asking.list_named(graph, kinds, wish.value, exactly=wish.how != "has")
    return there, read(wish, there.own, there.others, linked)


@get(PATH, permission=READ)
async def things(
    request: AnyRequest,
    type: FromQuery[str],
    q: FromQuery[str] = "",
    attribute: FromQuery[str] = "",
    how: FromQuery[str] = "",
    value: FromQuery[str] = "",
    number: PageNumber = 1,
) -> Response[Any]:
    """Things of a type; by words in their names, or the one with that identifier; by the value of an attribute."""
    graph, wish = asking.graph_of(request), Wish(attribute=attribute, how=how, value=value)
    first = await first_of(graph, type)
    there, chosen = await understood(graph, type, wish, first)
    if (address := _canonical(type, q, wish, there)) is not None:
        return redirect(address)
    found = await _found(graph, type, q, (number - 1) * asking.PAGE, chosen, first)
    asked = {"type": type, **({"q": q} if q else {}), **wish.query()}
    values: dict[str, Any] = {
        "kind": type,
        "title": type_title(type),
        "topic": topic_of(type),
        "found": found,
        "q": q,
        "wish": wish,
        "typed": _typed(wish, there),
        "chosen": chosen,
        "there": there,
        "hows": HOWS,
        "page_of": page_of,
        "listing": Listing(number, asking.PAGE, found.count),
        "csv": f"{CSV}?{urlencode(asked)}",
        "map": _map(request, asked, found) if found.placed else None,
    }
    crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(type_title(type))]
    return page(request, "console/things/list.html", block=part_of(request), crumbs=crumbs, **values)


def _map(request: AnyRequest, asked: dict[str, str], found: Found) -> PlacesMap:
    """Of few things it opens by itself, and follows them."""
    few = found.count <= ON_A_MAP
    return map_of(request, asked, topic_of(asked["type"]) if few else "", opens=few)


async def _found(graph: Graph, kind: str, words: str, offset: int, chosen: Filter, first: Some) -> Found:
    """A page of the list; `first` is that of all things of the type."""
    if chosen.fault:
        return Found()
    try:
        asked = words.strip() or offset or chosen != asking.ALL
        some = await _some(graph, kind, words, offset, chosen) if asked else first
    except TOO_WIDE:
        return Found(wide=True)
    lines = [_line(doc, some.stations, chosen) for doc in some.docs]
    longest = await _longest(graph, lines)
    return Found(
        lines=lines,
        count=some.count,
        placed=any(place_in(doc, some.stations) for doc in some.docs),
        silent={line.id for line in lines if silent(line.latest, longest)},
    )


def _line(doc: Doc, stations: dict[str, Doc], chosen: Filter) -> Line:
    """A thing in the list; what of its station it was held against is told, too."""
    line = line_of(doc, names_of(stations), first=chosen.attributes)
    if chosen.compared is None or chosen.compared.other in doc:
        return line
    other = [
        one for one in shown(stations.get(measured_by(doc), {"id": "", "type": []})) if one.iri == chosen.compared.other
    ]
    return msgspec.structs.replace(line, told=[*line.told[:1], *other])


async def _longest(graph: Graph, lines: list[Line]) -> timedelta | None:
    """How long things of the list may be silent: by the others, and by how often the latest of them was heard of before."""
    by_others = patience(line.latest for line in lines)
    latest = max((line for line in lines if line.latest), key=lambda line: line.latest or now(), default=None)
    number = next((one for one in latest.told if one.numeric and one.observed), None) if latest else None
    if latest is None or number is None:
        return by_others
    before = await history_of(graph, latest.id, number.iri, LATEST)
    by_itself = rhythm(at for at, _value in before.points[-_REMEMBERED:])
    return min(filter(None, (by_others, by_itself)), default=None)


def _canonical(kind: str, words: str, wish: Wish, there: Choices) -> str | None:
    """The address in the vocabulary's words, where it has words of one language; None: it is that already."""
    chosen = next((one for one in there.own if wish.attribute in (one.iri, one.name)), None)
    other = chosen and other_number(wish.value.strip(), chosen, there.own, there.others)
    if other is None or wish.value == other.name or wish.how in ("has", "known", "unknown"):
        return None
    told = {"attribute": wish.attribute, "how": wish.how, "value": other.name}
    return f"{PATH}?{urlencode({'type': kind, **({'q': words} if words else {}), **told})}"


def _typed(wish: Wish, there: Choices) -> str:
    """The value as the form shows it."""
    named = (one for one in (*there.own, *there.others) if one.sort == "number" and one.name == wish.value)
    return next((one.title for one in named), wish.value)


@get(CSV, permission=READ)
async def download(
    request: AnyRequest,
    type: FromQuery[str],
    q: FromQuery[str] = "",
    attribute: FromQuery[str] = "",
    how: FromQuery[str] = "",
    value: FromQuery[str] = "",
) -> Stream:
    """All that the list shows, as CSV: a line for each thing, a column for each attribute."""
    graph, wish = asking.graph_of(request), Wish(attribute=attribute, how=how, value=value)
    there, chosen = await understood(graph, type, wish, await first_of(graph, type))
    found = asking.iter_things(graph, type, q, chosen) if not chosen.fault else _none()
    first = await anext(found, None)  # what is too wide is told before anything is sent
    headers = {
        "Content-Disposition": f'attachment; filename="{slug(type_title(type), 60)}.csv"',
        "Cache-Control": "private, no-store",
    }
    return Stream(_lines(graph, there.own, first, found), media_type="text/csv", headers=headers)


async def _none() -> AsyncIterator[Doc]:
    for doc in list[Doc]():
        yield doc


async def _lines(
    graph: Graph, columns: list[Choice], first: Doc | None, rest: AsyncIterator[Doc]
) -> AsyncIterator[bytes]:
    """CSV in pieces, as spreadsheets read it (UTF-8 with its mark)."""
    head = [_("Identifier"), _("Name"), _("Observed"), _("Latitude"), _("Longitude")]
    told = [translate(word) for word in head]
    titles = [f"{one.title} ({one.unit})" if one.unit else one.title for one in columns]
    yield BOM + _csv([[*told, *titles]])
    some = [first] if first is not None else []
    async for doc in rest:
        some.append(doc)
        if len(some) >= _LINES:
            yield await _written(graph, columns, some)
            some = []
    if some:
        yield await _written(graph, columns, some)


async def _written(graph: Graph, columns: list[Choice], docs: list[Doc]) -> bytes:
    stations = await asking.stations_of(graph, docs)
    names, found = names_of(stations), list[list[str]]()
    for doc in docs:
        line, place = line_of(doc, names), place_in(doc, stations)
        at = line.latest.isoformat() if line.latest else ""
        where = [str(place[1]), str(place[0])] if place else ["", ""]
        found.append([doc["id"], line.name, at, *where, *(cell_of(doc, one.iri) for one in columns)])
    return _csv(found)


def _csv(lines: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([neutral_cell(cell) for cell in line] for line in lines)
    return out.getvalue().encode()


ROUTES = [things, download]

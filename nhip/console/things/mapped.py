"""Where things are, for the map: those of a type, one thing, or all that is measured or moves now."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
from litestar import Request, Response, get
from litestar.params import FromQuery

from nhip.console.common import PageNumber
from nhip.console.things import asking
from nhip.console.things.filtering import Wish
from nhip.console.things.listing import first_of, understood
from nhip.console.things.placing import ON_A_MAP, ROWS, names_of, place_in
from nhip.console.things.showing import line_of, measured_by, page_of
from nhip.console.things.words import type_title
from nhip.graph.model import Doc
from nhip.graph.service import Graph
from nhip.web.formats import datetime_

AnyRequest = Request[Any, Any, Any]
READ = "graph.read"
_LABELLED = 25
"""So many readings have their value beside them."""


@get(ROWS, permission=READ)
async def rows(
    request: AnyRequest,
    type: FromQuery[str] = "",
    id: FromQuery[str] = "",
    q: FromQuery[str] = "",
    attribute: FromQuery[str] = "",
    how: FromQuery[str] = "",
    value: FromQuery[str] = "",
    number: PageNumber = 1,
) -> Response[bytes]:
    """Where things are, and what is known of them: those of a type, in pages, or one; of no type: all that is live."""
    graph, wish = asking.graph_of(request), Wish(attribute=attribute, how=how, value=value)
    if id:
        return _answer(await _drawn(graph, [await asking.get_thing(graph, id)], ()), None)
    if not type:
        told = [row for kind in await asking.list_live(graph) for row in await _all_of(graph, kind)]
        return _answer(told, None)
    chosen = asking.ALL
    if not wish.empty:
        _there, chosen = await understood(graph, type, wish, await first_of(graph, type))
    offset = (number - 1) * ON_A_MAP
    docs, count = await asking.list_things(graph, type, q, offset, ON_A_MAP, chosen)
    more = f"{ROWS}?{urlencode({'type': type, 'q': q, **wish.query(), 'page': number + 1})}"
    return _answer(await _drawn(graph, docs, chosen.attributes), more if offset + ON_A_MAP < count else None)


def _answer(told: list[dict[str, Any]], more: str | None) -> Response[bytes]:
    return Response(orjson.dumps({"rows": told, "next": more}), media_type="application/json")


async def _all_of(graph: Graph, kind: str) -> list[dict[str, Any]]:
    """Things of a live type, with what they are."""
    docs, _count = await asking.list_things(graph, kind, "", 0, asking.MOST_LIVE)
    return [{"kind": type_title(kind), **row} for row in await _drawn(graph, docs, ())]


async def _drawn(graph: Graph, docs: list[Doc], first: tuple[str, ...]) -> list[dict[str, Any]]:
    stations = await asking.stations_of(graph, docs)
    names, few = names_of(stations), len(docs) <= _LABELLED
    places = ((doc, place_in(doc, stations)) for doc in docs)
    return [_row(doc, names, place, first, labelled=few) for doc, place in places if place is not None]


def _row(
    doc: Doc, names: dict[str, str], place: tuple[float, float], first: tuple[str, ...], *, labelled: bool
) -> dict[str, Any]:
    line = line_of(doc, names, first=first)
    told = [(one.title, f"{one.value} {one.unit}".rstrip()) for one in line.told]
    return {
        "name": line.name,
        "known": " · ".join(f"{title}: {value}" for title, value in told),
        "observed": datetime_(line.latest) if line.latest else "",
        "latitude": place[1],
        "longitude": place[0],
        "id": doc["id"],
        "page": page_of(doc["id"]),
        "label": told[0][1] if labelled and told and measured_by(doc) else "",
    }


ROUTES = [rows]

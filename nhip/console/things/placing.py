"""Where things are, and the map that shows them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from litestar import Request

from nhip.console.things.showing import measured_by, name_of, place_of
from nhip.graph.model import Doc
from nhip.kernel.i18n import _
from nhip.web.i18n import translate
from nhip.web.model import PlacesMap

ROWS = "/console/things/rows"
ON_A_MAP = 1000
"""So many rows come in one answer; a map of more is drawn only when somebody asks."""


def names_of(docs: dict[str, Doc]) -> dict[str, str]:
    """What things are called, by identifier."""
    return {id: name_of(doc) for id, doc in docs.items()}


def place_in(doc: Doc, stations: dict[str, Doc]) -> tuple[float, float] | None:
    """Where a thing is; a reading is where its station is."""
    return place_of(doc) or place_of(stations.get(measured_by(doc), {}))


def map_of(
    request: Request[Any, Any, Any], query: dict[str, str], topics: str = "", *, opens: bool = True
) -> PlacesMap:
    """What the page's script is told of the map; `topics`: what is drawn follows them, `opens`: without being asked, where there
    is room."""
    settings = request.app.state.settings
    words = {
        "kind": _("Kind of thing"), "name": _("Name"), "id": _("Identifier"), "known": _("What is known"),
        "observed": _("Observed"), "latitude": _("Latitude"), "longitude": _("Longitude"),
    }  # fmt: skip
    titles = {name: translate(word) for name, word in words.items()}
    return PlacesMap(
        rows=f"{ROWS}?{urlencode(query)}",
        titles=json.dumps(titles, ensure_ascii=False),
        tiles=settings.map_tiles,
        credit=settings.map_credit,
        signed=True,
        follow=topics,
        link="page",
        opens=opens,
    )

"""The map of a dataset's rows that a tap draws: which rows it asks for, how its columns are called, what lies behind it."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from nhip.portal.model import Entry
from nhip.portal.pages.words import title_of
from nhip.portal.rows.shapes import find_shape
from nhip.settings import Settings
from nhip.web.model import PlacesMap

TOLD = 6
"""Columns that a point tells of its row, besides where it lies."""
SIZE, AREAS = 1_000, 200
"""Rows of a page; areas have many corners."""


def map_of(entry: Entry, settings: Settings) -> PlacesMap | None:
    """The map of a dataset whose columns say where its rows lie, None for others."""
    shape = find_shape(entry.columns)
    if shape is None:
        return None
    shown = [c for c in entry.columns if c.name not in shape.names and "__" not in c.name][:TOLD]
    names = [column.name for column in shown]
    asked = {"_select": ",".join((*names, *shape.names)), "_size": AREAS if shape.geometry else SIZE}
    query = urlencode({**asked, "_format": "geojson"} if shape.geometry else asked)
    titles = {column.name: title_of(column) for column in entry.columns}
    return PlacesMap(
        rows=f"/dataset/{entry.name}/rows?{query}",
        latitude=shape.latitude,
        longitude=shape.longitude,
        geometry=bool(shape.geometry),
        titles=msgspec.json.encode(titles).decode(),
        tiles=settings.map_tiles,
        credit=settings.map_credit,
    )

"""The map of a dataset's rows that a tap draws: which rows it asks for, how its columns are called, what lies behind it."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from nhip.portal.model import Entry
from nhip.portal.pages.words import title_of
from nhip.portal.rows.shapes import find_shape
from nhip.settings import Settings

TOLD = 6
"""Columns that a point tells of its row, besides where it lies."""
SIZE = 1_000


class MapOf(msgspec.Struct, frozen=True):
    """What the page's script is told: where the rows are, their columns of places, titles as JSON, the background."""

    rows: str
    latitude: str
    longitude: str
    titles: str
    tiles: str
    credit: str


def map_of(entry: Entry, settings: Settings) -> MapOf | None:
    """The map of a dataset with columns of latitude and longitude, None for others."""
    shape = find_shape(entry.columns)
    if shape is None or shape.geometry:
        return None
    shown = [c for c in entry.columns if c.name not in shape.names and "__" not in c.name][:TOLD]
    names = [column.name for column in shown]
    query = urlencode({"_select": ",".join((*names, *shape.names)), "_size": SIZE})
    titles = {column.name: title_of(column) for column in entry.columns}
    return MapOf(
        rows=f"/dataset/{entry.name}/rows?{query}",
        latitude=shape.latitude,
        longitude=shape.longitude,
        titles=msgspec.json.encode(titles).decode(),
        tiles=settings.map_tiles,
        credit=settings.map_credit,
    )

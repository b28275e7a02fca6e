"""What the actions ask of the catalogue: hits of a search, counts of values, names."""

from __future__ import annotations

from typing import Any

import msgspec

from nhip.db import Connection
from nhip.kernel.time import now
from nhip.portal.ckan.conditions import Conditions, fragment, free_words, queries
from nhip.portal.ckan.errors import FieldUnknown
from nhip.portal.ckan.ids import group_id, name_of, organization_id
from nhip.portal.ckan.solr import Expression
from nhip.portal.model import Entry
from nhip.portal.search import list_agencies, list_entries, list_themes

ORDERS = {
    "score": "score",
    "relevance": "score",
    "metadata_modified": "modified",
    "metadata_created": "issued",
    "name": "name",
    "title": "title",
    "title_string": "title",
    "id": "id",
}
VALUES = {
    "organization": "agency",
    "owner_org": "agency",
    "groups": "theme",
    "tags": "tag",
    "res_format": "format",
    "license_id": "licence",
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A search: the condition, pairs of field and whether downwards, which hits, which facets with how many values."""

    expression: Expression
    order: list[tuple[str, bool]]
    rows: int
    start: int
    facets: list[str] = []
    most: int = 50


class Hits(msgspec.Struct, frozen=True):
    """Entries, how many there are altogether, facet -> value -> number."""

    entries: list[Entry]
    total: int
    facets: dict[str, dict[str, int]]


async def find(tx: Connection, wanted: Wanted) -> Hits:
    """Answer a search in at most five queries and one for each facet. Raises FieldUnknown, QueryUnreadable."""
    agencies = {key: a.code for a in await list_agencies(tx) for key in (name_of(a.code), organization_id(a.code))}
    themes = {key: t.code for t in await list_themes(tx) for key in (name_of(t.code), group_id(t.code))}
    conditions = Conditions(agencies, themes, now())
    where = conditions.where(wanted.expression)
    values = conditions.values
    counted = await _rows(tx, fragment("count_hits").replace("$where", where), values)
    order, best = _order(wanted), free_words(wanted.expression)
    text = fragment("list_hits").replace("$order", order).replace("$where", where)
    limits = {"rows": wanted.rows, "start": wanted.start, "best": best}
    ids = [row[0] for row in await _rows(tx, text, {**values, **limits})] if wanted.rows else []
    facets = {name: await _counted(tx, name, where, {**values, "most": wanted.most}) for name in wanted.facets}
    return Hits(await list_entries(tx, ids), counted[0][0], facets)


async def _rows(tx: Connection, text: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The text is made of pieces of `store.sql`; what was asked stands in `values` alone. Never prepared: few are alike."""
    return await (await tx.execute(text, values, prepare=False)).fetchall()


def _order(wanted: Wanted) -> str:
    """The SQL of the order, the id at its end. Raises FieldUnknown."""
    steps = []
    for field, down in wanted.order:
        if field not in ORDERS:
            raise FieldUnknown(field=field[:60])
        steps.append(f"{fragment(f'order_{ORDERS[field]}')} {'desc' if down else 'asc'}")
    return ", ".join([*steps, fragment("order_id")])


async def _counted(tx: Connection, name: str, where: str, values: dict[str, Any]) -> dict[str, int]:
    if name not in VALUES:
        return {}
    text = fragment("count_values").replace("$where", where).replace("$value", fragment(f"value_{VALUES[name]}"))
    return {row[0]: row[1] for row in await _rows(tx, text, values)}


async def list_names(tx: Connection, rows: int, start: int) -> list[str]:
    """Names of open datasets in their order."""
    return [row[0] for row in await _rows(tx, queries.list_names, {"rows": rows, "start": start})]


async def list_tags(tx: Connection, piece: str, rows: int) -> list[str]:
    """Keywords that hold a piece of text."""
    return [row[0] for row in await _rows(tx, queries.list_tags, {"piece": f"%{_plain(piece)}%", "rows": rows})]


def _plain(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

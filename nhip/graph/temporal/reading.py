"""The history of some entities out of the tables: lives, sightings in a window, scopes and when they held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from nhip.db.sql import load
from nhip.graph.document.times import said
from nhip.graph.errors import TooManyResults
from nhip.graph.model import NULL, VALUE_MEMBER, Instance
from nhip.graph.pieces import pieces
from nhip.graph.query.stores import Store
from nhip.graph.rows import instant
from nhip.graph.temporal.model import Evolution, Sighting, Window, written
from nhip.kernel.time import now

queries = load(__file__)
SCOPE = "scope"
MAX_ROWS = 100_000
"""So many instances are read at once: they are all in memory."""
_ROWS = 250
"""So many are read before others get their turn."""
_COLUMN = {"observedAt": "at", "createdAt": "crt", "modifiedAt": "mod", "deletedAt": "mod"}


class Lives(msgspec.Struct):
    """All lives of one entity, ended or not."""

    id: str
    enos: list[int]
    types: set[int]
    created: datetime | None = None
    modified: datetime | None = None
    deleted: datetime | None = None
    alive: bool = False

    def add(self, row: Any) -> None:
        """One life more."""
        if row["eno"] not in self.enos:
            self.enos.append(row["eno"])
        self.types.update(row["types"])
        created, modified, deleted = row["created_at"], row["modified_at"], row["deleted_at"]
        if row["sys"] is not None:
            times = orjson.loads(row["sys"])
            created, modified = instant(times["c"]), instant(times["m"])
        self.created = created if self.created is None else min(self.created, created)
        self.modified = modified if self.modified is None else max(self.modified, modified)
        self.alive = self.alive or deleted is None
        self.deleted = None if self.alive else max(filter(None, (self.deleted, deleted)))


async def read_lives(graph: Store, tenant: int, ids: list[str]) -> dict[str, Lives]:
    """The lives of those entities that the graph or the history knows."""
    found: dict[str, Lives] = {}
    for row in await graph.fetch(queries.list_lives, tenant, ids):
        found.setdefault(row["id"], Lives(row["id"], [], set())).add(row)
    return found


async def read_attributes(graph: Store, enos: list[int]) -> list[tuple[int, int]]:
    """(life, attribute) of everything that these lives have a history of."""
    return [(row[0], row[1]) for row in await graph.fetch(queries.list_attributes, enos)]


@lru_cache(maxsize=256)
def text_of(name: str, window: Window, scope: int, newest: bool = False, *, period: str = "") -> str:
    """The text of a named query for a temporal property and direction; only our own words are put in."""
    which = "i.gone" if window.property == "deletedAt" else "not i.gone"
    if window.property == "observedAt" and window.relation:
        # a scope is observed when it is set (4.5.6)
        which += f" and (i.observed or i.attr = {scope:d})"
    text: str = getattr(queries, name).replace("{period}", period)
    for place, word in (("time", _COLUMN[window.property]), ("way", "desc" if newest else "asc"), ("which", which)):
        text = text.replace("{" + place + "}", word)
    return text


class Reading(msgspec.Struct, frozen=True):
    """Which part of the history is read for one answer."""

    window: Window
    datasets: list[int] | None = None
    newest: bool = False
    most: int = 1000
    """So many instances of each attribute."""


async def read_sightings(graph: Store, wanted: Iterable[tuple[int, int]], reading: Reading) -> list[Any]:
    """The rows of (life, attribute) pairs in the window, of each pair the first ones in the reading's direction.

    Raises TooManyResults for more than MAX_ROWS in all.
    """
    pairs = list(wanted)
    if not pairs:
        return []
    enos, attributes = zip(*pairs, strict=True)
    window = _plain(reading.window)
    text = text_of("list_sightings", window, await graph.codes.find(SCOPE), reading.newest)
    since, until = reading.window.since, reading.window.until
    values = (enos, attributes, since, until, reading.datasets, reading.most, MAX_ROWS + 1)
    rows: list[Any] = await graph.fetch(text, *values)
    if len(rows) > MAX_ROWS:
        raise TooManyResults(what=str(MAX_ROWS))
    return rows


def _plain(window: Window) -> Window:
    """The window without its times, as a key for texts."""
    return Window(window.property, window.relation)


async def evolutions(graph: Store, lives: list[Lives], rows: list[Any]) -> list[Evolution]:
    """The entities with their rows as sightings, oldest first."""
    names = await graph.codes.names({code for row in rows for code in (row["attr"], row["ds"]) if code})
    types = await graph.codes.names({code for one in lives for code in one.types})
    owner = {eno: number for number, one in enumerate(lives) for eno in one.enos}
    kinds = await _kinds(graph, [row for row in rows if row["gone"]])
    series: list[dict[str, list[Sighting]]] = [{} for _one in lives]
    at = now()
    async for some in pieces(sorted(rows, key=lambda row: (row["seen"], row["iid"])), _ROWS):
        for row in some:
            sighting = _sighting(row, names, kinds)
            if _evaporated(sighting.instance, lives[owner[row["eno"]]], at):
                continue
            series[owner[row["eno"]]].setdefault(names[row["attr"]], []).append(sighting)
    return [
        Evolution(
            one.id,
            sorted(types[code] for code in one.types),
            said(one.created) if one.created else "",
            said(one.modified) if one.modified else "",
            said(one.deleted) if one.deleted else "",
            found,
        )
        for one, found in zip(lives, series, strict=True)
    ]


def _evaporated(instance: Instance, lives: Lives, at: datetime) -> bool:
    """Whether an instance was kept for a time alone (4.22), and that time, or its entity's, is over."""
    expires = instance.get("expiresAt")
    return expires is not None and (not lives.alive or instant(expires) <= at)


async def _kinds(graph: Store, gone: list[Any]) -> dict[tuple[int, int, int], str]:
    """(life, attribute, dataset) -> the type that an instance had before it was deleted."""
    if not gone:
        return {}
    keys = sorted({(row["eno"], row["attr"], row["ds"]) for row in gone})
    rows = await graph.fetch(queries.kinds_before, *map(list, zip(*keys, strict=True)))
    return {(row["eno"], row["attr"], row["ds"]): orjson.loads(row["val"])["type"] for row in rows}


def _sighting(row: Any, names: dict[int, str], kinds: dict[tuple[int, int, int], str]) -> Sighting:
    dataset = names.get(row["ds"]) if row["ds"] else None
    scope = names[row["attr"]] == SCOPE
    if row["gone"]:
        made = deleted_instance(kinds.get((row["eno"], row["attr"], row["ds"]), "Property"), scope)
        made["deletedAt"] = written(row["mod"])
    else:
        made = orjson.loads(row["val"])
        if scope and not row["observed"]:
            made["observedAt"] = said(row["mod"])
        made["createdAt"], made["modifiedAt"] = said(row["crt"]), said(row["mod"])
    if dataset is not None:
        made["datasetId"] = dataset
    made["instanceId"] = instance_uri(row["iid"])
    return Sighting(dataset, row["seen"], made)


def deleted_instance(kind: str, scope: bool = False) -> Instance:
    """How a deletion looks in a temporal evolution (4.5.7)."""
    value: Any = NULL
    if scope:
        value = []
    elif kind == "LanguageProperty":
        value = {"@none": NULL}
    elif kind == "ListProperty":
        value = [NULL]
    elif kind == "ListRelationship":
        value = [{"object": NULL}]
    return {"type": kind, VALUE_MEMBER[kind]: value}


_INSTANCE = "urn:ngsi-ld:Instance:"


def instance_uri(number: int) -> str:
    """The instanceId of a row."""
    return f"{_INSTANCE}{number}"


def instance_number(uri: str) -> int:
    """The row of an instanceId; 0 for one that is not ours."""
    digits = uri.removeprefix(_INSTANCE)
    return int(digits) if digits != uri and digits.isascii() and digits.isdigit() and len(digits) < 19 else 0

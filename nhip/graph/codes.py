"""Numbers for IRIs and for sets of types and attributes (shapes), held in memory, shared with all processes by tables."""

from __future__ import annotations

from collections.abc import Iterable

from nhip.db.sql import load
from nhip.graph.links import Links
from nhip.graph.model import ENTITY_MEMBERS, Doc
from nhip.graph.query.values import Index, read_index

queries = load(__file__)
Indexed = dict[str, list[tuple[int, Index]]]
"""By the IRI of an attribute, its tables with their numbers."""
_MOST_KEPT = 50_000
"""Distinct orders of attributes whose shape is remembered."""


class Codes:
    """The dictionary. Numbers are made in a transaction of their own, so that one that was given stays given."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.iris: dict[str, int] = {}
        """IRI -> number, of all that this process has met."""
        self._names: dict[int, str] = {}
        self._shapes: dict[tuple[int, tuple[str, ...], tuple[str, ...]], int] = {}
        self.indexed: dict[int, Indexed] = {}
        """By tenant, the tables of values that attributes have rows in."""
        self.filling: set[int] = set()
        """Tenants of which such a table is being filled in: their entities are locked before they change."""
        self.turns = 0
        """Another number whenever a table was asked for or became complete."""

    async def load(self) -> None:
        """Read the dictionary."""
        self._take(await self._links.fetch(queries.list_iris))
        await self.load_indexed()

    async def load_indexed(self) -> None:
        """Read which tables of values there are."""
        rows = await self._links.fetch(queries.list_indexed)
        found: dict[int, Indexed] = {}
        for tenant, code, text, *_others in rows:
            one = read_index(text)
            found.setdefault(tenant, {}).setdefault(one.names[0], []).append((code, one))
        self.filling = {row[0] for row in rows if row[3]}
        self.indexed, self.turns = found, sum(row[4] for row in rows)

    def _take(self, rows: Iterable[tuple[int, str]]) -> None:
        for code, iri in rows:
            self.iris[iri] = code
            self._names[code] = iri

    async def need(self, iris: Iterable[str]) -> None:
        """Make sure that each of these IRIs has a number."""
        missing = [iri for iri in iris if iri not in self.iris]
        if missing:
            await self._links.fetch(queries.add_iris, missing)
            self._take(await self._links.fetch(queries.find_iris, missing))

    async def find(self, iri: str) -> int:
        """The number of an IRI; 0 when no entity ever used it."""
        if iri not in self.iris:
            self._take(await self._links.fetch(queries.find_iris, [iri]))
        return self.iris.get(iri, 0)

    async def names(self, codes: Iterable[int]) -> dict[int, str]:
        """The IRIs of these numbers."""
        wanted = set(codes)
        if missing := [code for code in wanted if code not in self._names]:
            self._take(await self._links.fetch(queries.name_iris, missing))
        return {code: self._names[code] for code in wanted if code in self._names}

    def known_shape(self, tenant: int, doc: Doc) -> int | None:
        """The shape of a document, if this process has met it."""
        return self._shapes.get(_key(tenant, doc))

    async def shape(self, tenant: int, doc: Doc) -> int:
        """The shape of a document."""
        key = _key(tenant, doc)
        if key not in self._shapes:
            sides = key[1], [name for name in key[2] if name not in ENTITY_MEMBERS]
            await self.need((*sides[0], *sides[1]))
            types, attrs = (sorted(self.iris[iri] for iri in side) for side in sides)
            rows = await self._links.fetch(queries.find_shape, tenant, types, attrs)
            if not rows:
                await self._links.fetch(queries.add_shape, tenant, types, attrs)
                rows = await self._links.fetch(queries.find_shape, tenant, types, attrs)
            if len(self._shapes) > _MOST_KEPT:
                self._shapes.clear()
            self._shapes[key] = rows[0][0]
        return self._shapes[key]


def _key(tenant: int, doc: Doc) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    return tenant, tuple(doc["type"]), tuple(doc)

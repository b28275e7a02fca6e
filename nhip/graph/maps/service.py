"""Make, find, change and use entity maps. A map belongs to its tenant; an expired one is as if it had never been."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import orjson

from nhip.db.sql import load
from nhip.graph.document.times import said
from nhip.graph.errors import ResourceNotFound, TooManyResults
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses, narrowed, rights
from nhip.graph.query.search import iter_matches
from nhip.graph.query.stores import Store
from nhip.graph.temporal.asking import read_duration
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now

queries = load(__file__)
HERE = "@none"
"""The source of entities that are kept by this broker (5.2.39)."""
DEFAULT_LIFETIME = timedelta(minutes=10)
LONGEST_LIFETIME = timedelta(days=1)
MOST = 100_000
"""So many entities are in one map."""
MOST_BYTES = 256 << 20
"""So much of a tenant's maps is kept at a time: whoever may read makes them."""
_PREFIX = "urn:ngsi-ld:entitymap:"


class EntityMap(msgspec.Struct, frozen=True):
    """A map: the entities that a query found, in its order, until `expires_at`."""

    id: str
    ids: list[str]
    expires_at: datetime
    sources: dict[str, list[str]] = {}
    """Where entities are, by id: registrations, or HERE; those that are here alone need no entry."""
    partial: bool = False
    """Whether what who asks may not see is left out."""

    def told(self) -> dict[str, Any]:
        """The EntityMap as JSON (5.2.39)."""
        entries = {id: self.sources.get(id, [HERE]) for id in self.ids}
        return {"id": self.id, "type": "EntityMap", "expiresAt": said(self.expires_at), "entityMap": entries}


def lifetime(text: str | None) -> timedelta:
    """The lifetime that was asked for (entityMapLifetime, ISO 8601), within our bounds; raises BadParameter."""
    if not text:
        return DEFAULT_LIFETIME
    span = read_duration(text, "entityMapLifetime")
    return min(timedelta(days=30 * span.months, seconds=span.seconds), LONGEST_LIFETIME)


def within(query: Query, ids: list[str]) -> Query:
    """The query over the entities of a map alone."""
    return msgspec.structs.replace(query, within=frozenset(ids))


async def create(
    graph: Store, tenant: int, ids: list[str], span: timedelta, sources: dict[str, list[str]] | None = None
) -> EntityMap:
    """Keep a new map for so long. Raises TooManyResults while a tenant has too much in maps."""
    at = now()
    made = EntityMap(f"{_PREFIX}{new_id()}", ids, at + span, sources or {})
    told = orjson.dumps(made.sources).decode()
    if not await graph.fetch(queries.add_map, tenant, made.id, ids, made.expires_at, at, told, rights(), MOST_BYTES):
        raise TooManyResults(what=_("entity maps that are not over yet take all the room there is for them"))
    return made


async def find(graph: Store, tenant: int, id: str) -> EntityMap | None:
    """A map that is alive, as who asks may see it; None where there is none."""
    rows = await graph.fetch(queries.get_map, tenant, id, now())
    if not rows:
        return None
    row = rows[0]
    found = EntityMap(row["id"], row["ids"], row["expires_at"], orjson.loads(row["sources"]))
    return found if rights() in ("", row["rights"]) else await _in_sight(graph, tenant, found)


async def _in_sight(graph: Store, tenant: int, found: EntityMap) -> EntityMap:
    """What of a map that was made under other rights may be seen: of entities elsewhere nothing says that they may."""
    query = narrowed(within(Query(), found.ids), clauses())
    seen = {stored.id async for stored, _doc in iter_matches(graph, tenant, query)}
    ids = [id for id in found.ids if id in seen]
    sources = {id: found.sources[id] for id in ids if id in found.sources}
    return msgspec.structs.replace(found, ids=ids, sources=sources, partial=True)


async def get(graph: Store, tenant: int, id: str) -> EntityMap:
    """A map that is alive; raises ResourceNotFound."""
    found = await find(graph, tenant, id)
    if found is None:
        raise ResourceNotFound(what=id)
    return found


async def keep_only(graph: Store, tenant: int, used: EntityMap, fitting: set[str]) -> None:
    """Take out of a map what fits its query no longer (5.5.9.3). What who asks sees a part of stays as it is for others."""
    if used.partial:
        return
    left = [id for id in used.ids if id in fitting]
    if len(left) < len(used.ids):
        await graph.fetch(queries.set_ids, tenant, used.id, left)


async def set_expiry(graph: Store, tenant: int, id: str, at: datetime) -> None:
    """Let a map end at another time, within our bounds. Raises ResourceNotFound."""
    begun = now()
    if not await graph.fetch(queries.set_expiry, tenant, id, begun, min(at, begun + LONGEST_LIFETIME)):
        raise ResourceNotFound(what=id)


async def delete(graph: Store, tenant: int, id: str) -> None:
    """Forget a map. Raises ResourceNotFound."""
    if not await graph.fetch(queries.delete_map, tenant, id, now()):
        raise ResourceNotFound(what=id)

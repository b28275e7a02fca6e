"""Entity maps (CIM 009, 5.14; 6.32, 6.34, 6.35), and their use by queries: entityMap=true, NGSILD-EntityMap (5.5.14)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import with_context
from nhip.graph.contexts.model import Context
from nhip.graph.errors import BadRequestData, TooManyResults
from nhip.graph.maps import service as maps
from nhip.graph.maps.service import EntityMap
from nhip.graph.query.model import Query
from nhip.graph.query.search import iter_matches
from nhip.graph.rows import instant

HEADER = b"ngsild-entitymap"
_SAID = {"entityMap": bool, "splitEntities": bool, "entityMapLifetime": str}
AllIds = Callable[[], Awaitable[list[str]]]


class Use(msgspec.Struct, frozen=True):
    """How a request uses a map: it stays within `found`, or a new one is made of what it finds."""

    found: EntityMap | None = None
    wanted: bool = False

    def narrowed(self, query: Query) -> Query:
        """The query within the map that is used."""
        return query if self.found is None else maps.within(query, self.found.ids)


async def use_of(call: Call) -> Use:
    """What the request says: the header names a map; the parameter, or a map that is gone, asks for a new one."""
    named = call.header(HEADER).rstrip("/").rpartition("/")[2]
    found = await maps.find(call.app.graph, call.tenant, named) if named else None
    return Use(found, found is None and (bool(named) or params.boolean(call.query, "entityMap")))


async def told(call: Call, use: Use, answer: Answer, all_ids: AllIds, *, created: int | None = None) -> Answer:
    """`answer` with the address of the map, which is made (`created` is the status then) or rid of what no longer fits."""
    if use.found is not None:
        await maps.keep_only(call.app.graph, call.tenant, use.found, set(await all_ids()))
        return answer.with_header(HEADER, _path(use.found))
    if not use.wanted:
        return answer
    made = await _made(call, await all_ids())
    answer.status = created or answer.status
    return answer.with_header(HEADER, _path(made))


async def told_of_one(call: Call, answer: Answer, identifier: str) -> Answer:
    """The answer to a request for one entity, with the map that it uses."""
    if HEADER not in call.headers and "entityMap" not in call.query:
        return answer
    use = await use_of(call)
    if use.found is not None:
        return answer.with_header(HEADER, _path(use.found))
    return answer.with_header(HEADER, _path(await _made(call, [identifier]))) if use.wanted else answer


def _path(entity_map: EntityMap) -> str:
    return f"/ngsi-ld/v1/entityMaps/{entity_map.id}"


async def _made(call: Call, ids: list[str], sources: dict[str, list[str]] | None = None) -> EntityMap:
    span = maps.lifetime(call.query.get("entityMapLifetime"))
    return await maps.create(call.app.graph, call.tenant, ids, span, sources)


async def made_of(call: Call, answer: Answer, sources: dict[str, list[str]]) -> Answer:
    """`answer` with the address of a new map of entities from several brokers: `sources` by id, in the order of the query."""
    if len(sources) > maps.MOST:
        raise TooManyResults(what=str(maps.MOST))
    answer.status = 201
    return answer.with_header(HEADER, _path(await _made(call, list(sources), sources)))


async def walked(call: Call, answer: Answer, used: EntityMap, dropped: set[str]) -> Answer:
    """`answer` with the address of the map that was used, rid of what no longer fits."""
    if dropped:
        await maps.keep_only(call.app.graph, call.tenant, used, set(used.ids) - dropped)
    return answer.with_header(HEADER, _path(used))


async def ids_of(call: Call, query: Query) -> list[str]:
    """All that a query finds. Raises TooManyResults for more than a map may hold."""
    found: list[str] = []
    async for stored, _doc in iter_matches(call.app.graph, call.tenant, query):
        found.append(stored.id)
        if len(found) > maps.MOST:
            raise TooManyResults(what=str(maps.MOST))
    return found


async def shown(call: Call, context: Context, ids: list[str], sources: dict[str, list[str]] | None = None) -> Answer:
    """201 with a new map; `sources` are those of each entity, where some are elsewhere. Raises TooManyResults."""
    if len(ids) > maps.MOST:
        raise TooManyResults(what=str(maps.MOST))
    made = await _made(call, ids, sources)
    answer = await with_context(call, context, made.told())
    answer.status = 201
    return answer.with_header(HEADER, _path(made))


def said_in(call: Call, body: dict[str, Any]) -> None:
    """What a Query document says of its map and of split entities (5.2.23), as if the address said so. Raises BadRequestData."""
    for name, kind in _SAID.items():
        if name in body:
            if not isinstance(body[name], kind):
                raise BadRequestData(what=name)
            call.query.setdefault(name, str(body[name]).lower() if kind is bool else body[name])


async def retrieve_map(call: Call) -> Answer:
    """GET /entityMaps/{id}."""
    found = await maps.get(call.app.graph, call.tenant, require_uri(call.parts[0]))
    return await with_context(call, await call.context(), found.told())


async def update_map(call: Call) -> Answer:
    """PATCH /entityMaps/{id}: of the members only expiresAt is the client's."""
    identifier = require_uri(call.parts[0])
    body, _context = await call.fragment()
    await maps.get(call.app.graph, call.tenant, identifier)
    if "expiresAt" in body:
        at = instant(params.require_moment("expiresAt", body["expiresAt"]))
        await maps.set_expiry(call.app.graph, call.tenant, identifier, at)
    return Answer(204)


async def delete_map(call: Call) -> Answer:
    """DELETE /entityMaps/{id}."""
    await maps.delete(call.app.graph, call.tenant, require_uri(call.parts[0]))
    return Answer(204)

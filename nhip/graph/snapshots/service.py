"""Make, fill, clone, change, purge and use snapshots. The copies rest in a hidden tenant, so that every query works on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson

from nhip.db.sql import load
from nhip.errors import NhipError
from nhip.graph.document.pack import unpack
from nhip.graph.document.times import said
from nhip.graph.errors import AlreadyExists, GraphError, ResourceNotFound
from nhip.graph.merging import plain
from nhip.graph.model import Doc, Operation, Stored
from nhip.graph.query.errors import BadParameter
from nhip.graph.query.matching import decide_q, nothing_linked
from nhip.graph.query.model import Query
from nhip.graph.query.q import parse_q
from nhip.graph.query.search import iter_matches
from nhip.graph.service import Graph
from nhip.graph.temporal.asking import read_duration
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id
from nhip.kernel.time import now

queries = load(__file__)
Snapshot = dict[str, Any]
Batches = AsyncIterator[list[Stored | Doc]]
"""What is to be frozen: entities as they rest, or documents put together from several brokers."""

PRIORITY = 5
LIFETIME, LONGEST = timedelta(days=30), timedelta(days=366)
"""How long one is kept whose end nobody told, and at most for a lifetime that is told."""
GIVEN = frozenset({"id", "type", "snapshotQueries", "snapshotPriority", "snapshotLifetime", "expiresAt"})
"""Members that a client may give (5.2.41)."""
CHANGED = frozenset({"type", "snapshotPriority", "snapshotLifetime", "expiresAt"})
_MADE = {"snapshotStatus", "snapshotQueriesDetails", "createdAt", "modifiedAt", "lastUsedAt"}
_BATCH = 500


async def create(graph: Graph, tenant: int, given: Snapshot) -> Snapshot:
    """A new snapshot that is being prepared; `given` was checked. Raises BadRequestData when the id is taken."""
    at = said(now())
    made: Snapshot = {
        "id": given.get("id") or f"urn:ngsi-ld:Snapshot:{new_id()}",
        "type": "Snapshot",
        **{name: value for name, value in given.items() if name in GIVEN - {"id", "type"}},
        "expiresAt": _end(given, LIFETIME),
        "snapshotPriority": given.get("snapshotPriority", PRIORITY),
        "snapshotStatus": "preparing",
        "createdAt": at,
        "modifiedAt": at,
        "lastUsedAt": at,
    }
    if await graph.fetch(queries.get_snapshot, tenant, made["id"]):
        raise AlreadyExists(what=made["id"])
    # no client can name a tenant with a blank
    place = await graph.tenant(f"snapshot {new_id()}", create=True)
    if not await graph.fetch(queries.add_snapshot, tenant, made["id"], place, orjson.dumps(made)):
        raise AlreadyExists(what=made["id"])
    return made


def _end(given: Snapshot, otherwise: timedelta) -> str:
    """When it ends: as it is told, or after the lifetime that is told, at the latest with the longest one."""
    if "expiresAt" in given:
        return str(given["expiresAt"])
    span = otherwise
    if "snapshotLifetime" in given:
        told = read_duration(given["snapshotLifetime"], "snapshotLifetime")
        span = min(timedelta(days=30 * told.months, seconds=told.seconds), LONGEST)
    return said(now() + span)


async def fill(graph: Graph, tenant: int, id: str, sources: list[Callable[[], Batches]]) -> None:
    """Freeze what each of the snapshot's queries finds, and say how that went."""
    place, _made = await _get(graph, tenant, id)
    details: list[dict[str, Any]] = []
    for source in sources:
        try:
            count = 0
            async for batch in source():
                await _freeze(graph, place, batch)
                count += len(batch)
            details.append({"resultStatus": "success" if count else "empty"})
        except NhipError as error:
            details.append({"resultStatus": "failure", "problemDetails": _problem(error)})
    with suppress(ResourceNotFound):  # it was deleted meanwhile
        await _alter(graph, tenant, id, {"snapshotStatus": _status(details), "snapshotQueriesDetails": details})


def _problem(error: NhipError) -> dict[str, Any]:
    return (
        error.problem() if isinstance(error, GraphError) else {"title": type(error).__name__, "detail": error.message()}
    )


def _status(details: list[dict[str, Any]]) -> str:
    """How it went in all (5.16.1.4): what one of several queries found is a part."""
    found = {str(one["resultStatus"]) for one in details}
    if len(found) == 1:
        return found.pop()
    return "partial" if "success" in found else "failure"


async def _freeze(graph: Graph, place: int, batch: list[Stored | Doc]) -> None:
    docs = [unpack(one.doc) if isinstance(one, Stored) else _without_times(one) for one in batch]
    await graph.write(place, [Operation(name="upsert-replace", id=doc["id"], doc=doc) for doc in docs])
    rested = [one for one in batch if isinstance(one, Stored)]
    await graph.fetch(queries.keep_times, place, [one.id for one in rested], [one.sys for one in rested])


def _without_times(doc: Doc) -> Doc:
    return {
        name: [plain(one) for one in value] if ":" in name else value
        for name, value in doc.items()
        if name not in {"createdAt", "modifiedAt"}
    }


async def local(graph: Graph, tenant: int, query: Query) -> Batches:
    """What a query finds here, batch by batch."""
    batch: list[Stored | Doc] = []
    async for stored, _doc in iter_matches(graph, tenant, query):
        batch.append(stored)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def copies(graph: Graph, tenant: int, id: str) -> Callable[[], Batches]:
    """The frozen entities of a snapshot, as a source for its clone."""
    place, _made = await _get(graph, tenant, id)
    return lambda: local(graph, place, Query(local=True))


async def _read(graph: Graph, tenant: int, id: str) -> tuple[int, bytes, Snapshot]:
    rows = await graph.fetch(queries.get_snapshot, tenant, id)
    made: Snapshot = orjson.loads(rows[0]["doc"]) if rows else {}
    if not rows or ("expiresAt" in made and made["expiresAt"] <= said(now())):
        raise ResourceNotFound(what=id)
    return rows[0]["place"], rows[0]["doc"], made


async def _get(graph: Graph, tenant: int, id: str) -> tuple[int, Snapshot]:
    place, _text, made = await _read(graph, tenant, id)
    return place, made


async def get(graph: Graph, tenant: int, id: str) -> Snapshot:
    """A snapshot; raises ResourceNotFound."""
    return (await _get(graph, tenant, id))[1]


async def _alter(
    graph: Graph, tenant: int, id: str, members: Snapshot, *, moment: str = "modifiedAt"
) -> tuple[int, Snapshot]:
    """Set members of a snapshot, whatever else becomes of it at the same time. Raises ResourceNotFound."""
    while True:
        place, text, made = await _read(graph, tenant, id)
        made |= {**members, moment: said(now())}
        if await graph.fetch(queries.set_snapshot, tenant, id, orjson.dumps(made), text):
            return place, made


async def use(graph: Graph, tenant: int, id: str) -> int:
    """The tenant of the frozen entities; notes that the snapshot was used. Raises ResourceNotFound."""
    place, _made = await _alter(graph, tenant, id, {}, moment="lastUsedAt")
    return place


async def change(graph: Graph, tenant: int, id: str, fragment: Snapshot) -> Snapshot:
    """Change what a client may change (5.16.4); `fragment` was checked. Raises ResourceNotFound."""
    members = {name: value for name, value in fragment.items() if name in CHANGED}
    if not members.keys().isdisjoint({"expiresAt", "snapshotLifetime"}):
        members["expiresAt"] = _end(members, LIFETIME)
    return (await _alter(graph, tenant, id, members))[1]


async def delete(graph: Graph, tenant: int, id: str) -> None:
    """Forget a snapshot and its copies. Raises ResourceNotFound."""
    if not (await graph.fetch(queries.delete_snapshot, tenant, id))[0][0]:
        raise ResourceNotFound(what=id)


async def purge(graph: Graph, tenant: int, q: str) -> int:
    """Forget all snapshots whose members meet `q` (5.16.7); how many. Raises BadParameter for other members, ResourceNotFound
    where none meets it."""
    decide = decide_q(parse_q(q, _Members()))
    found = [row["id"] for row in await graph.fetch(queries.list_snapshots, tenant) if _fits(decide, row["doc"])]
    if not found:
        raise ResourceNotFound(what=q)
    for id in found:
        await delete(graph, tenant, id)
    return len(found)


def _fits(decide: Callable[[Doc, Any], bool], doc: bytes) -> bool:
    return decide(orjson.loads(doc), nothing_linked)


class _Members:
    """The members of a Snapshot as the only names of a query."""

    key = "snapshot"

    def expand(self, term: str, /) -> str:
        """The member itself."""
        if term not in GIVEN | _MADE:
            raise BadParameter(parameter="q", what=_("snapshots are purged by their own members alone"))
        return term

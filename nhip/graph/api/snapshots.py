"""Snapshots (CIM 009, 5.16; 6.36 to 6.38), and their use by reading requests (NGSILD-Snapshot, 6.3.22)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from nhip.graph.api import params
from nhip.graph.api.answers import Answer
from nhip.graph.api.asking import asked_by
from nhip.graph.api.entities import location
from nhip.graph.api.federating import found_elsewhere
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import Call
from nhip.graph.api.viewing import with_context
from nhip.graph.contexts.model import Context
from nhip.graph.document.pack import unpack
from nhip.graph.errors import BadRequestData, OperationNotSupported
from nhip.graph.model import Doc, Stored
from nhip.graph.query.build import Asked, build
from nhip.graph.snapshots import service
from nhip.graph.temporal.asking import read_duration
from nhip.kernel.i18n import _

log = logging.getLogger(__name__)
HEADER = b"ngsild-snapshot"
PURGED = frozenset({"q"})
_WITHIN = frozenset({"entities", "entityOperations", "temporal"})
"""Resources that can be changed in a snapshot."""
_running: set[asyncio.Task[None]] = set()


async def enter(call: Call, place: str, *, writes: bool) -> None:
    """Let the request, to the resource `place`, work on the snapshot that it names: on what is in it, which is nobody else's
    (5.5.15). Raises ResourceNotFound, OperationNotSupported for what concerns no entities."""
    named = call.header(HEADER)
    if not named:
        return
    if writes and place not in _WITHIN:
        raise OperationNotSupported(what=_("in a snapshot only entities can be changed"))
    call.tenant = await service.use(call.app.graph, call.tenant, require_uri(named.rstrip("/").rpartition("/")[2]))


async def create_snapshot(call: Call) -> Answer:
    """POST /snapshots: 201 at once; it is filled meanwhile."""
    body, context = await call.fragment(bounded=True)
    _check(body, service.GIVEN)
    asked = body.get("snapshotQueries")
    if not isinstance(asked, list) or not asked or not all(isinstance(one, dict) for one in asked):
        raise BadRequestData(what=_("a snapshot needs queries"))
    sources = [_source(call, context, asked_by(one, {}, call.app.limits)) for one in asked]
    made = await service.create(call.app.graph, call.tenant, body)
    _later(service.fill(call.app.graph, call.tenant, made["id"], sources))
    return Answer(201).with_header(b"location", location("snapshots", made["id"]))


def _source(call: Call, context: Context, asked: Asked) -> Callable[[], service.Batches]:
    query = build(asked, context)

    async def found() -> AsyncIterator[list[Stored | Doc]]:
        heard = await found_elsewhere(call, context, asked, query)
        if heard is None:
            async for batch in service.local(call.app.graph, call.tenant, query):
                yield batch
            return
        here: list[Doc] = []
        async for batch in service.local(call.app.graph, call.tenant, query):
            here += [unpack(one.doc, one.sys) for one in batch if isinstance(one, Stored)]
        yield list(heard.merged(here).values())

    return found


def _later(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(_logged(work))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("a snapshot could not be filled")


async def clone_snapshot(call: Call) -> Answer:
    """POST /snapshots/{id}/clone."""
    identifier = require_uri(call.parts[0])
    body, _context = await call.fragment()
    _check(body, service.GIVEN)
    graph, tenant = call.app.graph, call.tenant
    old = await service.get(graph, tenant, identifier)
    source = await service.copies(graph, tenant, identifier)
    made = await service.create(graph, tenant, {"snapshotQueries": old["snapshotQueries"], **body})
    _later(service.fill(graph, tenant, made["id"], [source]))
    return Answer(201).with_header(b"location", location("snapshots", made["id"]))


async def retrieve_snapshot(call: Call) -> Answer:
    """GET /snapshots/{id}."""
    found = await service.get(call.app.graph, call.tenant, require_uri(call.parts[0]))
    return await with_context(call, await call.context(), found)


async def update_snapshot(call: Call) -> Answer:
    """PATCH /snapshots/{id}: its priority and its end, or lifetime."""
    identifier = require_uri(call.parts[0])
    body, context = await call.fragment()
    _check(body, service.CHANGED)
    return await with_context(call, context, await service.change(call.app.graph, call.tenant, identifier, body))


async def delete_snapshot(call: Call) -> Answer:
    """DELETE /snapshots/{id}."""
    await service.delete(call.app.graph, call.tenant, require_uri(call.parts[0]))
    return Answer(204)


async def purge_snapshots(call: Call) -> Answer:
    """DELETE /snapshots?q=..."""
    await service.purge(call.app.graph, call.tenant, call.query.get("q", ""))
    return Answer(204)


def _check(body: dict[str, Any], known: frozenset[str]) -> None:
    for name in body.keys() - known:
        raise BadRequestData(what=name[:100])
    if body.get("type", "Snapshot") != "Snapshot":
        raise BadRequestData(what=_("the type of a snapshot is Snapshot"))
    if "id" in body:
        require_uri(body["id"] if isinstance(body["id"], str) else "")
    if "expiresAt" in body:
        body["expiresAt"] = params.require_moment("expiresAt", body["expiresAt"])
    if "snapshotLifetime" in body:
        if not isinstance(body["snapshotLifetime"], str):
            raise BadRequestData(what="snapshotLifetime")
        read_duration(body["snapshotLifetime"], "snapshotLifetime")
    priority = body.get("snapshotPriority", service.PRIORITY)
    if type(priority) is not int or not 1 <= priority <= 10:
        raise BadRequestData(what=_("snapshotPriority is a whole number from 1 to 10"))

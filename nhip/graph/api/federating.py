"""Requests that concern other brokers too: who asks, what goes to them, what they say (CIM 009, 4.3.6; 6.3.17, 6.3.18)."""

from __future__ import annotations

import asyncio
from typing import Any

from nhip.graph.api.answers import Answer
from nhip.graph.api.request import Call
from nhip.graph.contexts.model import CORE, Context
from nhip.graph.document.pack import unpack
from nhip.graph.errors import AlreadyExists, GraphError, OperationNotSupported, ResourceNotFound
from nhip.graph.model import Doc, Operation, Outcome, Stored
from nhip.graph.query.build import Asked
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses
from nhip.graph.query.seeing import seeing
from nhip.graph.registrations import batches, reads, writes
from nhip.graph.registrations.batches import Result
from nhip.graph.registrations.forwarding import Federation, Origin, alias
from nhip.graph.registrations.reads import PLAIN, Heard, Reach
from nhip.kernel.i18n import _

_CARRIED = frozenset({"options", "datasetId", "deleteAll", "observedAt", "lang", "type"})
"""Parameters of a change that go with it to sources."""
_AT_ONCE = 16
_CREDENTIALS = frozenset({b"authorization", b"cookie"})
"""By which this house knows who asks: whoever registers a source must not be given those of others (6.3.18)."""


def federation_of(call: Call) -> Federation | None:
    """The way to the sources, None when the request is for this broker alone or the tenant has no registrations."""
    federation = call.app.federation
    if federation is None or call.query.get("local") == "true" or not federation.registrations.any(call.tenant):
        return None
    return federation


def origin_of(call: Call, context: Context | None = None) -> Origin:
    """What sources are told of the request."""
    kept = call.headers.keys() - (_CREDENTIALS if call.app.permit is not None else ())
    headers = {name.decode("latin-1").lower(): call.header(name) for name in kept}
    via = tuple(entry.strip() for entry in headers.get("via", "").split(",") if entry.strip())
    return Origin(call.tenant, context or call.used or CORE, alias(call.app.node, call.tenant_name), via, headers)


async def write(call: Call, federation: Federation, operation: Operation) -> Outcome:
    """Do a change here and at the sources. Raises ResourceNotFound, AlreadyExists where who asks may not see what it is about."""
    if (error := await _unseen(call, federation, operation)) is not None:
        raise error
    types: list[str] = (operation.doc or {}).get("type", [])
    if operation.name != "create" and not types:
        stored = await call.app.graph.get(call.tenant, operation.id)
        types = unpack(stored.doc)["type"] if stored is not None else []
    query = {name: text for name, text in call.query.items() if name in _CARRIED}
    return await writes.write(federation, origin_of(call), call.app.graph, operation, types, query)


async def write_many(call: Call, federation: Federation, operations: list[Operation]) -> list[Result]:
    """Do changes of one kind here and at the sources, in their order."""
    if not clauses():
        return await _write_seen(call, federation, operations)
    refused: dict[str, GraphError] = {}
    for start in range(0, len(operations), _AT_ONCE):
        some = operations[start : start + _AT_ONCE]
        errors = await asyncio.gather(*(_unseen(call, federation, one) for one in some))
        refused |= {one.id: error for one, error in zip(some, errors, strict=True) if error is not None}
    done = iter(await _write_seen(call, federation, [one for one in operations if one.id not in refused]))
    return [Result(one.id, errors=[("", refused[one.id])]) if one.id in refused else next(done) for one in operations]


async def _write_seen(call: Call, federation: Federation, operations: list[Operation]) -> list[Result]:
    unknown = [one.id for one in operations if not (one.doc or {}).get("type")]
    rows = await call.app.graph.get_many(call.tenant, list(dict.fromkeys(unknown))) if unknown else []
    types = {row.id: unpack(row.doc)["type"] for row in rows}
    query = {name: text for name, text in call.query.items() if name in _CARRIED}
    return await batches.write_batch(federation, origin_of(call), call.app.graph, operations, types, query)


async def _unseen(call: Call, federation: Federation, operation: Operation) -> GraphError | None:
    """Why a change cannot go to sources, which do not know what who asks may see: put together, the entity is none of that."""
    sees = seeing()
    if sees is None or operation.name == "create":
        return None
    doc, _warnings = await retrieve(call, federation, operation.id, call.used or CORE, Query(), sys=True)
    if operation.name.startswith("upsert"):
        return None if doc is None or sees(doc) else AlreadyExists(what=operation.id)
    return ResourceNotFound(what=operation.id) if doc is None or not sees(doc) else None


async def purge_elsewhere(call: Call, context: Context, query: Query) -> list[dict[str, Any]]:
    """Have sources purge too; gives the lines for what failed. Raises OperationNotSupported for who may not see all."""
    federation = federation_of(call)
    if federation is None or query.local:
        return []
    if clauses():
        raise OperationNotSupported(what=_("sources purge what they find: ask with local=true"))
    failed = await writes.purge(federation, origin_of(call, context), query, dict(call.query))
    return [{"registrationId": registration, "error": error.problem()} for registration, error in failed]


async def retrieve(
    call: Call, federation: Federation, id: str, context: Context, query: Query, *, sys: bool = False
) -> tuple[Doc | None, list[str]]:
    """An entity put together from here and the sources, and warnings."""
    stored: Stored | None = await call.app.graph.get(call.tenant, id)
    here = [] if stored is None else [unpack(stored.doc, stored.sys)]
    if (sees := seeing()) is not None:
        here = [doc for doc in here if sees(doc)]
    heard = await reads.retrieve(federation, origin_of(call, context), id, query.attributes, sys=sys)
    return heard.merged(here).get(id), heard.warnings


async def found_elsewhere(
    call: Call, context: Context, asked: Asked, query: Query, reach: Reach = PLAIN
) -> Heard | None:
    """What sources find; None when none is asked."""
    federation = federation_of(call)
    if federation is None or query.local:
        return None
    return await reads.query(federation, origin_of(call, context), asked, query, reach)


def warned(answer: Answer, warnings: list[str]) -> Answer:
    """The answer with what went wrong elsewhere."""
    for warning in warnings[:20]:
        answer.with_header(b"ngsild-warning", warning)
    return answer

"""Many changes divided between context sources and what is here: one batch for each source (5.6.7 to 5.6.10, 5.6.20)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from nhip.graph.errors import Conflict, GraphError, LdContextNotAvailable
from nhip.graph.model import Operation, Outcome
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.writes import Part, Plan, SourceFailed, Writer, ask_part, body_of, divide

_BATCHES = {
    "create": ("createBatch", "/entityOperations/create", "createEntity"),
    "upsert-replace": ("upsertBatch", "/entityOperations/upsert", ""),
    "upsert-update": ("upsertBatch", "/entityOperations/upsert", "updateEntity"),
    "append": ("updateBatch", "/entityOperations/update", "appendAttrs"),
    "append-keep": ("updateBatch", "/entityOperations/update", "appendAttrs"),
    "merge": ("mergeBatch", "/entityOperations/merge", "mergeEntity"),
    "delete": ("deleteBatch", "/entityOperations/delete", "deleteEntity"),
}
"""Operation -> the batch's name in registrations, its path, and the operation for one entity that does the same."""


class Result(msgspec.Struct):
    """What became of one change: `outcome` is what was done here, `errors` by registration (empty: here)."""

    id: str
    outcome: Outcome | None = None
    errors: list[tuple[str, GraphError]] = []
    created: bool = False
    """Whether a source made the entity anew."""


async def write_batch(
    federation: Federation,
    origin: Origin,
    here: Writer,
    operations: list[Operation],
    types: dict[str, list[str]],
    query: dict[str, str],
) -> list[Result]:
    """Do changes of one kind at all who hold the entities, in the order of `operations`; `types` of entities by id."""
    results = [Result(one.id) for one in operations]
    plans = [_planned(federation, origin, one, types, result) for one, result in zip(operations, results, strict=True)]
    asked: list[tuple[list[tuple[Result, Part]], Any]] = []
    batches: defaultdict[str, list[tuple[Result, Part]]] = defaultdict(list)
    for result, plan in zip(results, plans, strict=True):
        for part in plan.parts:
            if _BATCHES[part.operation.name][0] in part.match.registration.operations:
                batches[part.match.registration.id].append((result, part))
            else:
                asked.append(([(result, part)], ask_part(federation, origin, _single(part), {})))
    asked += [
        (some, _ask_batch(federation, origin, [part for _result, part in some], query)) for some in batches.values()
    ]
    replies = await federation.ask_all([request for _some, request in asked])
    for (some, _request), reply in zip(asked, replies, strict=True):
        _judge(some, reply)
    local = [(result, plan.local) for result, plan in zip(results, plans, strict=True) if plan.local is not None]
    if local:
        outcomes = await here.write(origin.tenant, [operation for _result, operation in local])
        for (result, _operation), outcome in zip(local, outcomes, strict=True):
            result.outcome = outcome
    return results


def _single(part: Part) -> Part:
    """The part as a change of one entity: an upsert that updates is an update (5.6.8.4)."""
    if part.operation.name != "upsert-update":
        return part
    return Part(part.match, msgspec.structs.replace(part.operation, name="update"))


def _planned(
    federation: Federation, origin: Origin, operation: Operation, types: dict[str, list[str]], result: Result
) -> Plan:
    name, _path, single = _BATCHES[operation.name]
    try:
        known = (operation.doc or {}).get("type") or types.get(operation.id, [])
        plan = divide(federation, origin, operation, known, frozenset({name, single} - {""}))
    except GraphError as error:
        result.errors.append(("", error))
        return Plan(None)
    result.errors += [(id, Conflict(what=f"{id} ({name})")) for id in plan.refused]
    return plan


async def _ask_batch(federation: Federation, origin: Origin, parts: list[Part], query: dict[str, str]) -> Reply:
    registration, name = parts[0].match.registration, parts[0].operation.name
    try:
        context = await federation.context_of(registration, origin)
    except LdContextNotAvailable:
        return Reply(0)
    body: list[Any] = (
        [part.operation.id for part in parts]
        if name == "delete"
        else [{"id": part.operation.id, **body_of(part.operation, context)} for part in parts]
    )
    return await federation.ask(registration, origin, "POST", _BATCHES[name][1], query, body)


def _judge(some: list[tuple[Result, Part]], reply: Reply) -> None:
    """Note what failed: all of a request, or the entities that a 207 names."""
    if 200 <= reply.status < 300 and reply.status != 207:
        made = reply.body if reply.status == 201 and isinstance(reply.body, list) else []
        for result, _part in some:
            result.created = result.created or result.id in made
        return
    failed: set[str] | None = None
    if reply.status == 207 and isinstance(reply.body, dict) and isinstance(reply.body.get("errors"), list):
        failed = {one.get("entityId", "") for one in reply.body["errors"] if isinstance(one, dict)}
    for result, part in some:
        if failed is None or result.id in failed:
            result.errors.append((part.match.registration.id, SourceFailed(part.match.registration.id, reply)))

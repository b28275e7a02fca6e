"""A change of one entity divided between context sources and what is here (ETSI GS CIM 009 v1.9.1, 4.3.6, 5.6)."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from nhip.graph.contexts.model import Context
from nhip.graph.document.forms import normalized
from nhip.graph.document.render import render
from nhip.graph.errors import Conflict, GraphError, LdContextNotAvailable, LoopDetected, ResourceNotFound
from nhip.graph.model import ENTITY_MEMBERS, Doc, Operation, Outcome, View
from nhip.graph.query.model import Query, Selector, any_type
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.matching import Match
from nhip.graph.registrations.model import PROXIED

_ALL = View(sys=True)
_ACTS: dict[str, tuple[str, str, str]] = {
    "create": ("createEntity", "POST", "/entities"),
    "append": ("appendAttrs", "POST", "/entities/{id}/attrs"),
    "append-keep": ("appendAttrs", "POST", "/entities/{id}/attrs"),
    "update": ("updateEntity", "PATCH", "/entities/{id}/attrs"),
    "patch": ("updateAttrs", "PATCH", "/entities/{id}/attrs/{attribute}"),
    "replace-attribute": ("replaceAttrs", "PUT", "/entities/{id}/attrs/{attribute}"),
    "delete-attribute": ("deleteAttrs", "DELETE", "/entities/{id}/attrs/{attribute}"),
    "delete": ("deleteEntity", "DELETE", "/entities/{id}"),
    "merge": ("mergeEntity", "PATCH", "/entities/{id}"),
    "replace": ("replaceEntity", "PUT", "/entities/{id}"),
}
"""Operation -> its name in registrations, method and path."""
_UPDATES = frozenset({"append", "append-keep", "update", "merge"})
_ON_ATTRIBUTE = frozenset({"patch", "replace-attribute", "delete-attribute"})


class SourceFailed(GraphError):
    """A context source did not do its part: {what}."""

    kind = "InternalError"

    def __init__(self, registration: str, reply: Reply) -> None:
        self.told = reply.body if isinstance(reply.body, dict) and "type" in reply.body else None
        self.answered = reply.status or 504
        super().__init__(what=f"{registration}, {reply.status or 'no answer'}")

    def problem(self, translate: Any = str) -> dict[str, Any]:
        """As the source told it, if it did."""
        return {**(self.told or super().problem(translate)), "status": self.answered}


class Partial(GraphError):
    """Some of those who hold the entity did their part, others did not: {what}."""

    status = 207
    kind = "MultiStatus"

    def __init__(
        self,
        id: str,
        done: bool,
        errors: list[tuple[str, GraphError]],
        attributes: tuple[list[str], list[dict[str, str]]] | None = None,
    ) -> None:
        self.id, self.done, self.errors, self.attributes = id, done, errors, attributes
        super().__init__(what=id)

    def result(self) -> dict[str, Any]:
        """The answer: an UpdateResult (5.2.18) where attributes are told apart, else a BatchOperationResult (5.2.16)."""
        if self.attributes is not None:
            return {"updated": self.attributes[0], "notUpdated": self.attributes[1]}
        errors = [
            {
                "entityId": self.id,
                "error": error.problem(),
                **({"registrationId": registration} if registration else {}),
            }
            for registration, error in self.errors
        ]
        return {"success": [self.id] if self.done else [], "errors": errors}


class Part(msgspec.Struct, frozen=True):
    """What one source is to do; `operation` holds only what it registered."""

    match: Match
    operation: Operation


class Plan(msgspec.Struct):
    """Who does what of an operation. `local` None: nothing is done here. `refused`: what a registration's source cannot do."""

    local: Operation | None
    parts: list[Part] = []
    refused: dict[str, Operation] = {}


class Writer(Protocol):
    """Does operations here."""

    async def write(self, tenant: int, operations: list[Operation]) -> list[Outcome]:
        """As `Graph.write`."""


def divide(
    federation: Federation, origin: Origin, operation: Operation, types: list[str], names: frozenset[str]
) -> Plan:
    """The plan for an operation on an entity of `types`; `names`: those under which sources may offer it.

    Raises LoopDetected when all of it belongs to a source that sent us the request.
    """
    matches = [one for one in _matching(federation, origin, operation, types) if one.registration.mode != "auxiliary"]
    proxied = sorted(
        (one for one in matches if one.registration.mode in PROXIED), key=lambda one: one.registration.mode
    )
    if proxied and origin.looped:
        raise LoopDetected(what=operation.id)
    plan = Plan(operation)
    covered: set[str] = set()
    whole = False
    for match in proxied:
        registered = match.attributes
        if match.registration.mode == "redirect" or not registered <= covered or not registered:
            _assign(plan, match, operation, registered, names)
        covered |= registered
        whole = whole or not registered
    plan.local = _without(operation, frozenset(covered), whole)
    if plan.local is not None and not origin.looped:
        for match in matches:
            if match.registration.mode == "inclusive" and names & match.registration.operations:
                _assign(plan, match, plan.local, match.attributes, names)
    return plan


def _matching(federation: Federation, origin: Origin, operation: Operation, types: list[str]) -> list[Match]:
    selector = Selector(ids=frozenset({operation.id}), types=any_type(types))
    found = federation.registrations.fitting(origin.tenant, Query(selectors=(selector,)), attributes_of(operation))
    return [one for one in found if not origin.passed(one.registration.doc.get("contextSourceAlias", ""))]


def attributes_of(operation: Operation) -> frozenset[str]:
    """The attributes that an operation is about; none: the whole entity."""
    if operation.name in _ON_ATTRIBUTE:
        return frozenset({operation.attribute})
    return frozenset(name for name in operation.doc or () if name not in ENTITY_MEMBERS)


def _assign(plan: Plan, match: Match, operation: Operation, registered: frozenset[str], names: frozenset[str]) -> None:
    part = _only(operation, registered)
    if part is None:
        return
    if names & match.registration.operations:
        plan.parts.append(Part(match, part))
    else:
        plan.refused[match.registration.id] = part


def _only(operation: Operation, registered: frozenset[str]) -> Operation | None:
    """The operation on the registered attributes alone (none registered: all); None when nothing of it is left."""
    if not registered or operation.name == "delete":
        return operation
    if operation.name in _ON_ATTRIBUTE:
        return operation if operation.attribute in registered else None
    doc = {name: value for name, value in (operation.doc or {}).items() if name in ENTITY_MEMBERS or name in registered}
    return msgspec.structs.replace(operation, doc=doc) if doc.keys() - ENTITY_MEMBERS else None


def _without(operation: Operation, covered: frozenset[str], whole: bool) -> Operation | None:
    """What is left for us of an operation."""
    if whole:
        return None
    if not covered or operation.name == "delete":
        return operation
    if operation.name in _ON_ATTRIBUTE:
        return None if operation.attribute in covered else operation
    doc = {name: value for name, value in (operation.doc or {}).items() if name not in covered}
    if attributes_of(operation) and not doc.keys() - ENTITY_MEMBERS:
        return None
    return msgspec.structs.replace(operation, doc=doc)


async def write(
    federation: Federation, origin: Origin, here: Writer, operation: Operation, types: list[str], query: dict[str, str]
) -> Outcome:
    """Do an operation at all who hold the entity. Raises Partial when some failed, or the error when there was but one part."""
    name, _method, _path = _ACTS[operation.name]
    plan = divide(federation, origin, operation, types, frozenset({name}))
    errors: list[tuple[str, GraphError]] = [(id, Conflict(what=f"{id} ({name})")) for id in plan.refused]
    count = len(plan.refused) + len(plan.parts)
    replies = await federation.ask_all([ask_part(federation, origin, part, query) for part in plan.parts])
    for part, reply in zip(plan.parts, replies, strict=True):
        if not 200 <= reply.status < 300 or reply.status == 207:
            errors.append((part.match.registration.id, SourceFailed(part.match.registration.id, reply)))
    outcome = Outcome(id=operation.id, created=operation.name == "create")
    if plan.local is not None:
        count += 1
        (outcome,) = await here.write(origin.tenant, [plan.local])
        if isinstance(outcome.error, GraphError):
            errors.append(("", outcome.error))
    if errors:
        raise _failure(operation, plan, outcome, errors, count)
    return outcome


def _failure(
    operation: Operation, plan: Plan, outcome: Outcome, errors: list[tuple[str, GraphError]], count: int
) -> GraphError:
    """The error of the whole: loops and absence are told as such, the only part by itself, anything else part by part."""
    statuses = {error.answered if isinstance(error, SourceFailed) else error.status for _id, error in errors}
    if 508 in statuses and any(part.match.registration.mode in PROXIED for part in plan.parts):
        return LoopDetected(what=operation.id)
    if len(errors) == count and statuses == {404}:
        return ResourceNotFound(what=operation.id)
    if count == 1 and not isinstance(errors[0][1], SourceFailed):
        return errors[0][1]
    if operation.name not in _UPDATES:
        return Partial(operation.id, len(errors) < count, errors)
    asked = {part.match.registration.id: part.operation for part in plan.parts} | plan.refused | {"": plan.local}
    refused = [(registration, asked[registration] or operation, error) for registration, error in errors]
    not_updated = [
        {"attributeName": name, "reason": error.message(), **({"registrationId": registration} if registration else {})}
        for registration, part, error in refused
        for name in sorted(attributes_of(part))
    ]
    not_updated += [{"attributeName": name, "reason": str(why)} for name, why in outcome.kept]
    bad = {one["attributeName"] for one in not_updated}
    return Partial(operation.id, len(errors) < count, errors, (sorted(attributes_of(operation) - bad), not_updated))


async def ask_part(federation: Federation, origin: Origin, part: Part, query: dict[str, str]) -> Reply:
    """Ask a source to do its part of an operation on one entity."""
    operation, registration = part.operation, part.match.registration
    try:
        context = await federation.context_of(registration, origin)
    except LdContextNotAvailable:
        return Reply(0)
    _name, method, path = _ACTS[operation.name]
    attribute = quote(context.compact(operation.attribute), safe=":") if operation.attribute else ""
    path = path.format(id=quote(operation.id, safe=":"), attribute=attribute)
    body = None if method == "DELETE" else body_of(operation, context)
    return await federation.ask(registration, origin, method, path, query, body)


def body_of(operation: Operation, context: Context) -> dict[str, Any]:
    """What is sent to a source of an operation, in the names of its @context."""
    doc: Doc = operation.doc or {}
    if operation.name in _ON_ATTRIBUTE:
        return normalized(doc[operation.attribute][0], context)
    shown = render(doc, context, _ALL)
    if operation.name in ("append", "append-keep", "update", "merge"):
        shown.pop("id", None)
    return shown


async def purge(
    federation: Federation, origin: Origin, query: Query, asked: dict[str, str]
) -> list[tuple[str, GraphError]]:
    """Have sources purge what `query` is about, asked with the same parameters; gives what failed, by registration (5.6.21).

    Raises LoopDetected when it belongs to a source that sent us the request.
    """
    errors: list[tuple[str, GraphError]] = []
    chosen: list[Match] = []
    for match in federation.registrations.fitting(origin.tenant, query):
        registration = match.registration
        if registration.mode in PROXIED and origin.looped:
            raise LoopDetected(what=registration.id)
        if (
            registration.mode == "auxiliary"
            or origin.looped
            or origin.passed(registration.doc.get("contextSourceAlias", ""))
        ):
            continue
        if "purgeEntity" in registration.operations:
            chosen.append(match)
        elif registration.mode in PROXIED:
            errors.append((registration.id, Conflict(what=f"{registration.id} (purgeEntity)")))
    requests = [federation.ask(match.registration, origin, "DELETE", "/entities", asked) for match in chosen]
    for match, reply in zip(chosen, await federation.ask_all(requests), strict=True):
        if (not 200 <= reply.status < 300 and reply.status != 404) or reply.status == 207:
            errors.append((match.registration.id, SourceFailed(match.registration.id, reply)))
    return errors

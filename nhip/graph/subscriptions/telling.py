"""Which changes a subscription is told of, and what it is told (5.8.6): entities with their deletions and previous values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

import orjson

from nhip.graph.contexts.model import Context
from nhip.graph.document.older import amended
from nhip.graph.lives import Instances
from nhip.graph.model import NULL, VALUE_MEMBER, Doc, Instance, Outcome
from nhip.graph.subscriptions.model import Subscription

ChangeKind = Literal["created", "updated", "deleted"]
TRIGGER: dict[ChangeKind, str] = {
    "created": "attributeCreated",
    "updated": "attributeUpdated",
    "deleted": "attributeDeleted",
}
"""Kind of change -> what it triggers."""
_SHELL = ("id", "type", "createdAt", "modifiedAt")


def concerns(one: Subscription, outcome: Outcome, changes: Iterable[tuple[str, ChangeKind]]) -> bool:
    """Whether the outcome, with its changes as attributes and kinds, is one of those that trigger (notificationTrigger,
    watchedAttributes)."""
    triggers = one.triggers
    if outcome.deleted:
        if "entityDeleted" in triggers:
            return True
        lost = {name for name in outcome.before or {} if ":" in name}
        return "attributeDeleted" in triggers and bool(lost & one.watched if one.watched else lost)
    if outcome.created and "entityCreated" in triggers:
        return True
    updates = "entityUpdated" in triggers and not outcome.created
    for attribute, change in changes:
        if (updates or TRIGGER[change] in triggers) and (not one.watched or attribute in one.watched):
            return True
    return False


def told(one: Subscription, outcome: Outcome, at: str) -> Doc:
    """The document that is told of: as it is now, what was deleted as NGSI-LD Null, with previous values where asked for."""
    if outcome.deleted:
        return _deleted(one, outcome.before or {}, at)
    doc = dict(outcome.after or {})
    tells_deletions = bool(one.triggers & {"attributeDeleted", "entityUpdated"})
    were = Instances(outcome.before or {})
    updated: dict[str, dict[str | None, Instance]] = {}
    lost: dict[str, list[Instance]] = {}
    for change in outcome.changes:
        before = were.get(change)
        if before is None or ":" not in change.attribute:
            continue
        if change.kind == "deleted" and tells_deletions:
            if change.attribute not in (outcome.after or {}):
                doc[change.attribute] = _gone(outcome.before or {}, change.attribute, at, previous=one.changes)
            else:
                lost.setdefault(change.attribute, []).append(_null(before, at, previous=one.changes))
        elif change.kind == "updated" and one.changes:
            updated.setdefault(change.attribute, {})[change.dataset] = before
    for name, befores in updated.items():
        doc[name] = [
            {**now, **_previous(befores[dataset])} if (dataset := now.get("datasetId")) in befores else now
            for now in doc.get(name, ())
        ]
    for name, nulls in lost.items():
        doc[name] = [*doc[name], *nulls]
    return doc


def _deleted(one: Subscription, before: Doc, at: str) -> Doc:
    doc: Doc = {key: before[key] for key in _SHELL if key in before}
    if one.changes or "attributeDeleted" in one.triggers:
        for name in before:
            if ":" in name and (not one.watched or name in one.watched):
                doc[name] = _gone(before, name, at, previous=one.changes)
    return doc


def _gone(before: Doc, name: str, at: str, *, previous: bool) -> list[Instance]:
    """An attribute of which nothing is left: one instance says so for all."""
    made = _null(before[name][0], at, previous=previous)
    made.pop("datasetId", None)
    return [made]


def _null(before: Instance, at: str, *, previous: bool) -> Instance:
    kind = before["type"]
    made: Instance = {"type": kind, VALUE_MEMBER[kind]: {"@none": NULL} if kind == "LanguageProperty" else NULL}
    made |= {key: before[key] for key in ("datasetId", "createdAt", "modifiedAt") if key in before}
    return {**made, "deletedAt": at, **(_previous(before) if previous else {})}


def _previous(before: Instance) -> dict[str, Any]:
    member = VALUE_MEMBER[before["type"]]
    return {f"previous{member[0].upper()}{member[1:]}": before[member]} if member in before else {}


def notification(one: Subscription, entities: list[Any], context: Context, at: str, id: UUID) -> bytes:
    """The notification `id` (5.3.1) as JSON."""
    if one.known is not None:
        entities = amended(entities, one.known, values=one.view.form == "simplified")
    if one.endpoint.accept == "application/ld+json":
        entities = [{**entity, "@context": context.whole} for entity in entities]
    data: Any = {"type": "FeatureCollection", "features": entities} if one.view.geojson else entities
    if one.view.geojson and one.endpoint.context_in_body:
        data["@context"] = context.whole
    made = {
        "id": f"urn:ngsi-ld:Notification:{id}",
        "type": "Notification",
        "subscriptionId": one.id,
        "notifiedAt": at,
        "data": data,
    }
    return orjson.dumps(made)


def headers(one: Subscription, tenant: str, link: str) -> list[tuple[str, str]]:
    """The headers of a notification; `link` is the Link to the @context, empty where the body holds it."""
    made = [("Content-Type", one.endpoint.accept)]
    if not one.endpoint.context_in_body:
        made.append(("Link", link))
    if tenant:
        made.append(("NGSILD-Tenant", tenant))
    return made + list(one.endpoint.receiver)

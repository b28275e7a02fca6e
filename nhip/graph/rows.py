"""The narrow rows by which an entity is found, made from its document (what the tables of migration 0001 hold)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from nhip.graph.document.geo import Box, bbox
from nhip.graph.model import ENTITY_MEMBERS, Doc, Instance
from nhip.kernel.time import now

_NUMERIC = frozenset({int, float})


def targets(instances: Iterable[Instance]) -> set[str]:
    """What a Relationship, or list of them, points to."""
    found: set[str] = set()
    for one in instances:
        if one["type"] == "Relationship":
            found.update(one["object"] if isinstance(one["object"], list) else (one["object"],))
        elif one["type"] == "ListRelationship":
            found.update(item["object"] if isinstance(item, dict) else item for item in one["objectList"])
    return found


def boxes(instances: Iterable[Instance]) -> dict[int, Box]:
    """Place of the instance in the attribute -> the box around its geometry."""
    return {n: bbox(one["value"]) for n, one in enumerate(instances) if one["type"] == "GeoProperty"}


def number(instance: Instance) -> float | None:
    """The value as a number for the history, where it is one."""
    value = instance.get("value")
    return float(value) if type(value) in _NUMERIC else None  # type: ignore[arg-type]


def due(doc: Doc) -> datetime | None:
    """When the first thing in the document expires: the entity, or an instance of an attribute."""
    found: list[str] = []
    if "expiresAt" in doc:
        found.append(doc["expiresAt"])
    for key, instances in doc.items():
        if isinstance(instances, list) and key not in ENTITY_MEMBERS:
            for one in instances:
                if "expiresAt" in one:
                    found.append(one["expiresAt"])
    return min(map(instant, found)) if found else None


def alive(doc: Doc, at: datetime | None = None) -> Doc | None:
    """What has not expired of a document; None when it has as a whole."""
    at = at or now()
    if "expiresAt" in doc and instant(doc["expiresAt"]) <= at:
        return None
    left: Doc = {}
    for key, value in doc.items():
        if key in ENTITY_MEMBERS:
            left[key] = value
        elif still := [one for one in value if "expiresAt" not in one or instant(one["expiresAt"]) > at]:
            left[key] = still
    return left


def instant(text: str) -> datetime:
    """A time of NGSI-LD (ISO 8601; more than six digits of a second are cut)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        head, _, tail = text.partition(".")
        digits = tail.rstrip("Z")
        found = datetime.fromisoformat(f"{head}.{digits[:6]}+00:00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)

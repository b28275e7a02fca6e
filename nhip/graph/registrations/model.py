"""A registration as it rests, and as it is matched.

The document keeps members of the core @context short, types and attributes are IRIs; Context Source Properties (any further
member) are IRIs with the value as it was given:

    {"id", "type": "ContextSourceRegistration", "endpoint", "information": [{"entities"?: [{"id"?, "idPattern"?, "type"?: [IRI]}],
     "propertyNames"?: [IRI], "relationshipNames"?: [IRI]}], "mode"?, "operations"?, "tenant"?, "contextSourceInfo"?, ...}
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from nhip.graph.registrations.names import DEFAULT, spelled_out

Mode = Literal["inclusive", "exclusive", "redirect", "auxiliary"]
MODES = ("inclusive", "exclusive", "redirect", "auxiliary")
PROXIED = frozenset({"exclusive", "redirect"})
"""Modes in which this broker itself holds nothing of what is registered (4.3.6.3)."""
TYPE = "ContextSourceRegistration"
SECRET = "contextSourceInfo"
"""What goes along with each request to the source: told to who may know it alone, sealed at rest."""


class EntityInfo(msgspec.Struct, frozen=True):
    """Which entities: all of the types (none: of any type), one by its id, or those whose id fits a pattern."""

    types: frozenset[str] = frozenset()
    id: str = ""
    pattern: str = ""


class Information(msgspec.Struct, frozen=True):
    """One element of `information`: the entities (none: any), and their attributes (none: any)."""

    entities: tuple[EntityInfo, ...] = ()
    attributes: frozenset[str] = frozenset()


class Registration(msgspec.Struct, frozen=True):
    """A registration with what matching needs. Counters are as of the last time they were written."""

    id: str
    doc: dict[str, Any]
    information: tuple[Information, ...]
    operations: frozenset[str]
    mode: Mode = "inclusive"
    datasets: frozenset[str] = frozenset()
    expires_at: str = ""
    counters: dict[str, Any] = {}
    """`status`, `timesSent`, `timesFailed`, `lastSuccess`, `lastFailure`, as far as there is something to tell."""


class Change(msgspec.Struct, frozen=True):
    """A registration that was made (no `before`), changed, or is gone (no `after`)."""

    tenant: int
    before: Registration | None
    after: Registration | None


def from_doc(doc: dict[str, Any], counters: dict[str, Any] | None = None) -> Registration:
    """The registration that a stored document describes."""
    return Registration(
        id=doc["id"],
        doc=doc,
        information=tuple(_information(one) for one in doc["information"]),
        operations=spelled_out(doc.get("operations", (DEFAULT,))),
        mode=doc.get("mode", "inclusive"),
        datasets=frozenset(doc.get("datasetId", ())),
        expires_at=doc.get("expiresAt", ""),
        counters=counters or {},
    )


def _information(told: dict[str, Any]) -> Information:
    entities = tuple(
        EntityInfo(frozenset(one.get("type", ())), one.get("id", ""), one.get("idPattern", ""))
        for one in told.get("entities", ())
    )
    return Information(
        entities, frozenset(told.get("propertyNames", ())) | frozenset(told.get("relationshipNames", ()))
    )

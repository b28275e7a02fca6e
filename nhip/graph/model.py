"""The canonical entity and what is passed between the parts of the graph.

A **full document** is a dict as NGSI-LD's normalised form with everything decided once:

    {"id": str, "type": [IRI, ...], "scope": ["/a/b", ...] (absent when none), "expiresAt": ISO 8601 (absent when none),
     "createdAt": ISO 8601, "modifiedAt": ISO 8601,
     <attribute IRI>: [instance, ...]}          # always a list; instances differ in datasetId; the default one is first

    instance = {"type": one of VALUE_MEMBER, <its value member>: value, "createdAt", "modifiedAt",
                "observedAt"?, "unitCode"?, "datasetId"?, "objectType"? [IRI], "expiresAt"?,
                <sub-attribute IRI>: [instance, ...]}

Members of the core context keep their short names, user terms are full IRIs (they hold a `:`; no short core name does).
Times are UTC with `Z` and as many digits as were given (our own: microseconds). At rest the document is split
(`document.pack`): `doc` without the system attributes, `sys` with them apart, so that the usual answer never takes them out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

Doc = dict[str, Any]
Instance = dict[str, Any]

VALUE_MEMBER = {
    "Property": "value",
    "GeoProperty": "value",
    "Relationship": "object",
    "LanguageProperty": "languageMap",
    "VocabProperty": "vocab",
    "JsonProperty": "json",
    "ListProperty": "valueList",
    "ListRelationship": "objectList",
}
"""Attribute type -> the member that holds its value (CIM 009 v1.9.1, 4.5.2 to 4.5.24)."""

SYSTEM = ("createdAt", "modifiedAt")
ENTITY_MEMBERS = frozenset({"id", "type", "scope", "expiresAt", "createdAt", "modifiedAt", "deletedAt"})
NULL = "urn:ngsi-ld:null"
"""NGSI-LD Null: deletes in merge and update, tells of a deletion in notifications and history (4.5.0)."""


class Stored(msgspec.Struct, frozen=True):
    """An entity as it rests: `doc` and `sys` are JSON (see the module's text), `ver` counts its changes."""

    id: str
    doc: bytes
    sys: bytes
    ver: int = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """How entities are to be given (CIM 009, 4.5 and 6.3.6): everything a renderer must know besides the context."""

    form: Literal["normalized", "concise", "simplified"] = "normalized"
    geojson: bool = False
    geometry: str = "https://uri.etsi.org/ngsi-ld/location"
    """IRI of the GeoProperty that becomes the GeoJSON geometry."""
    sys: bool = False
    lang: str = ""
    """Language filter in RFC 4647 order of preference; LanguageProperties become Properties then."""
    pick: frozenset[str] | None = None
    """IRIs (and `id`, `type`, `scope`) to give alone; None: all."""
    omit: frozenset[str] = frozenset()
    datasets: frozenset[str] | None = None
    """datasetIds to give alone; `@none` is the default instance."""


OperationName = Literal[
    "create",
    "upsert-replace",
    "upsert-update",
    "append",
    "append-keep",
    "update",
    "patch",
    "merge",
    "replace",
    "replace-attribute",
    "delete-attribute",
    "delete",
]
"""What can be done to an entity: `append-keep` is append with options=noOverwrite; `update` changes only attributes that
exist (PATCH attrs), `patch` one attribute (partial update), `merge` is as JSON merge-patch with NGSI-LD Null, `replace` the
whole entity."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one entity, expanded: `doc` is a document without system attributes, or only the fragment to apply."""

    name: OperationName
    id: str
    doc: Doc | None = None
    attribute: str = ""
    """IRI of the attribute that `patch`, `replace-attribute` and `delete-attribute` are about."""
    dataset: str | None = None
    """datasetId of the instance; None is the default one."""
    every_dataset: bool = False
    """deleteAll=true."""
    observed_at: str = ""
    """The parameter observedAt of merge."""
    lang: str = ""
    """The parameter lang of merge: in which language a plain string changes a LanguageProperty."""
    large: bool = False
    """Whether there is so much in it that it takes long."""
    only: Callable[[Doc], bool] | None = None
    """An entity that it refuses counts as absent, but for its id, which is taken: the selector of entity types (4.17), and what
    who asks may see."""


class Change(msgspec.Struct, frozen=True):
    """What an operation did to one attribute instance."""

    attribute: str
    dataset: str | None
    kind: Literal["created", "updated", "deleted"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an operation. `error` (a GraphError) refused it whole; `kept`: what was not changed, with the reason."""

    id: str
    created: bool = False
    deleted: bool = False
    error: Exception | None = None
    changes: list[Change] = []
    kept: list[tuple[str, str]] = []
    """(attribute IRI, reason) of a partial success: the `notUpdated` of the answer."""
    before: Doc | None = None
    after: Doc | None = None

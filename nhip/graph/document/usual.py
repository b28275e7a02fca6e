"""What most entities and attributes are: values that stay as they were sent. All else is read with care (`expand.py`)."""

from __future__ import annotations

from typing import Any, Final

from nhip.graph.contexts import core
from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.members import RESERVED
from nhip.graph.document.times import is_instant
from nhip.graph.errors import BadRequestData
from nhip.graph.model import ENTITY_MEMBERS, NULL, Doc, Instance

GEO_ONLY: Final = frozenset(core.NAMESPACE + name for name in ("location", "observationSpace", "operationSpace"))
PROOF_IRI: Final = core.NAMESPACE + "ngsildproof"
_PARTICULAR: Final = GEO_ONLY | {PROOF_IRI}
_SCALARS: Final = frozenset({str, int, float, bool})
_KEPT: Final = {
    "Property": frozenset({"type", "value", "unitCode", "observedAt"}),
    "Relationship": frozenset({"type", "object", "observedAt"}),
    "GeoProperty": frozenset({"type", "value", "observedAt"}),
}
_READ: Final = frozenset({"id", "type", "@context"})
_CARE: Final = RESERVED | ENTITY_MEMBERS | {"@id", "@type"}
"""Names that are no attribute's, or only sometimes."""


def usual_entity(payload: dict[str, Any], context: Context, *, fragment: bool) -> Doc | None:
    """The canonical document of an entity of one type, or fragment without, whose attributes are all usual ones; None: it has to
    be read with care, as whatever is wrong with it."""
    identifier, kind = payload.get("id"), payload.get("type")
    if type(identifier) is not str or identifier == NULL or not is_uri(identifier):
        return None
    doc: Doc = {"id": identifier}
    expand = context.expand
    try:
        if type(kind) is str and kind not in ENTITY_MEMBERS and kind != NULL:
            doc["type"] = [expand(kind)]
        elif kind is not None or not fragment:
            return None
        for key, given in payload.items():
            if key in _READ:
                continue
            if type(given) is not dict or key in _CARE or (iri := expand(key)) in doc:
                return None
            one = usual_instance(iri, given, context)
            if one is None:
                return None
            doc[iri] = [one]
    except BadRequestData:
        return None
    return doc


def usual_instance(iri: str, given: dict[str, Any], context: Context) -> Instance | None:
    """The instance, where it is what most are: normalised, a plain value, sub-attributes without any of their own; None: it has
    to be read with care."""
    kind = given.get("type")
    if kind == "Property" and len(given) == 2 and iri not in _PARTICULAR:  # as `_left` finds, sooner
        value = given.get("value")
        return given if type(value) in _SCALARS and value != NULL else None
    left = _left(kind, given)
    if left < 0 or (iri in _PARTICULAR and (kind != "GeoProperty" or iri == PROOF_IRI)):
        return None
    return _with_subs(kind, given, context) if left else given


def _left(kind: Any, given: dict[str, Any]) -> int:
    """How many members there are beside type, a plain value, unitCode and observedAt, which stay as they are; -1: one may not."""
    if kind == "Property":
        value = given.get("value")
        if type(value) not in _SCALARS or value == NULL:
            return -1
    elif kind == "Relationship":
        target = given.get("object")
        if type(target) is not str or target == NULL or not is_uri(target):
            return -1
    elif kind != "GeoProperty" or not _is_point(given.get("value")):
        return -1
    left = len(given) - 2
    return _undated(kind, given, left) if left else 0


def _undated(kind: str, given: dict[str, Any], left: int) -> int:
    if "observedAt" in given:
        observed = given["observedAt"]
        if type(observed) is not str or not is_instant(observed):
            return -1
        left -= 1
    if kind == "Property" and "unitCode" in given:
        unit = given["unitCode"]
        if type(unit) is not str or unit in ("", NULL):
            return -1
        left -= 1
    return left


def _with_subs(kind: Any, given: dict[str, Any], context: Context) -> Instance | None:
    kept = _KEPT[kind]
    made: Instance = {}
    for key, value in given.items():
        if key in kept:
            made[key] = value
            continue
        if key in RESERVED or type(value) is not dict or _left(value.get("type"), value):
            return None
        try:
            name = context.expand(key)
        except BadRequestData:
            return None
        if name in made or name in _PARTICULAR:
            return None
        made[name] = [value]
    return made


def _is_point(given: Any) -> bool:
    if type(given) is not dict or len(given) != 2 or given.get("type") != "Point":
        return False
    position = given.get("coordinates")
    if type(position) is not list or len(position) != 2:
        return False
    east, north = position
    return _within(east, 180) and _within(north, 90)


def _within(given: Any, most: int) -> bool:
    if isinstance(given, float):
        return -most <= given <= most
    return type(given) is int and -most <= given <= most

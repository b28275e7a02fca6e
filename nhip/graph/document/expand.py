"""From what a client sends to the canonical document (nhip/graph/model.py), everything checked (ETSI GS CIM 009 v1.9.1, 4.5).

Normalised, concise and simplified attributes may be mixed: each says by itself what it is.
"""

from __future__ import annotations

from typing import Any

from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Context
from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import is_geometry
from nhip.graph.document.members import ANY, MEMBERS, PROOF, RESERVED, Nulls, Reader, Reading
from nhip.graph.document.scopes import read_scopes
from nhip.graph.document.times import read_instant
from nhip.graph.document.usual import GEO_ONLY, PROOF_IRI, usual_entity, usual_instance
from nhip.graph.errors import BadRequestData
from nhip.graph.model import ENTITY_MEMBERS, NULL, VALUE_MEMBER, Doc, Instance
from nhip.kernel.i18n import _

NO_TYPES = ENTITY_MEMBERS | {NULL}
MAX_SUB_LEVELS = 12
MOST_TYPES = 1000
_HEAD: dict[str, Reader | None] = dict.fromkeys([*ENTITY_MEMBERS, "@id", "@type", "@context"])
_KIND_OF = {
    **{member: kind for kind, member in VALUE_MEMBER.items() if member != "value"},
    "value": "Property",
}
_VALUES = frozenset(VALUE_MEMBER.values())
"""Inside an entity these names are free, as no attribute's value stands there."""
_DATED = frozenset({"observedAt", "datasetId", "unitCode", "expiresAt", "objectType", "valueType", "instanceId"})


def expand_entity(
    payload: dict[str, Any],
    context: Context,
    *,
    fragment: bool = False,
    nulls: Nulls | None = None,
    temporal: bool = False,
    simplified: bool = False,
) -> Doc:
    """The canonical document of an entity, without system attributes. Raises BadRequestData saying what is wrong where.

    A `fragment` may lack id and type, and its attributes their values. `nulls`: where NGSI-LD Null may stand; by default
    nowhere, in fragments everywhere. `temporal`: attributes are series, whose instances may share a datasetId. `simplified`:
    the body is said to be so (4.5.4); an object whose `type` is none of an attribute is a value then.
    """
    if (usual := usual_entity(payload, context, fragment=fragment)) is not None:
        return usual
    reading = Reading(context, nulls or ("everywhere" if fragment else "none"), fragment, temporal, simplified)
    try:
        doc = _head(payload, reading)
        _read_into(doc, payload, _HEAD, reading, 0)
    except Fault as fault:
        raise fault.error() from None
    return doc


def expand_attribute(
    payload: Any, context: Context, iri: str, *, fragment: bool = True, nulls: Nulls = "members", temporal: bool = False
) -> list[Instance]:
    """The instances of the one attribute `iri` from a body that holds nothing else. Raises BadRequestData."""
    reading = Reading(context, nulls, fragment, temporal)
    try:
        if ":" not in iri:
            raise Fault(_("this name belongs to NGSI-LD and can be no attribute"))
        if isinstance(payload, dict) and not is_geometry(payload):
            given = {key: value for key, value in payload.items() if key != "@context"}
            return [_instance(iri, given, reading, 1)]
        return _instances(iri, payload, reading, 1)
    except Fault as fault:
        fault.path.append(context.compact(iri))
        raise fault.error() from None


def _head(payload: dict[str, Any], reading: Reading) -> Doc:
    """The members of an entity that are no attributes."""
    for name in ("id", "type"):
        if name in payload and payload.get(f"@{name}", payload[name]) != payload[name]:
            raise Fault(_("this contradicts the same member without @"), f"@{name}")
    doc: Doc = {}
    identifier = payload.get("id", payload.get("@id"))
    if identifier is not None or not reading.fragment:
        if not isinstance(identifier, str) or not is_uri(identifier) or identifier == NULL:
            raise Fault(_("an entity is identified by a URI"), "id")
        doc["id"] = identifier
    types = payload.get("type", payload.get("@type"))
    if types is not None or not reading.fragment:
        doc["type"] = _types(types, reading)
    if "scope" in payload and (scope := _scope(payload["scope"], reading)):
        doc["scope"] = scope
    if "expiresAt" in payload:
        given = payload["expiresAt"]
        doc["expiresAt"] = given if given == NULL and reading.nulls != "none" else _at(read_instant, given, "expiresAt")
    return doc


def _types(given: Any, reading: Reading) -> list[str]:
    if type(given) is str and given not in NO_TYPES:
        return [_at(reading.context.expand, given, "type")]
    names = [given] if isinstance(given, str) else given
    if isinstance(names, list) and names and all(isinstance(one, str) for one in names):
        if not NO_TYPES.isdisjoint(names):
            raise Fault(_("this name belongs to NGSI-LD and can be no type"), "type")
        if len(names) > MOST_TYPES:
            raise Fault(_("this has to be an array that is neither empty nor endless"), "type")
        return list(dict.fromkeys(_at(reading.context.expand, one, "type") for one in names))
    raise Fault(_("an entity has a type or an array of types"), "type")


def _scope(given: Any, reading: Reading) -> Any:
    return NULL if given == NULL and reading.nulls != "none" else _at(read_scopes, given, "scope")


def _at(read: Any, given: Any, name: str) -> Any:
    """What `read` makes of `given`; a fault in it is told with its place."""
    try:
        return read(given)
    except Fault as fault:
        fault.path.append(name)
        raise
    except BadRequestData as error:
        raise Fault(error.values["what"], name) from None


def _read_into(
    made: Doc, given: dict[str, Any], members: dict[str, Reader | None], reading: Reading, level: int
) -> None:
    """Put what `given` holds into `made`: members by their readers, whatever else as (sub-)attributes."""
    expand = reading.context.expand
    key = ""
    try:
        for key, value in given.items():
            if key in members:
                if (read := members[key]) is None:
                    continue
                if value == NULL:
                    made[key] = _null(reading)
                elif (got := read(value, reading)) is not None:
                    made[key] = got
            elif key in RESERVED and (level or not _is_free(key, value)):
                raise Fault(_("this name belongs to NGSI-LD and has no place here"))
            elif (iri := expand(key)) in made:
                raise Fault(_("the same attribute is there under another name"))
            else:
                made[iri] = _instances(iri, value, reading, level + 1)
    except Fault as fault:
        fault.path.append(key)
        raise
    except BadRequestData as error:
        raise Fault(error.values["what"], key) from None


def _is_free(name: str, given: Any) -> bool:
    """Whether an entity may have an attribute of this name; a bare `value` in an entity is a slip, not an attribute."""
    some = given if type(given) is list else [given]
    return name in _VALUES and (name != "value" or (some != [] and all(map(is_instance, some))))


def _null(reading: Reading) -> str:
    if reading.nulls == "none":
        raise Fault(_("NGSI-LD Null stands only in updates"))
    return NULL


def _instances(iri: str, given: Any, reading: Reading, level: int) -> list[Instance]:
    """Every instance of an attribute, the default one first."""
    if type(given) is dict:
        usual = usual_instance(iri, given, reading.context)
        return [_one(iri, given, reading, level) if usual is None else usual]
    if type(given) is not list or not given or not all(map(is_instance, given)):
        return [_instance(iri, {"value": given}, reading, level)]
    made = [_one(iri, one, reading, level) for one in given]
    if not reading.temporal:
        datasets = [one.get("datasetId") for one in made]
        if len(set(datasets)) < len(datasets):
            raise Fault(_("two instances of the attribute have the same datasetId, or none"))
        made.sort(key=lambda one: "datasetId" in one)
    return made


def is_instance(given: Any) -> bool:
    """Whether an item of an array is an instance of a multi-attribute, and not a part of a plain value."""
    if type(given) is not dict:
        return False
    if isinstance(kind := given.get("type"), str) and kind in MEMBERS:
        return True
    return any(member in given for member in _KIND_OF)


def reads_as_value(given: dict[str, Any]) -> bool:
    """Whether an object is the value of a concise Property: nothing in it belongs to the shape of attributes (4.5.2.3)."""
    return not ("type" in given or "@type" in given or is_instance(given) or any(key in _DATED for key in given))


def _one(iri: str, given: dict[str, Any], reading: Reading, level: int) -> Instance:
    """An instance from an object that is one, or that is the plain value of a Property or GeoProperty."""
    if isinstance(kind := given.get("type"), str) and kind in MEMBERS:
        return _instance(iri, given, reading, level)
    if reads_as_value(given):
        parted = reading.fragment and any(type(part) is dict and is_instance(part) for part in given.values())
        if not parted:
            return _instance(iri, {"value": given}, reading, level)
    elif is_geometry(given):
        return _instance(iri, {"type": "GeoProperty", "value": given}, reading, level)
    elif reading.simplified and not is_instance(given):
        return _instance(iri, {"value": given}, reading, level)
    return _instance(iri, given, reading, level)


def _instance(iri: str, given: dict[str, Any], reading: Reading, level: int) -> Instance:
    if level > MAX_SUB_LEVELS:
        raise Fault(_("attributes of attributes are nested too deeply"))
    kind = given["type"] if "type" in given else given["@type"] if "@type" in given else _inferred(given)
    members = _members(iri, kind, given, reading)
    made: Instance = {} if kind is None else {"type": kind}
    _read_into(made, given, members, reading, level)
    if "datasetId" in given and (dataset := given["datasetId"]) != "@none":
        if not isinstance(dataset, str) or not is_uri(dataset) or dataset == NULL:
            raise Fault(_("this has to be a URI"), "datasetId")
        made["datasetId"] = dataset
    if kind is not None and VALUE_MEMBER[kind] not in made and not reading.fragment:
        raise Fault(_("the attribute has no value"))
    return made


def _members(iri: str, kind: Any, given: dict[str, Any], reading: Reading) -> dict[str, Reader | None]:
    """The readers for an attribute of this type."""
    if kind is None and "type" not in given:
        if not reading.fragment:
            raise Fault(_("the attribute has no value"))
        return ANY
    found = MEMBERS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise Fault(_("there is no such type of attribute"), "type")
    if iri in GEO_ONLY and kind != "GeoProperty" and not _deletes(given):
        raise Fault(_("this has to be a GeoProperty"))
    return PROOF if iri == PROOF_IRI and kind == "Property" else found


def _inferred(given: dict[str, Any]) -> str | None:
    """The type of a concise attribute, by the member that holds its value (4.5.2.3)."""
    for member, kind in _KIND_OF.items():
        if member in given:
            return "GeoProperty" if member == "value" and is_geometry(given["value"]) else kind
    return None


def _deletes(given: dict[str, Any]) -> bool:
    return any(given.get(member) == NULL for member in _KIND_OF)

"""Entities as clients and receivers read them that know only an earlier NGSI-LD (CIM 009, 4.3.6.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nhip.graph.model import VALUE_MEMBER

Version = tuple[int, int]
NEWEST: Version = (1, 9)
"""The version that entities are of where nothing is changed."""
SINCE: Mapping[str, Version] = {
    "LanguageProperty": (1, 4),
    "VocabProperty": (1, 8),
    "JsonProperty": (1, 8),
    "ListProperty": (1, 8),
    "ListRelationship": (1, 8),
}
"""Attribute type -> the version that brought it (table 4.3.6.8-1); earlier ones get a Property or Relationship."""
_ENTITY_SINCE: Mapping[str, Version] = {"scope": (1, 4), "expiresAt": (1, 9)}
_INSTANCE_SINCE: Mapping[str, Version] = {
    "datasetId": (1, 3),
    "observedAt": (1, 3),
    "unitCode": (1, 3),
    "objectType": (1, 8),
    "expiresAt": (1, 9),
    "valueType": (1, 9),
}
"""Member -> the version that brought it (tables 4.3.6.8-1 to -3); earlier ones go without."""
_SEVERAL: Version = (1, 3)
"""The version that brought several types of an entity and several instances of an attribute."""
_KIND = {member: kind for kind, member in VALUE_MEMBER.items() if kind != "GeoProperty"}
_BEFORE = "previous"
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")


def version(text: str) -> Version | None:
    """The version that is written as major.minor; None where none is."""
    found = _VERSION.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def amended(value: Any, known: Version, *, values: bool = False, series: bool = False) -> Any:
    """Entities, alone, in a list or as GeoJSON, as the version that is `known` has them.

    `values`: they are in a representation without attributes' own members (simplified, aggregated), of which only the
    entity's own can be too new. `series`: lists of instances are series of time, of which none is left out."""
    if isinstance(value, list):
        return [amended(one, known, values=values, series=series) for one in value]
    if not isinstance(value, dict):
        return value
    for member in ("features", "properties"):
        if value.get("type") in ("FeatureCollection", "Feature") and isinstance(value.get(member), list | dict):
            return {**value, member: amended(value[member], known, values=values, series=series)}
    made = {}
    for name, part in value.items():
        if known < _ENTITY_SINCE.get(name, known):
            continue
        if name == "type":
            made[name] = part[0] if known < _SEVERAL and isinstance(part, list) and part else part
        else:
            made[name] = part if values or name.startswith("@") else _attribute(part, known, series=series)
    return made


def _attribute(part: Any, known: Version, *, series: bool) -> Any:
    if isinstance(part, dict):
        return _instance(part, known)
    if not isinstance(part, list):
        return part
    if known < _SEVERAL and not series:
        alone = next(
            (one for one in part if isinstance(one, dict) and "datasetId" not in one), part[0] if part else None
        )
        return _attribute(alone, known, series=series) if isinstance(alone, dict) else part
    return [_instance(one, known) if isinstance(one, dict) else one for one in part]


def _instance(given: dict[str, Any], known: Version) -> dict[str, Any]:
    """An attribute, or a Property or Relationship that says the same."""
    kind = given.get("type") or next((_KIND[member] for member in given if member in _KIND), "")
    if not isinstance(kind, str) or kind not in VALUE_MEMBER:
        return given
    member = VALUE_MEMBER[kind]
    made = {name: _member(name, part, known) for name, part in given.items() if name != member}
    made = {name: part for name, part in made.items() if known >= _INSTANCE_SINCE.get(name, known)}
    if known >= SINCE.get(kind, known):
        return {name: given[name] if name == member else made[name] for name in given if name == member or name in made}
    typed = "type" in made
    made.pop("type", None)
    if kind == "ListRelationship":
        linked = [one.get("object") if isinstance(one, dict) else one for one in _listed(given.get(member))]
        return {**({"type": "Relationship"} if typed else {}), "object": linked, **made}
    return {**({"type": "Property"} if typed else {}), "value": given.get(member), **made}


def _member(name: str, part: Any, known: Version) -> Any:
    """A sub-attribute, or entities that are joined; what is neither is left as it is."""
    if name in ("entity", "entityList"):
        return amended(part, known)
    return part if name.startswith((_BEFORE, "@")) else _attribute(part, known, series=False)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

"""Answers for clients that know only an earlier NGSI-LD: `Prefer: ngsi-ld=1.5` (CIM 009, 4.3.6.8; RFC 7240)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from nhip.graph.model import VALUE_MEMBER

SINCE = {
    "LanguageProperty": (1, 4),
    "VocabProperty": (1, 8),
    "JsonProperty": (1, 8),
    "ListProperty": (1, 8),
    "ListRelationship": (1, 8),
}
"""Attribute type -> the version that brought it (table 4.3.6.8-1); earlier ones get a Property or Relationship."""
_PREFERENCE = re.compile(r'(?:[^,"]|"[^"]*")+')
"""One of several, which commas divide that are in no quotes."""
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")

Version = tuple[int, int]


@lru_cache(maxsize=256)
def preferred(header: str) -> Version | None:
    """The version that a Prefer header names first, None when it names none."""
    for found in _PREFERENCE.findall(header):
        name, _equals, told = found.partition(";")[0].partition("=")
        if name.strip().lower() == "ngsi-ld" and (version := _VERSION.fullmatch(told.strip().strip('"'))):
            return int(version[1]), int(version[2])
    return None


def amended(value: Any, version: Version) -> tuple[Any, bool]:
    """Entities as `version` knows them, and whether anything had to be changed for it."""
    if isinstance(value, list):
        parts = [amended(one, version) for one in value]
        return [part for part, _changed in parts], any(changed for _part, changed in parts)
    if not isinstance(value, dict):
        return value, False
    if (since := SINCE.get(str(value.get("type")))) is not None and version < since:
        return _older(value), True
    members = {key: amended(part, version) for key, part in value.items()}
    return {key: part for key, (part, _changed) in members.items()}, any(changed for _part, changed in members.values())


def _older(instance: dict[str, Any]) -> dict[str, Any]:
    """An attribute as a Property or Relationship that says the same."""
    kind = instance["type"]
    member = VALUE_MEMBER[kind]
    rest = {key: value for key, value in instance.items() if key not in ("type", member)}
    if kind != "ListRelationship":
        return {"type": "Property", "value": instance.get(member), **rest}
    linked = [one.get("object") if isinstance(one, dict) else one for one in instance.get(member, [])]
    return {"type": "Relationship", "object": linked, **rest}

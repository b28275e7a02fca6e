"""Mappings from TOML: `[[thing]]` tables, each a `Mapping`."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from nhip.things.errors import BadMapping
from nhip.things.model import Mapping

_MOST = 200
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_OURS = frozenset(
    {"id", "type", "scope", "location", "source", "sourceVersion", "createdAt", "modifiedAt", "deletedAt", "expiresAt"}
)
_UNIT = re.compile(r"[A-Z0-9]{2,3}")


def read_mappings(text: str) -> list[Mapping]:
    """The mappings of a TOML file. Raises BadMapping."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(what=str(error)) from error
    tables = told.get("thing")
    if set(told) != {"thing"} or not isinstance(tables, list) or not 0 < len(tables) <= _MOST:
        raise BadMapping(what="[[thing]]")
    found = [read_mapping(table) for table in tables]
    if len({one.dataset for one in found}) < len(found):
        raise BadMapping(what="dataset")
    return found


def read_mapping(told: Any) -> Mapping:
    """One mapping. Raises BadMapping."""
    try:
        found = msgspec.convert(told, Mapping)
    except msgspec.ValidationError as error:
        raise BadMapping(what=str(error)) from error
    names = [*found.attributes, *found.relationships]
    for name in (found.type, *names, *(link.type for link in found.relationships.values())):
        if not _NAME.fullmatch(name):
            raise BadMapping(what=name[:100])
    for name in names:
        if name in _OURS or names.count(name) > 1:
            raise BadMapping(what=name)
    for name in found.attributes:
        one = found.attribute(name)
        if not one.sources() or (one.column and one.columns) or (one.unit and not _UNIT.fullmatch(one.unit)):
            raise BadMapping(what=name)
    return found

"""A mapping as TOML, as `nhip things put` reads it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from nhip.things.model import Mapping

_FIRST = ("dataset", "type", "id", "observed", "internal", "location")


def mapping_toml(mapping: Mapping) -> str:
    """One `[[thing]]` table; what has its default is not told."""
    bare: dict[str, Any] = msgspec.to_builtins(mapping)
    lines = ["[[thing]]", *(f"{name} = {_value(bare[name])}" for name in _FIRST if bare[name])]
    for kind in ("attributes", "relationships"):
        lines += [f"{kind}.{name} = {_value(_told(one))}" for name, one in bare[kind].items()]
    return "\n".join(lines) + "\n"


def _told(one: Any) -> Any:
    return {name: value for name, value in one.items() if value} if isinstance(one, dict) else one


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    # a string of JSON is one of TOML, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _value(name)

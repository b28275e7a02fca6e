"""Whether two values are the same."""

from __future__ import annotations

from typing import Any

from orjson import dumps


def same(one: Any, other: Any) -> bool:
    """As JSON: to Python 1, 1.0 and true are equal."""
    return one == other and _same_kinds(one, other)


def same_members(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether objects that are equal are the same."""
    for part in one.values():
        if type(part) is not str:  # written they are compared in no time, if their members have the same order
            return dumps(one) == dumps(other) or _same_kinds(one, other)
    return True


def _same_kinds(one: Any, other: Any) -> bool:
    kind = type(one)
    if kind is dict:
        return all(type(part) is str or _same_kinds(part, other[key]) for key, part in one.items())
    if kind is list:
        return all(map(_same_kinds, one, other))
    return kind is type(other)

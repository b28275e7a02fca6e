"""Whether two values are the same."""

from __future__ import annotations

from typing import Any


def same(one: Any, other: Any) -> bool:
    """As JSON: to Python 1, 1.0 and true are equal."""
    return one == other and _same_kinds(one, other)


def same_members(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether objects that are equal are the same."""
    for key, part in one.items():  # noqa: SIM110 - a third of the time of a generator
        if type(part) is not str and not _same_kinds(part, other[key]):
            return False
    return True


def _same_kinds(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return same_members(one, other)
    if isinstance(one, list):
        for place, part in enumerate(one):  # noqa: SIM110
            if type(part) is not str and not _same_kinds(part, other[place]):
                return False
        return True
    return type(one) is type(other)

"""Whether two values are the same."""

from __future__ import annotations

from typing import Any


def same(one: Any, other: Any) -> bool:
    """As JSON: to Python 1, 1.0 and true are equal."""
    return one == other and same_kinds(one, other)


def same_kinds(one: Any, other: Any) -> bool:
    """Whether values that are equal are the same."""
    kind = type(one)
    if kind is dict:
        for key, part in one.items():
            if type(part) is str:
                continue
            if not same_kinds(part, other[key]):
                return False
        return True
    if kind is list:
        return all(map(same_kinds, one, other))
    return kind is type(other)

"""Whether two values are the same."""

from __future__ import annotations

from typing import Any

import orjson


def same(one: Any, other: Any) -> bool:
    """As JSON: to Python 1, 1.0 and true are equal."""
    if one != other:
        return False
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)

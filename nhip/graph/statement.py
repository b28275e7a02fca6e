"""One statement that writes everything of a group at once, so that it costs one round trip and commits by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from nhip.db.sql import load

queries = load(__file__, "writing.sql")
_OWN = re.compile(r"\$p(\d+)")
_FIRST = 4
"""$1 is the tenant, $2 the instant, $3 how many attributes are indexed."""


class Statement:
    """Gathers parts of writing.sql with their rows. Nothing is written if one of them touches fewer rows than it should, or
    if attributes were indexed meanwhile: asyncpg.SerializationError then."""

    def __init__(self, tenant: int, at: datetime, indexed: int) -> None:
        self._names: list[str] = []
        self.values: list[Any] = [tenant, at, indexed]

    def add(self, part: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """A part and its rows."""
        columns = list(zip(*rows, strict=True))
        if columns:
            self._names.append(part)
            self.values += columns

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def text(self) -> str:
        """The SQL."""
        return _composed(tuple(self._names))


@lru_cache(maxsize=1000)
def _composed(names: tuple[str, ...]) -> str:
    parts, sure = (
        [],
        ["$1::int is not null", "$2::timestamptz is not null", "$3 = (select count(*) from graph.indexed)"],
    )
    taken = _FIRST
    for name in names:
        body = getattr(queries, name)
        own = _OWN.sub(lambda found, base=taken: f"${base + int(found[1]) - 1}", body)  # type: ignore[misc]
        parts.append(f"{name} as ({own})")
        if body.endswith("returning 1"):
            sure.append(f"cardinality(${taken}::text[]) = (select count(*) from {name})")
        taken += len(set(_OWN.findall(body)))
    return f"with {', '.join(parts)} select graph.sure({' and '.join(sure)})"

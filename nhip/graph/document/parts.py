"""Documents of which only some members are read: what a query looks at is little beside what an entity has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypedDict

import msgspec

from nhip.graph.model import Doc


@lru_cache(maxsize=512)
def decoder_of(members: frozenset[str]) -> msgspec.json.Decoder[Doc]:
    """Reads these members of a document, as many of them as it has; others are passed over without being made."""
    kind: Any = TypedDict("Part", dict.fromkeys(sorted(members), Any), total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(kind)

"""What searching needs of the graph (`nhip.graph.service.Graph`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from nhip.graph.codes import Codes
from nhip.graph.model import Stored
from nhip.graph.numbers import Blocks


class Entities(Protocol):
    """Gives entities by their ids."""

    async def get_many(self, tenant: int, ids: Sequence[str], /) -> list[Stored]:
        """Those of the entities that exist, in the order of `ids`."""


class Store(Entities, Protocol):
    """Runs queries for searching."""

    codes: Codes
    numbers: Blocks
    """For what is written of the history alone."""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Rows of a query."""

"""What the pages of administration ask the database about itself."""

from __future__ import annotations

import msgspec

from nhip.db import Connection
from nhip.db.query import fetch_all
from nhip.db.sql import load

queries = load(__file__)


class TableSize(msgspec.Struct, frozen=True):
    """A table with the bytes that it takes with its indexes, and about how many rows it has."""

    table: str
    bytes: int
    rows: int


async def list_table_sizes(tx: Connection) -> list[TableSize]:
    """The forty largest tables."""
    return await fetch_all(tx, TableSize, queries.list_table_sizes)

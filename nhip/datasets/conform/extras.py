"""Columns that conform adds to a version: codes of places, longitude and latitude."""

from __future__ import annotations

from typing import NamedTuple

from nhip.datasets.engine import CELL


class Joined(NamedTuple):
    """A table of distinct texts joined to every row. `on` is the join condition with CELL for the row."""

    table: str
    alias: str
    on: str

    def join(self, row: str) -> str:
        """The join with the FROM item `row`."""
        return f"LEFT JOIN {self.table} {self.alias} ON {self.on.replace(CELL, row)}"


class Extra(NamedTuple):
    """Tables to join, and the derived columns with their SQL over the tables' aliases."""

    tables: tuple[Joined, ...]
    made: tuple[tuple[str, str], ...]

    def join(self, row: str) -> str:
        """The joins with the FROM item `row`."""
        return " ".join(table.join(row) for table in self.tables)

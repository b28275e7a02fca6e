"""Columns that conform adds to a version: codes of places, longitude and latitude."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nhip.datasets.engine import CELL


class Extra(NamedTuple):
    """A table of distinct texts joined to every row. `on` is the join condition with CELL for the row; `made` are the
    derived columns with their SQL over the table's alias."""

    table: str
    alias: str
    on: str
    made: tuple[tuple[str, str], ...]

    def join(self, row: str) -> str:
        """The join with the FROM item `row`."""
        return f"LEFT JOIN {self.table} {self.alias} ON {self.on.replace(CELL, row)}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Name and SQL of each derived column."""
        yield from self.made

"""The things of the model city: which of its datasets are in the live graph."""

from __future__ import annotations

from pathlib import Path

from nhip.db.installation import Installation
from nhip.things.reading import read_mappings
from nhip.things.service import put_mapping

FILE = Path(__file__).with_name("things.toml")


async def map_things(installation: Installation) -> int:
    """Say which datasets are things; the running server then puts them into the graph. How many mappings are new."""
    new = 0
    async with installation.db.tx() as tx:
        for mapping in read_mappings(FILE.read_text(encoding="utf-8")):
            new += await put_mapping(tx, mapping)
    return new

"""Downloads: CSV that a spreadsheet opens without running anything that hides in a cell (OWASP CSV injection)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW
from nhip.datasets.records import Version
from nhip.db.installation import Installation
from nhip.kernel.ids import new_id

CHUNK = 256 * 1024
FORMULA = r"^[=+\-@\t\r]"
HARMLESS = r"^[+-]?[0-9][0-9 .,]*$"
BOM = b"\xef\xbb\xbf"
"""Without it Excel reads UTF-8 as the machine's old code page."""


async def csv_of(installation: Installation, version: Version, role: str) -> AsyncIterator[bytes]:
    """The rows (`version`), findings or quarantined rows of a version as CSV in UTF-8, in pieces.

    Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers stay numbers.
    """
    file = await asyncio.to_thread(_write, installation, version, role)
    try:
        yield BOM
        with file.open("rb") as stream:
            while chunk := await asyncio.to_thread(stream.read, CHUNK):
                yield chunk
    finally:
        file.unlink(missing_ok=True)


def _write(installation: Installation, version: Version, role: str) -> Path:
    installation.work.mkdir(parents=True, exist_ok=True)
    target = installation.work / f"export-{new_id()}.csv"
    source = f"read_parquet({literal(str(installation.objects.path(version.manifest['objects'][role])))})"
    with session(installation.settings) as con:
        columns = con.execute(f"describe select * from {source}").fetchall()
        shown = [neutral(name, kind) for name, kind, *_rest in columns if name != ROW]
        order = ROW if role != "findings" else '"row"'
        con.execute(
            f"copy (select {', '.join(shown)} from {source} order by {order}) to {literal(str(target))} (header)"
        )
    return target


def neutral(name: str, kind: str) -> str:
    """SQL for a column in a download: text that looks like a formula is made harmless."""
    column = ident(name)
    if kind != "VARCHAR":
        return column
    risky = f"regexp_matches({column}, {literal(FORMULA)}) and not regexp_matches({column}, {literal(HARMLESS)})"
    return f"case when {risky} then '''' || {column} else {column} end as {column}"

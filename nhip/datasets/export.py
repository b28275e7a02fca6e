"""Downloads: CSV that a spreadsheet opens without running anything that hides in a cell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb

from nhip.datasets.engine import literal, session
from nhip.datasets.findings import contract_names
from nhip.datasets.formulas import neutral
from nhip.datasets.model import ROW
from nhip.datasets.personal import Sight, finding_cells, shown
from nhip.datasets.records import Version
from nhip.db.installation import Installation
from nhip.kernel.ids import new_id

CHUNK = 256 * 1024
BOM = b"\xef\xbb\xbf"
"""Without it Excel reads UTF-8 as the machine's old code page."""


async def csv_of(installation: Installation, version: Version, role: str, sight: Sight) -> AsyncIterator[bytes]:
    """The rows (`version`), findings or quarantined rows of a version as CSV in UTF-8, in pieces, personal cells masked.

    With a look they are not masked: then whoever calls has recorded that they leave (`nhip.datasets.looks.record_export`).
    Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers stay numbers.
    """
    file = await asyncio.to_thread(_write, installation, version, role, sight)
    try:
        yield BOM
        with file.open("rb") as stream:
            while chunk := await asyncio.to_thread(stream.read, CHUNK):
                yield chunk
    finally:
        file.unlink(missing_ok=True)


def _write(installation: Installation, version: Version, role: str, sight: Sight) -> Path:
    installation.work.mkdir(parents=True, exist_ok=True)
    target = installation.work / f"export-{new_id()}.csv"
    source = f"read_parquet({literal(str(installation.objects.path(version.manifest['objects'][role])))})"
    with session(installation.settings) as con:
        kinds = {name: kind for name, kind, *_rest in con.execute(f"describe select * from {source}").fetchall()}
        order = ROW if role != "findings" else '"row"'
        seen = (
            _findings_seen(con, source, sight)
            if role == "findings"
            else _rows_seen(version, role, kinds, sight, source)
        )
        texts = [neutral(name, kind) for name, kind in kinds.items() if name != ROW]
        con.execute(
            f"copy (select {', '.join(texts)} from ({seen}) order by {order}) to {literal(str(target))} (header)"
        )
    return target


def _rows_seen(version: Version, role: str, kinds: dict[str, str], sight: Sight, source: str) -> str:
    names = contract_names(version, role, [name for name in kinds if name != ROW])
    return f"select {ROW}, {', '.join(shown(sight, names, kinds))} from {source}"


def _findings_seen(con: duckdb.DuckDBPyConnection, source: str, sight: Sight) -> str:
    columns = con.execute(f'select distinct "column" from {source}').fetchall()
    value, suggestion = finding_cells(sight, [name for (name,) in columns])
    return f"select * replace ({value} as value, {suggestion} as suggestion) from {source}"

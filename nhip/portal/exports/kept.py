"""GeoJSON files that are kept for a while, so that they have a size and come in parts: QGIS reads no others by address."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path

from nhip.db.installation import Installation
from nhip.kernel.ids import new_id
from nhip.portal.exports.write import geojson_of
from nhip.portal.model import Entry, Release
from nhip.portal.rows.warm import Warm

MOST_ROWS = 100_000
"""Larger ones are streamed; programs for them read Parquet."""
MOST_FILES = 16


async def kept_geojson(installation: Installation, warm: Warm, entry: Entry, release: Release) -> Path:
    """The file of a release, made when it is first asked for; the one made longest ago goes when there are more than sixteen."""
    folder = installation.work / "geojson"
    file = folder / f"{entry.name}-{release.no}-{release.digest[:32]}.geojson"
    if file.is_file():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{new_id()}.part"
    try:
        with part.open("wb") as out:
            async with aclosing(geojson_of(warm, entry, release)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(out.write, piece)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    for old in sorted(folder.glob("*.geojson"), key=lambda path: path.stat().st_mtime)[:-MOST_FILES]:
        with suppress(FileNotFoundError):
            old.unlink()
    return file

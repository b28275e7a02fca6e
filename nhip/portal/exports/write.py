"""A release in a format, as a stream of bytes: each piece is made when it is taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from nhip.datasets.engine import ident
from nhip.datasets.export import BOM
from nhip.portal.exports.lines import csv_head, csv_line, json_line, xlsx_line
from nhip.portal.exports.xlsx import workbook
from nhip.portal.model import Entry, Release
from nhip.portal.rows.shapes import Shape, find_shape, geometry_of
from nhip.portal.rows.warm import Warm


async def _lines(warm: Warm, release: Release, expression: str) -> AsyncGenerator[list[str], None]:
    async with aclosing(warm.stream(f"select {expression} from {warm.source(release)}")) as stream:
        async for batch in stream:
            yield [row[0] for row in batch]


async def csv_of(warm: Warm, entry: Entry, release: Release, *, bom: bool) -> AsyncGenerator[bytes, None]:
    """CSV in UTF-8, lines ended by CR LF (RFC 4180); `bom` for Excel, which reads UTF-8 as an old code page without it."""
    yield (BOM if bom else b"") + f"{csv_head(release.columns)}\r\n".encode()
    async with aclosing(_lines(warm, release, csv_line(release.columns))) as batches:
        async for lines in batches:
            yield ("\r\n".join(lines) + "\r\n").encode()


async def json_of(warm: Warm, entry: Entry, release: Release) -> AsyncGenerator[bytes, None]:
    """A JSON array of objects, one a line."""
    between = "[\n"
    async with aclosing(_lines(warm, release, json_line(release.columns))) as batches:
        async for lines in batches:
            yield (between + ",\n".join(lines)).encode()
            between = ",\n"
    yield b"[]\n" if between == "[\n" else b"\n]\n"


async def xlsx_of(warm: Warm, entry: Entry, release: Release) -> AsyncGenerator[bytes, None]:
    """A workbook; several sheets where one cannot hold the rows."""
    async with (
        aclosing(_lines(warm, release, xlsx_line(release.columns))) as batches,
        aclosing(workbook(release, entry.title, batches)) as pieces,
    ):
        async for piece in pieces:
            yield piece


async def geojson_of(warm: Warm, entry: Entry, release: Release) -> AsyncGenerator[bytes, None]:
    """A GeoJSON feature collection (RFC 7946), one feature a line; a row that does not say where has no geometry."""
    shape = find_shape(release.columns)
    assert shape is not None, "a release without places has no GeoJSON"
    rest = [column for column in release.columns if column.name not in shape.names or not shape.geometry]
    properties = json_line(rest) if rest else "'{}'"
    chosen = ", ".join([properties, *(ident(name) for name in shape.names)])
    between = f'{{"type":"FeatureCollection","name":{_text(entry.name)},"features":[\n'
    async with aclosing(warm.stream(f"select {chosen} from {warm.source(release)}")) as batches:
        async for batch in batches:
            features = ",\n".join(_feature(shape, row) for row in batch)
            yield (between + features).encode()
            between = ",\n"
    yield f"{between if between.startswith('{') else ''}\n]}}\n".encode()


def _feature(shape: Shape, row: tuple[Any, ...]) -> str:
    return f'{{"type":"Feature","geometry":{_text(geometry_of(shape, row[1:]))},"properties":{row[0]}}}'


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


Writer = Callable[[Warm, Entry, Release], AsyncGenerator[bytes, None]]
WRITERS: dict[str, Writer] = {"json": json_of, "xlsx": xlsx_of, "geojson": geojson_of}

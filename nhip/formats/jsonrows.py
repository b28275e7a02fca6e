"""JSON as rows: an array of objects, an envelope with arrays of objects somewhere inside, an array of rows, columns by name,
objects by key, values one after another, NDJSON, GeoJSON.

The text is parsed piece by piece, so that memory does not grow with the file. Members of members get dotted names; arrays
inside a record stay JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from nhip.formats import jsonsurvey
from nhip.formats.errors import BrokenLine, NothingInside, TooDeep
from nhip.formats.jsonstream import DECODER, LARGEST_VALUE, Number, Stream, items, members
from nhip.formats.jsonsurvey import Survey
from nhip.formats.model import Grid, Record, Records, Row

_DEEPEST: Final = 40
_SHAPES: Final = frozenset(
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)


def open_json(path: Path, filename: str) -> tuple[str, list[Records | Grid]]:
    """What the file is after all (`json`, `geojson`, `ndjson`), and its tables: every array of objects or of rows in it; a single
    object is one record. Raises BrokenFile, TooDeep, NothingInside."""
    seen = jsonsurvey.survey(path, filename)
    stem = Path(filename).stem
    if seen.more:
        return "ndjson", [_sequence(stem, path, seen, filename)]
    if shapes := _shapes(path, seen, filename):
        return "geojson", [Records(name=stem, rows=partial(_features, shapes))]
    if seen.objects:
        return "json", [_records(".".join(where) or stem, path, where, filename) for where in seen.objects]
    if seen.rows:
        return "json", [_grid(".".join(where) or stem, path, where, seen, filename) for where in seen.rows]
    if seen.empty:
        return "json", [Records(name=".".join(where) or stem, rows=lambda: iter(())) for where in seen.empty]
    return "json", [_single(path, filename)]


def iter_array(path: Path, where: tuple[str, ...], filename: str) -> Iterator[Any]:
    """The items of the array at `where`."""
    stream = Stream(path, filename)
    try:
        yield from _descend(stream, where)
    finally:
        stream.close()


def _descend(stream: Stream, where: tuple[str, ...]) -> Iterator[Any]:
    if not where:
        yield from items(stream)
        return
    for name in members(stream):
        if name == where[0]:
            yield from _descend(stream, where[1:])
            return
        stream.value()


def flatten(value: Any, prefix: str = "", depth: int = 0) -> dict[str, str | None]:
    """An object as cells: `{"a": {"b": 1}}` becomes `{"a.b": "1"}`."""
    cells: dict[str, str | None] = {}
    for name, item in value.items():
        key = f"{prefix}{name}"
        if isinstance(item, dict) and depth < _DEEPEST:
            cells.update(flatten(item, f"{key}.", depth + 1))
        else:
            cells[key] = scalar(item)
    return cells


def scalar(item: Any) -> str | None:
    """A JSON value as a cell."""
    if item is None or item in ("", {}):
        return None
    if isinstance(item, str):
        return str(item).replace("\0", "") or None
    if isinstance(item, bool):
        return "true" if item else "false"
    return _text(item)


def _text(item: Any) -> str:
    if isinstance(item, Number):
        return str(item)
    if isinstance(item, list):
        return "[" + ", ".join(map(_text, item)) + "]"
    if isinstance(item, dict):
        return "{" + ", ".join(f"{_text(str(key))}: {_text(value)}" for key, value in item.items()) + "}"
    return json.dumps(item, ensure_ascii=False)


def _records(name: str, path: Path, where: tuple[str, ...], filename: str) -> Records:
    return Records(name=name, rows=lambda: _numbered(iter_array(path, where, filename)))


def _numbered(found: Iterator[Any]) -> Iterator[Record]:
    for number, item in enumerate(found, 1):
        yield number, _item(item), ""


def _item(item: Any) -> dict[str, str | None]:
    """An array's item as cells; the items of an array in it get the names of numbered columns."""
    if isinstance(item, list):
        return {f"column_{place}": scalar(cell) for place, cell in enumerate(item, 1)}
    return flatten(item) if isinstance(item, dict) else {"value": scalar(item)}


def _grid(name: str, path: Path, where: tuple[str, ...], seen: Survey, filename: str) -> Grid:
    """An array of arrays, under the names that the array beside it gives or that its own first row may be."""
    names = seen.names.get(where[:-1], []) if where else []

    def rows() -> Iterator[Row]:
        if names:
            yield 1, [*names]
        for number, item in enumerate(iter_array(path, where, filename), 2 if names else 1):
            yield number, _cells(item)

    return Grid(name=name, sheet="", rows=rows)


def _cells(item: Any) -> list[str | None]:
    return [scalar(cell) for cell in item] if isinstance(item, list) else [scalar(item)]


def _sequence(name: str, path: Path, seen: Survey, filename: str) -> Records | Grid:
    """Values one after another: an object each is a record, an array each is a row, or a page of objects."""
    pages = bool(seen.objects) and seen.opening == "["
    if seen.opening == "[" and not pages:
        return Grid(
            name=name,
            sheet="",
            rows=lambda: ((number, _cells(item)) for number, item in enumerate(_values(path, False, filename), 1)),
        )
    if seen.type == "Feature":
        return Records(name=name, rows=partial(_features, lambda: _values(path, pages, filename)))
    return Records(name=name, rows=lambda: _numbered(_values(path, pages, filename)))


def _values(path: Path, pages: bool, filename: str) -> Iterator[Any]:
    stream = Stream(path, filename)
    try:
        while letter := stream.peek():
            if pages and letter == "[":
                yield from items(stream)
            else:
                yield stream.value()
    finally:
        stream.close()


def _single(path: Path, filename: str) -> Records:
    """One object (or an array without any): columns by name, objects by key, or a record."""
    value, stem = _whole(path, filename), Path(filename).stem
    if isinstance(value, list):
        return _records(stem, path, (), filename)
    if not isinstance(value, dict) or not value:
        raise NothingInside(file=filename)
    inner = list(value.values())
    if _are_columns(inner):
        cells = [[scalar(cell) for cell in column] for column in inner]
        return Records(
            name=stem,
            rows=lambda: (
                (n, dict(zip(value, row, strict=True)), "") for n, row in enumerate(zip(*cells, strict=True), 1)
            ),
        )
    if len(inner) > 1 and all(isinstance(one, dict) and one and one.keys() == inner[0].keys() for one in inner):
        return Records(name=stem, rows=lambda: _numbered(iter([{"key": key, **one} for key, one in value.items()])))
    return Records(name=stem, rows=lambda: iter([(1, flatten(value), "")]))


def _are_columns(found: list[Any]) -> bool:
    """Whether a table is written column by column, as pandas does: arrays of values, all of one length."""
    if len(found) < 2 or not all(isinstance(one, list) and len(one) == len(found[0]) > 1 for one in found):
        return False
    return not any(isinstance(cell, list | dict) for column in found for cell in column)


def _whole(path: Path, filename: str) -> Any:
    stream = Stream(path, filename)
    try:
        return stream.value() if stream.peek() else None
    finally:
        stream.close()


def open_ndjson(path: Path, filename: str) -> Records:
    """One JSON object a line; blank lines are skipped, the record number is the line number."""

    def rows() -> Iterator[Record]:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(lambda: file.readline(LARGEST_VALUE), ""), 1):
                if line.strip():
                    yield number, _object(line, number, filename), ""

    return Records(name=Path(filename).stem, rows=rows)


def _object(line: str, number: int, filename: str) -> dict[str, str | None]:
    try:
        value = DECODER.decode(line.strip())
    except json.JSONDecodeError as error:
        raise BrokenLine(file=filename, format="NDJSON", line=number) from error
    except RecursionError as error:
        raise TooDeep(file=filename, format="NDJSON") from error
    return flatten(value) if isinstance(value, dict) else {"value": scalar(value)}


def _shapes(path: Path, seen: Survey, filename: str) -> Callable[[], Iterator[Any]] | None:
    """The features of the file: a collection's (in whatever envelope), a lone one, or a lone geometry; None where it has none."""
    wanted = [where for where in seen.objects if where[-1:] == ("features",)]
    if wanted and (wanted[0] in seen.features or seen.type == "FeatureCollection"):
        return lambda: iter_array(path, wanted[0], filename)
    if seen.type == "FeatureCollection":
        return lambda: iter(())
    if seen.type == "Feature":
        return lambda: iter([_whole(path, filename)])
    if seen.type in _SHAPES and {"coordinates", "geometries"} & seen.top:
        return lambda: iter([{"geometry": _whole(path, filename)}])
    return None


def _features(found: Callable[[], Iterator[Any]]) -> Iterator[Record]:
    """Features as records: their properties, the geometry as WKT, and longitude and latitude for points."""
    from nhip.formats.geometry import from_geojson  # shapely and NumPy: only where there are shapes

    for number, item in enumerate(found(), 1):
        yield _feature(number, item if isinstance(item, dict) else {}, from_geojson)


def _feature(number: int, item: dict[str, Any], read: Callable[[Any], tuple[dict[str, str | None], str]]) -> Record:
    properties = item.get("properties")
    cells = flatten(properties) if isinstance(properties, dict) else {}
    if item.get("id") is not None and "id" not in cells:
        cells = {"id": scalar(item["id"]), **cells}
    shape, fault = read(item.get("geometry"))
    return number, {**cells, **shape}, fault

"""JSON as records: an array of objects, an envelope with arrays of objects somewhere inside, NDJSON, GeoJSON.

The text is parsed piece by piece, so that memory does not grow with the file. Members of members get dotted names; arrays
inside a record stay JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from nhip.formats.errors import BrokenFile, BrokenLine, NothingInside, TooDeep
from nhip.formats.model import Record, Records
from nhip.kernel.i18n import _

_CHUNK: Final = 1 << 18
_LARGEST_VALUE: Final = 64 << 20
_DEEPEST: Final = 40
_SPACE: Final = " \t\r\n"


class Number(str):
    """A JSON number as the text that it was delivered in."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(parse_float=Number, parse_int=Number, strict=False)


class _Stream:
    """JSON text with a cursor, refilled from the file as it is used up."""

    def __init__(self, path: Path, filename: str) -> None:
        self._file = path.open(encoding="utf-8-sig", errors="replace", newline="")
        self._name = filename
        self.text = ""
        self.at = 0

    def close(self) -> None:
        self._file.close()

    def broken(self, what: str) -> BrokenFile:
        return BrokenFile(file=self._name, format="JSON", what=what)

    def fill(self) -> bool:
        more = self._file.read(max(_CHUNK, len(self.text) - self.at))
        self.text = self.text[self.at :] + more
        self.at = 0
        return bool(more)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.fill():
                return ""

    def expect(self, letters: str) -> str:
        found = self.peek()
        if not found:
            raise self.broken(_("it ends too early"))
        if found not in letters:
            raise self.broken(_("a bracket, comma or colon is missing"))
        self.at += 1
        return found

    def value(self) -> Any:
        """The next whole value. Numbers come as their text."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > _LARGEST_VALUE:
                    raise self.broken(_("one value is larger than 64 MB")) from error
                if not self.fill():
                    raise self.broken(_("it ends too early or a value is malformed")) from error
                continue
            except RecursionError as error:
                raise TooDeep(file=self._name, format="JSON") from error
            if end < len(self.text):
                self.at = end
                return value
            length = end - self.at
            if not self.fill():  # at the very end; otherwise a number may go on in what was just read
                self.at = length
                return value


def find_arrays(path: Path, filename: str) -> list[tuple[str, ...]]:
    """Where arrays of objects stand: a path of member names each; () for the file itself."""
    found: list[tuple[str, ...]] = []
    stream = _Stream(path, filename)
    try:
        _walk(stream, (), found)
    finally:
        stream.close()
    return found


def _walk(stream: _Stream, here: tuple[str, ...], found: list[tuple[str, ...]]) -> None:
    if len(here) > _DEEPEST:
        raise TooDeep(file=stream._name, format="JSON")
    if stream.peek() == "[":
        for place, item in enumerate(_items(stream)):
            if place == 0 and isinstance(item, dict):
                found.append(here)
    elif stream.peek() == "{":
        for name in _members(stream):
            _walk(stream, (*here, name), found)
    else:
        stream.value()


def _members(stream: _Stream) -> Iterator[str]:
    """The names of an object's members; the caller takes each value before the next name."""
    stream.expect("{")
    if stream.peek() == "}":
        stream.at += 1
        return
    while True:
        if stream.peek() != '"':
            raise stream.broken(_("the name of a member is missing"))
        name = str(stream.value())
        stream.expect(":")
        yield name
        if stream.expect(",}") == "}":
            return


def _items(stream: _Stream) -> Iterator[Any]:
    stream.expect("[")
    if stream.peek() == "]":
        stream.at += 1
        return
    while True:
        yield stream.value()
        if stream.expect(",]") == "]":
            return


def iter_array(path: Path, where: tuple[str, ...], filename: str) -> Iterator[Any]:
    """The items of the array at `where`."""
    stream = _Stream(path, filename)
    try:
        yield from _descend(stream, where)
    finally:
        stream.close()


def _descend(stream: _Stream, where: tuple[str, ...]) -> Iterator[Any]:
    if not where:
        yield from _items(stream)
        return
    for name in _members(stream):
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


def open_json(path: Path, filename: str) -> list[Records]:
    """Every array of objects in a JSON file; a single object is one record."""
    arrays = find_arrays(path, filename)
    if not arrays:
        return [_single(path, filename)]
    return [_records(".".join(where) or Path(filename).stem, path, where, filename) for where in arrays]


def _records(name: str, path: Path, where: tuple[str, ...], filename: str) -> Records:
    def rows() -> Iterator[Record]:
        for number, item in enumerate(iter_array(path, where, filename), 1):
            yield number, _item(item), ""

    return Records(name=name, rows=rows)


def _item(item: Any) -> dict[str, str | None]:
    """An array's item as cells; the items of an array in it get the names of numbered columns."""
    if isinstance(item, list):
        return {f"column_{place}": scalar(cell) for place, cell in enumerate(item, 1)}
    return flatten(item) if isinstance(item, dict) else {"value": scalar(item)}


def _single(path: Path, filename: str) -> Records:
    stream = _Stream(path, filename)
    try:
        kind = stream.peek()
        value = stream.value() if kind else None
    finally:
        stream.close()
    if isinstance(value, list) and value:
        return _records(Path(filename).stem, path, (), filename)
    if isinstance(value, list):
        return Records(name=Path(filename).stem, rows=lambda: iter(()))
    if not isinstance(value, dict) or not value:
        raise NothingInside(file=filename)
    return Records(name=Path(filename).stem, rows=lambda: iter([(1, flatten(value), "")]))


def open_ndjson(path: Path, filename: str) -> Records:
    """One JSON object a line; blank lines are skipped, the record number is the line number."""

    def rows() -> Iterator[Record]:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LARGEST_VALUE), ""), 1):
                if line.strip():
                    yield number, _object(line, number, filename), ""

    return Records(name=Path(filename).stem, rows=rows)


def _object(line: str, number: int, filename: str) -> dict[str, str | None]:
    try:
        value = _DECODER.decode(line.strip())
    except json.JSONDecodeError as error:
        raise BrokenLine(file=filename, format="NDJSON", line=number) from error
    except RecursionError as error:
        raise TooDeep(file=filename, format="NDJSON") from error
    return flatten(value) if isinstance(value, dict) else {"value": scalar(value)}


def open_geojson(path: Path, filename: str) -> Records:
    """Features as records: their properties, the geometry as WKT, and longitude and latitude for points."""
    arrays = [where for where in find_arrays(path, filename) if where[-1:] == ("features",)]
    items: Callable[[], Iterator[Any]] = lambda: iter_array(path, arrays[0], filename)  # noqa: E731
    if not arrays:
        items = lambda: iter(_lone_feature(path, filename))  # noqa: E731

    def rows() -> Iterator[Record]:
        from nhip.formats.geometry import from_geojson  # shapely and NumPy: only where there are shapes

        for number, item in enumerate(items(), 1):
            yield _feature(number, item if isinstance(item, dict) else {}, from_geojson)

    return Records(name=Path(filename).stem, rows=rows)


def _lone_feature(path: Path, filename: str) -> list[Any]:
    stream = _Stream(path, filename)
    try:
        value = stream.value()
    finally:
        stream.close()
    if value.get("type") == "FeatureCollection":
        return []
    return [value] if value.get("type") == "Feature" else [{"geometry": value}]


def _feature(number: int, item: dict[str, Any], read: Callable[[Any], tuple[dict[str, str | None], str]]) -> Record:
    properties = item.get("properties")
    cells = flatten(properties) if isinstance(properties, dict) else {}
    if item.get("id") is not None and "id" not in cells:
        cells = {"id": scalar(item["id"]), **cells}
    shape, fault = read(item.get("geometry"))
    return number, {**cells, **shape}, fault

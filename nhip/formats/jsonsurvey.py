"""What a JSON file holds, before any of it is read as rows: where its arrays stand, and of what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from nhip.formats.errors import TooDeep
from nhip.formats.jsonstream import Stream, items, members

_DEEPEST: Final = 40
_ROWS: Final = frozenset(
    {"content", "danhsach", "data", "dulieu", "entries", "features", "items", "list", "records"}
    | {"result", "results", "rows", "value", "values"}
)
"""Names under which envelopes keep their rows, so that an array of arrays, or nothing at all, is a table there."""
_HEADS: Final = frozenset(["columns", "cols", "fields", "header", "headers", "tieude", "cot"])
_MOST_NAMES: Final = 5_000

Where = tuple[str, ...]
"""A path of member names; () for the file itself."""


class Survey:
    """The arrays of a file by what their first item is, and what else tells how to read it."""

    def __init__(self) -> None:
        self.objects: list[Where] = []
        self.rows: list[Where] = []
        """Arrays of arrays where rows are kept."""
        self.empty: list[Where] = []
        self.features: set[Where] = set()
        """Those of `objects` whose first item is a GeoJSON feature."""
        self.names: dict[Where, list[str | None]] = {}
        """Names of columns that stand beside rows: by the path of the object that holds both."""
        self.type = ""
        """The member `type` of the first value, as GeoJSON has it."""
        self.top: set[str] = set()
        self.opening = ""
        self.more = False
        """Whether anything follows after the first value."""


def survey(path: Path, filename: str) -> Survey:
    """Read the first value of the file. Raises BrokenFile, TooDeep."""
    stream, found = Stream(path, filename), Survey()
    try:
        found.opening = stream.peek()
        _walk(stream, (), found)
        found.more = bool(stream.peek())
    finally:
        stream.close()
    return found


def find_arrays(path: Path, filename: str) -> list[Where]:
    """Where arrays of objects stand: a path of member names each; () for the file itself."""
    return survey(path, filename).objects


def _walk(stream: Stream, here: Where, found: Survey) -> None:
    if len(here) > _DEEPEST:
        raise TooDeep(file=stream.name, format="JSON")
    if stream.peek() == "[":
        _array(stream, here, found)
    elif stream.peek() == "{":
        for name in members(stream):
            if not here:
                found.top.add(name)
            _walk(stream, (*here, name), found)
    else:
        value = stream.value()
        if here == ("type",) and isinstance(value, str):
            found.type = value


def _array(stream: Stream, here: Where, found: Survey) -> None:
    last = _plain(here[-1]) if here else ""
    named: list[Any] = []
    first, count = None, 0
    for item in items(stream):
        first = item if count == 0 else first
        count += 1
        if last in _HEADS and count <= _MOST_NAMES:
            named.append(item.get("name") or item.get("title") if isinstance(item, dict) else item)
    if named and all(isinstance(name, str) for name in named):
        found.names[here[:-1]] = named
    if isinstance(first, dict):
        found.objects.append(here)
        if first.get("type") == "Feature":
            found.features.add(here)
    elif (not here or last in _ROWS) and isinstance(first, list):
        found.rows.append(here)
    elif (not here or last in _ROWS) and not count:
        found.empty.append(here)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")

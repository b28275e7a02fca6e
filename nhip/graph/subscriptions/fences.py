"""What an entity has to be so that a subscription may be about it, as keys that its document has too: cells of a grid over the
Earth, scopes, beginnings of ids. Of thousands of subscriptions to places only those nearby are then asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from nhip.graph.model import Doc
from nhip.graph.query.finds import beginning
from nhip.graph.query.geo import window_of
from nhip.graph.query.model import And, Geo, Name, Node, Or
from nhip.graph.rows import boxes
from nhip.graph.subscriptions.model import Subscription

Key = tuple[Any, ...]
Box = tuple[float, float, float, float]
_CELL_DEGREES = 0.02
_MOST_CELLS = 100


def keys_of(one: Subscription) -> list[Key] | None:
    """Keys of which each entity that it is about has one; None where that cannot be said."""
    query = one.query
    if one.matches is None:
        return None
    selectors = query.selectors
    if selectors and all(selector.ids is not None for selector in selectors):
        ids = {id for selector in selectors for id in selector.ids or ()}
        return [("id", id) for id in sorted(ids)]
    if query.geo is not None and (cells := _cells_of(query.geo)) is not None:
        return cells
    if query.scope is not None and (scopes := _scopes_of(query.scope)) is not None:
        return [("scope", scope) for scope in dict.fromkeys(scopes)]
    if selectors and all(selector.pattern and beginning(selector.pattern) for selector in selectors):
        starts = {beginning(selector.pattern) for selector in selectors}
        return [("start", len(start), start) for start in sorted(starts)]
    return None


def _cells_of(geo: Geo) -> list[Key] | None:
    window = window_of(geo)
    cells = None if window.how == "any" else _cells(geo.attribute, window.box)
    return None if cells is None else list(cells)


def _cells(attribute: str, box: Box) -> list[Key] | None:
    """The cells that a box touches; None: very many."""
    west, south, east, north = (math.floor(side / _CELL_DEGREES) for side in box)
    if (east - west + 1) * (north - south + 1) > _MOST_CELLS:
        return None
    return [("cell", attribute, x, y) for x in range(west, east + 1) for y in range(south, north + 1)]


def _scopes_of(node: Node) -> list[str] | None:
    """Scopes at or under one of which each entity is that fits."""
    match node:
        case Name(text):
            levels = text.split("/")
            sure = next((n for n, level in enumerate(levels) if level in {"+", "#"}), len(levels))
            return ["/" + "/".join(levels[:sure])] if sure else None
        case Or(parts):
            sides = [_scopes_of(part) for part in parts]
            return None if None in sides else [scope for side in sides for scope in side or ()]
        case And(parts):
            return next((scopes for part in parts if (scopes := _scopes_of(part)) is not None), None)
        case _:
            return None


class Lookup:
    """Which kinds of keys there are in a tenant, so that of a document no others are made."""

    def __init__(self) -> None:
        self._attributes: dict[str, int] = {}
        self._lengths: dict[int, int] = {}
        self._scopes = 0

    def note(self, keys: Iterable[Key], more: int) -> None:
        """Count these keys in (`more` 1) or out (-1)."""
        for key in keys:
            match key:
                case ("cell", str(attribute), _, _):
                    _count(self._attributes, attribute, more)
                case ("start", int(length), _):
                    _count(self._lengths, length, more)
                case ("scope", _):
                    self._scopes += more

    def keys(self, doc: Doc) -> list[Key] | None:
        """The keys that a document has; None where it lies in very many cells, or its place is no GeoProperty."""
        found: list[Key] = [("id", doc["id"])]
        for attribute in self._attributes:
            instances = doc.get(attribute) or []
            places = boxes(instances)
            if len(places) < len(instances):
                return None
            for box in places.values():
                cells = _cells(attribute, box)
                if cells is None:
                    return None
                found += cells
        if self._scopes:
            found += [("scope", above) for scope in _scopes(doc) for above in _with_above(scope)]
        found += [("start", length, doc["id"][:length]) for length in self._lengths]
        return found


def _count(counts: dict[Any, int], key: object, more: int) -> None:
    counts[key] = counts.get(key, 0) + more
    if not counts[key]:
        del counts[key]


def _scopes(doc: Doc) -> list[str]:
    scopes = doc.get("scope") or []
    return [scopes] if isinstance(scopes, str) else scopes


def _with_above(scope: str) -> Iterator[str]:
    levels = scope.removeprefix("/").split("/")
    for depth in range(1, len(levels) + 1):
        yield "/" + "/".join(levels[:depth])

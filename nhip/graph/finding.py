"""The difference of the narrow tables that a group of changes makes: rows that are lost and rows that are got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Any, Final

from nhip.graph.alike import same
from nhip.graph.codes import Codes, Indexed
from nhip.graph.document.geo import bbox
from nhip.graph.lives import SCOPE, Life
from nhip.graph.model import Doc, Instance
from nhip.graph.query.values import Index, rows_of
from nhip.graph.rows import boxes, targets
from nhip.graph.statement import Statement

_FIRST = "first_geo"
"""Rows of entity_geo of attributes that had none."""
_TABLES = ("entity_type", "entity_scope", "entity_geo", _FIRST, "attr_ref", "attr_num", "attr_txt")
_RUN: Final = 10_000
_NOTHING: Final[Doc] = {}
_NOWHERE: Final[list[Instance]] = []
_NO_TABLES: Final[Indexed] = {}
Rows = dict[str, list[tuple[Any, ...]]]
"""Table -> rows, each as the values of its part of the statement."""


class Finding:
    """Rows of one tenant."""

    def __init__(self, tenant: int, codes: Codes, lives: Iterable[Life]) -> None:
        self._iris = codes.iris
        self._indexed = codes.indexed.get(tenant, _NO_TABLES)
        self._lost: Rows = {table: [] for table in _TABLES}
        self._got: Rows = {table: [] for table in _TABLES}
        self.add(lives)

    def add(self, lives: Iterable[Life]) -> None:
        """Take in what became of these entities."""
        for life in lives:
            self._add(life)

    def add_to(self, statement: Statement) -> None:
        """Make them parts of the statement, in an order that is always the same."""
        for table in _TABLES:
            if lost := self._lost[table]:
                statement.add(f"lost_{table}", lost)
            if got := self._got[table]:
                statement.add(f"got_{table}", _in_order(got))

    def _add(self, life: Life) -> None:
        before, after = life.at_rest or _NOTHING, life.doc or _NOTHING
        iris = self._iris
        if (old_types := before.get("type", ())) != (new_types := after.get("type", ())):
            self._diff("entity_type", {(iris[t],) for t in old_types}, {(iris[t],) for t in new_types}, life.id)
        if (old_scopes := before.get(SCOPE, ())) != (new_scopes := after.get(SCOPE, ())):
            self._diff("entity_scope", {(s,) for s in old_scopes}, {(s,) for s in new_scopes}, life.id)
        names: Iterable[str] = life.changed
        if life.whole:
            names = before.keys() | after.keys() if before else after
        for name in names:
            if ":" in name:
                old, new = before.get(name, _NOWHERE), after.get(name, _NOWHERE)
                if _is_plain(old) and _is_plain(new) and name not in self._indexed:
                    continue
                tables = self._indexed.get(name)
                if old or tables is not None or not self._first(life.id, iris[name], new):
                    self._attribute(life.id, iris[name], old, new)
                if tables is not None:
                    self._values(life.id, tables, old, new)

    def _first(self, id: str, attr: int, new: list[Instance]) -> bool:
        """The usual rows of an attribute that is new; False: there may be others."""
        if len(new) != 1:
            return False
        kind = new[0]["type"]
        if kind == "GeoProperty":
            self._got[_FIRST].append((id, attr, 0, *bbox(new[0]["value"])))
            return True
        if kind == "Relationship" and type(target := new[0]["object"]) is str:
            self._got["attr_ref"].append((attr, target, id))
            return True
        return False

    def _attribute(self, id: str, attr: int, old: Sequence[Instance], new: Sequence[Instance]) -> None:
        if same(old, new):
            return
        kinds = {one["type"] for one in (*old, *new)}
        if "GeoProperty" in kinds:
            self._places(id, attr, old, new)
        if "Relationship" in kinds or "ListRelationship" in kinds:
            self._diff("attr_ref", {(attr, v) for v in targets(old)}, {(attr, v) for v in targets(new)}, id)

    def _values(self, id: str, tables: list[tuple[int, Index]], old: list[Instance], new: list[Instance]) -> None:
        if same(old, new):
            return
        for code, one in tables:
            were, are = rows_of(one, code, old), rows_of(one, code, new)
            self._diff("attr_num", were[0], are[0], id)
            self._diff("attr_txt", were[1], are[1], id)

    def _places(self, id: str, attr: int, old: Iterable[Instance], new: Iterable[Instance]) -> None:
        were, are = boxes(old), boxes(new)
        self._lost["entity_geo"] += [(id, attr, n) for n in were.keys() - are.keys()]
        self._got["entity_geo"] += [(id, attr, n, *box) for n, box in are.items() if were.get(n) != box]

    def _diff(self, table: str, old: set[tuple[Any, ...]], new: set[tuple[Any, ...]], id: str) -> None:
        if old:
            self._lost[table] += [(*row, id) for row in old - new]
        if new:
            self._got[table] += [(*row, id) for row in (new - old if old else new)]


def _in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Sorted; very many in runs that are merged, as nothing else is done while Python sorts."""
    if len(rows) <= _RUN:
        return sorted(rows)
    return list(merge(*[sorted(rows[start : start + _RUN]) for start in range(0, len(rows), _RUN)]))


def _is_plain(instances: list[Instance]) -> bool:
    """Whether there is nothing but a Property, by which an entity is found only where its values are asked for."""
    return not instances or (len(instances) == 1 and instances[0]["type"] == "Property")

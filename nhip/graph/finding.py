"""The difference of the narrow tables that a group of changes makes: rows to delete, rows to insert, in columns for `unnest`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nhip.graph.codes import Codes
from nhip.graph.lives import SCOPE, Life, attribute_names
from nhip.graph.model import Instance
from nhip.graph.rows import boxes, numbers, targets, texts

VALUE_TABLES: tuple[tuple[str, Callable[[Iterable[Instance]], set[Any]]], ...] = (
    ("attr_ref", targets),
    ("attr_num", numbers),
    ("attr_txt", texts),
)
Rows = dict[str, list[tuple[Any, ...]]]
"""Table -> rows, each as the columns of its named query after the tenant."""


class Finding:
    """Gathers the rows of one tenant."""

    def __init__(self, tenant: int, codes: Codes) -> None:
        self._tenant = tenant
        self._codes = codes
        self.lost: Rows = {}
        self.got: Rows = {}

    def add(self, life: Life) -> None:
        """The rows of one entity."""
        before, after = life.before, life.doc
        old_types = () if before is None else before["type"]
        new_types = () if after is None else after["type"]
        if old_types != new_types:
            iris = self._codes.iris
            self._diff("entity_type", {(iris[t],) for t in old_types}, {(iris[t],) for t in new_types}, life.id)
        if life.whole or SCOPE in life.changed:
            old, new = ({(s,) for s in (doc or {}).get(SCOPE, ())} for doc in (before, after))
            self._diff("entity_scope", old, new, life.id)
        names = (attribute_names(before) | attribute_names(after)) if life.whole else life.changed
        for name in names:
            if name != SCOPE:
                self._attribute(life, name, (before or {}).get(name, []), (after or {}).get(name, []))

    def _attribute(self, life: Life, name: str, old: list[Instance], new: list[Instance]) -> None:
        kinds = {one["type"] for one in old} | {one["type"] for one in new}
        attr = self._codes.iris[name]
        if "GeoProperty" in kinds:
            self._places(life.id, attr, old, new)
        linked = "Relationship" in kinds or "ListRelationship" in kinds
        indexed = (self._tenant, attr) in self._codes.indexed
        for table, values in VALUE_TABLES:
            if linked if table == "attr_ref" else indexed:
                self._diff(table, {(attr, v) for v in values(old)}, {(attr, v) for v in values(new)}, life.id)

    def _places(self, id: str, attr: int, old: list[Instance], new: list[Instance]) -> None:
        were, are = boxes(old), boxes(new)
        self.lost.setdefault("entity_geo", []).extend((id, attr, n) for n in were.keys() - are.keys())
        self.got.setdefault("entity_geo", []).extend(
            (id, attr, n, *box) for n, box in are.items() if were.get(n) != box
        )

    def _diff(self, table: str, old: set[tuple[Any, ...]], new: set[tuple[Any, ...]], id: str) -> None:
        if lost := old - new:
            self.lost.setdefault(table, []).extend((*row, id) for row in lost)
        if got := new - old:
            self.got.setdefault(table, []).extend((*row, id) for row in got)

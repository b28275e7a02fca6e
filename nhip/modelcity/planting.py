"""Puts faults into a good table and keeps the truth about every one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from nhip.modelcity.columnwide import encode_columns, shape_columns
from nhip.modelcity.faults import FAULTS, SWAP, Fault, right, swap
from nhip.modelcity.fields import tax
from nhip.modelcity.forms import TOLD, canonical, form_of
from nhip.modelcity.good import height
from nhip.modelcity.model import Column, DatasetSpec, Draw, Plant, Rule, Table

Act = Callable[[int], bool]
DUPLICATES = ("duplicate.exact", "duplicate.business")
RARE = 4
RARE_KINDS = frozenset(
    (
        *(
            "boolean.form",
            "boolean.word",
            "citizen.wrong",
            "email.wrong",
            "number.ambiguous",
            "personal.leak",
            "phone.form",
        ),
        *("phone.wrong", "plate.form", "plate.wrong", "tax.wrong", "text.tone", "time.impossible", "unit.other"),
    )
)
"""Kinds that fit few columns get several turns, so that enough of each is planted."""
CONTRADICTED = 13
_IN_SPOILT_COLUMNS = {"required", "enum", "date.impossible"}
"""Faults that still tell something in a column that is wrong as a whole."""


@dataclass(slots=True)
class Copy:
    """A repeat of row `source` to be put in before row `before`."""

    before: int
    source: int
    changes: dict[str, Any]
    plant: Plant


class Planter:
    """One delivery while faults are put into it. `plants` hold 0-based rows until `finish` has put the duplicates in."""

    def __init__(
        self, spec: DatasetSpec, good: Table, rng: np.random.Generator, number: int, referred: set[str]
    ) -> None:
        self.spec, self.good, self.rng, self.number, self.referred = spec, good, rng, number, referred
        self.plants: list[Plant] = []
        self.table = shape_columns(spec, good, self.note)
        self.wide = {(p.row, p.column): p for p in self.plants}
        self.told = len(self.plants)
        self.copies: list[Copy] = []
        self.fresh = height(good) * 2 + 17

    def note(self, kind: str, row: int, column: str = "", value: Any = None, good: str | None = None) -> Plant:
        """Remember one fault."""
        plant = Plant(
            dataset=self.spec.slug,
            delivery=self.number,
            kind=kind,
            row=row,
            column=column,
            value=canonical(value),
            right=good,
        )
        self.plants.append(plant)
        return plant

    def row(self, row: int) -> dict[str, Any]:
        """The good row."""
        return {name: values[row] for name, values in self.good.items()}

    def put(self, row: int, values: dict[str, Any]) -> None:
        """Deliver other values; what was wrong with these cells because of their column is hidden by it."""
        for name, value in values.items():
            self.table[name][row] = value
            self.wide.pop((row, name), None)

    def acts(self) -> list[Act]:
        """Everything that can go wrong with a row of this dataset, in random order."""
        found: list[tuple[str, Act]] = []
        for column in self.spec.columns:
            if column.name not in self.referred and not column.repeats:
                for fault in FAULTS:
                    if self._fits(fault, column):
                        found += [(fault.kind, self._cell(fault, column))] * (RARE if fault.kind in RARE_KINDS else 1)
                found += self._keys(column)
        found += [("row.rule", self._rule(rule)) for rule in self.spec.rules] * 3
        found += self._pairs()
        if not self.referred:
            found += [("duplicate.exact", self.repeat)] * 2
            found += [("duplicate.business", self._again)] * (3 if self._can_be_again() else 0)
        dirt = self.spec.dirt
        kept = [act for kind, act in found if kind not in dirt.never and (not dirt.only or kind in dirt.only)]
        return [kept[place] for place in self.rng.permutation(len(kept)).tolist()]

    def _fits(self, fault: Fault, column: Column) -> bool:
        if not fault.fits(column) or (column.key and (column.refers or column.type != "string")):
            return False
        if self.spec.dirt.file_encoding == "cp1258" and fault.kind in ("text.nfd", "text.mojibake"):
            return False
        form = form_of(self.spec, column)
        spoilt = form in TOLD or column.name in self.spec.dirt.encodings or "*" in self.spec.dirt.encodings
        return not spoilt or fault.kind in _IN_SPOILT_COLUMNS

    def _cell(self, fault: Fault, column: Column) -> Act:
        def act(row: int) -> bool:
            values = self.row(row)
            if values[column.name] is None:
                return False
            spoilt = fault.spoil(values, column, self.rng)
            if spoilt is None or spoilt[column.name] == self.table[column.name][row]:
                return False
            self.put(row, spoilt)
            self.note(fault.kind, row, column.name, spoilt[column.name], right(fault, values, column))
            return True

        return act

    def _keys(self, column: Column) -> list[tuple[str, Act]]:
        if column.refers:
            return [("reference", lambda row: self._reference(row, column))] * 3
        alone = column.key and sum(1 for c in self.spec.columns if c.key) == 1
        if not alone:
            return []
        return [
            ("primaryKey", lambda row: self._same_key(row, column)),
            ("primaryKey.missing", lambda row: self._no_key(row, column)),
        ]

    def _reference(self, row: int, column: Column) -> bool:
        text = str(self.good[column.name][row])
        digits = len(re.sub(r"\D", "", text))
        prefix = text[: len(text) - digits]
        value = f"{prefix}9{self.rng.integers(0, 10 ** (digits - 1)):0{digits - 1}d}" if digits > 1 else f"{prefix}9"
        if value in self.good[column.name]:
            return False
        self.put(row, {column.name: value})
        self.note("reference", row, column.name, value)
        return True

    def _same_key(self, row: int, column: Column) -> bool:
        other = int(self.rng.integers(0, height(self.good)))
        if other >= row or self.table[column.name][other] != self.good[column.name][other]:
            return False
        self.put(row, {column.name: self.good[column.name][other]})
        self.note("primaryKey", row, column.name, self.good[column.name][other]).twin = other
        return True

    def _no_key(self, row: int, column: Column) -> bool:
        self.put(row, {column.name: None})
        self.note("primaryKey.missing", row, column.name)
        return True

    def contradict(self) -> list[int]:
        """Say something else than the other agency about every thirteenth thing that both speak of; gives the rows."""
        rows = []
        for column in self.spec.columns:
            if column.repeats:
                link = next(c.name for c in self.spec.columns if c.refers and c.refers[0] == column.repeats[0])
                wrong = list(dict.fromkeys(self.good[link]))[::CONTRADICTED]
                for row in (at for at, member in enumerate(self.good[link]) if member in wrong):
                    good = self.good[column.name][row]
                    self.put(row, {column.name: good + 3})
                    self.note("conflict", row, column.name, good + 3, canonical(good))
                    rows.append(row)
        return rows

    def _rule(self, rule: Rule) -> Act:
        def act(row: int) -> bool:
            values = self.row(row)
            if any(values[name] is None for name in re.findall(r'"(\w+)"', rule.holds)):
                return False
            one = shape_columns(
                self.spec, {k: [v] for k, v in (values | {rule.column: rule.wrong(values)}).items()}, None
            )
            self.put(row, {rule.column: one[rule.column][0]})
            self.note("row.rule", row, rule.column, one[rule.column][0])
            return True

        return act

    def _pairs(self) -> list[tuple[str, Act]]:
        if "point" in self.spec.dirt.forms or any(f == "dms" for f in self.spec.dirt.forms.values()):
            return []
        by_kind = {column.kind: column for column in self.spec.columns}
        pairs = [(by_kind[a], by_kind[b]) for a, b in (("latitude", "longitude"), ("x", "y")) if a in by_kind]
        return [(SWAP, self._swapped(first, second)) for first, second in pairs] * 3

    def _swapped(self, first: Column, second: Column) -> Act:
        def act(row: int) -> bool:
            values = self.row(row)
            spoilt = swap(values, first, second)
            assert spoilt is not None
            self.put(row, spoilt)
            for column in (first, second):
                self.note(SWAP, row, column.name, spoilt[column.name], canonical(values[column.name]))
            return True

        return act

    def _can_be_again(self) -> bool:
        single = sum(1 for column in self.spec.columns if column.key) == 1
        return single and bool(self.spec.same) and not self.spec.dirt.encodings

    def repeat(self, row: int) -> bool:
        """List the row twice."""
        self._copy(row, {}, "duplicate.exact")
        return True

    def _again(self, row: int) -> bool:
        """The same real thing under another key, its name shouted."""
        key = next(column for column in self.spec.columns if column.key)
        named = next(
            (n for n in self.spec.same[0] if self.spec.column(n).type == "string" and not self.spec.column(n).kind), ""
        )
        changes = {key.name: self._new_key(key)}
        if named:
            changes[named] = str(self.good[named][row]).upper()
        self._copy(row, changes, "duplicate.business")
        return True

    def _new_key(self, key: Column) -> str:
        self.fresh += 1
        if key.kind == "tax_code":
            return next(code for code in self.spare_codes if code not in self.good[key.name])
        text = str(self.good[key.name][0])
        digits = len(re.search(r"\d*$", text)[0])  # type: ignore[index]
        return f"{text[: len(text) - digits]}{self.fresh:0{digits}d}"

    @cached_property
    def spare_codes(self) -> Iterator[str]:
        """Tax codes of right form; each is handed out once."""
        draw = Draw(rng=self.rng, rows=1000, as_of=date.min, table={}, keys={})
        return iter(tax("ma", "Mã").make(draw))

    def _copy(self, row: int, changes: dict[str, Any], kind: str) -> None:
        where = int(self.rng.integers(row + 1, height(self.good) + 1))
        key = next((column.name for column in self.spec.columns if column.key), "")
        plant = self.note(kind, where, "", changes.get(key, self.good[key][row] if key else None))
        self.copies.append(Copy(where, row, changes, plant))

    def finish(self) -> Table:
        """Put the copies where they belong, move every plant to its row, encode the columns that legacy fonts were used for."""
        shown = {id(plant) for plant in self.wide.values()}
        self.plants = [p for place, p in enumerate(self.plants) if place >= self.told or id(p) in shown]
        if self.copies:
            self._insert()
        encode_columns(self.spec, self.table, self.note)
        return self.table

    def _insert(self) -> None:
        slots: list[tuple[int, int, int, Copy | None]] = [(row, 1, row, None) for row in range(height(self.good))]
        slots += [(copy.before, 0, copy.source, copy) for copy in self.copies]
        slots.sort(key=lambda slot: slot[:3])
        moved = {source: place for place, (_, _, source, copy) in enumerate(slots) if copy is None}
        by_row: dict[int, list[Plant]] = {}
        for old in self.plants:
            if old.kind not in DUPLICATES:
                by_row.setdefault(old.row, []).append(old)
        for name, values in self.table.items():
            self.table[name] = [values[s] if c is None else c.changes.get(name, values[s]) for _, _, s, c in slots]
        for old in self.plants:
            old.row, old.twin = moved.get(old.row, 0), moved[old.twin] if old.kind == "primaryKey" else old.twin
        for place, (_, _, source, copy) in enumerate(slots):
            if copy is not None:
                copy.plant.row, copy.plant.twin = place, moved[source]
                self.plants += [
                    replace(old, row=place) for old in by_row.get(source, ()) if old.column not in copy.changes
                ]


def plant(
    spec: DatasetSpec, good: Table, rng: np.random.Generator, number: int, referred: set[str]
) -> tuple[Table, list[Plant]]:
    """The delivered table and its plants, whose `row` and `twin` are 0-based places in it. One fault a row at most."""
    planter = Planter(spec, good, rng, number, referred)
    rows = height(good)
    acts = planter.acts() if rows else []
    listed_twice = rng.random(rows) < spec.dirt.grain
    for row in np.flatnonzero(listed_twice).tolist():
        planter.repeat(row)
    taken = listed_twice.copy()
    taken[planter.contradict()] = True
    free = rng.permutation(np.flatnonzero(~taken))
    chosen = free[: round(rows * spec.dirt.rate)].tolist() if acts else []
    turn = 0
    for row in chosen:
        for _ in range(len(acts)):
            turn += 1
            if acts[turn % len(acts)](row):
                break
    return planter.finish(), planter.plants

"""The names that the resolver looks up: every unit of every generation, with the districts and provinces it goes with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from nhip.places.model import COMMUNES_OF_2025, Unit
from nhip.places.register import Register
from nhip.places.words import COMMUNE, DISTRICT, PROVINCE, ROMAN, name_accents, name_key

_INNER_Y = re.compile(r"(?<=[bcdghklmnpqrstvx])y(?!e)")
NUMBERS = {**ROMAN, **{number: roman for roman, number in ROMAN.items()}}
"""Phường IV is also written Phường 4, and the other way round."""
EMPTY: frozenset[str] = frozenset()
FOLDED = {
    "phường": "phuong", "xã": "xa", "thị trấn": "thitran", "đặc khu": "dackhu", "quận": "quan", "huyện": "huyen",
    "thị xã": "thixa", "thành phố": "thanhpho", "tỉnh": "tinh", "": "",
}  # fmt: skip


class Record:
    """A commune under one of its names, as it may be written. Districts and provinces are uids; `wide` ones fit less
    well: former districts of a present commune, provinces of another generation."""

    __slots__ = ("acc", "dist", "former", "key", "new", "prov", "type", "uid", "unit", "wide_dist", "wide_prov")

    def __init__(self, key: str, acc: str, kind: str, unit: Unit, former: bool) -> None:
        self.key, self.acc, self.type, self.unit, self.former = key, acc, kind, unit, former
        self.uid = unit.uid
        self.new = unit.valid_from >= COMMUNES_OF_2025
        self.dist = self.prov = self.wide_dist = self.wide_prov = EMPTY


class Scope:
    """A district or province under one of its names."""

    __slots__ = ("acc", "type", "uids")

    def __init__(self, acc: str, kind: str, uids: frozenset[str]) -> None:
        self.acc, self.type, self.uids = acc, kind, uids


class Name:
    """Everything that one key may mean."""

    __slots__ = ("_narrow", "communes", "districts", "levels", "provinces")

    def __init__(self) -> None:
        self.levels = 0
        self.communes: list[Record] = []
        self.districts: list[Scope] = []
        self.provinces: list[Scope] = []
        self._narrow: dict[str, list[Record]] | None = None

    def within(self, uids: Iterable[str]) -> list[Record]:
        """The communes of this name in any of the districts or provinces."""
        if self._narrow is None:
            self._narrow = {}
            for record in self.communes:
                for uid in record.dist | record.wide_dist | record.prov | record.wide_prov:
                    self._narrow.setdefault(uid, []).append(record)
        return list({id(r): r for uid in uids for r in self._narrow.get(uid, ())}.values())


class Index:
    """All names of a register."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.names: dict[str, Name] = {}
        self._scopes_of: dict[tuple[str, date, date | None], tuple[frozenset[str], ...]] = {}
        self._provinces_of: dict[str, set[str]] = {}
        self._near: dict[str, list[str]] | None = None
        former = [u for u in register.units.values() if u.level == "commune"]
        records = {unit.uid: self._commune(unit) for unit in former}
        for unit in register.units.values():
            if unit.level != "commune":
                self._scope(unit)
                if unit.level == "district" and register.successors(unit.uid):
                    self._island(unit)
        for alias in register.aliases:
            found = register.units.get(alias.uid)
            if found is not None:
                self._alias(found, alias.text, FOLDED.get(alias.type, ""), alias.kind == "former")
        for entry in self.names.values():
            for record in entry.communes:
                self._widen(record, records)
            entry.levels = (
                (COMMUNE if entry.communes else 0)
                | (DISTRICT if entry.districts else 0)
                | (PROVINCE if entry.provinces else 0)
            )

    def name(self, key: str) -> Name:
        """The entry of a key, made when missing."""
        found = self.names.get(key)
        if found is None:
            found = self.names[key] = Name()
        return found

    def _commune(self, unit: Unit) -> Record:
        record = Record(name_key(unit.name), name_accents(unit.name), FOLDED[unit.type], unit, False)
        self._place(record)
        self.name(record.key).communes.append(record)
        if " - " in unit.name:
            self._first_part(unit)
        if unit.type == "phường" and record.key in NUMBERS:
            other = NUMBERS[record.key]
            twin = Record(other, other, record.type, unit, False)
            self._place(twin)
            self.name(other).communes.append(twin)
        return record

    def _first_part(self, unit: Unit) -> None:
        """`Cam Ly - Đà Lạt` is also written `Cam Ly, Đà Lạt`."""
        part = unit.name.split(" - ")[0]
        short = Record(name_key(part), name_accents(part), FOLDED[unit.type], unit, True)
        self._place(short)
        self.name(short.key).communes.append(short)

    def _place(self, record: Record) -> None:
        unit = record.unit
        memory = unit.parent, unit.valid_from, unit.valid_to
        if memory not in self._scopes_of:
            above = self._overlapping(unit.parent, unit)
            districts = frozenset(u.uid for u in above if u.level == "district")
            tops = [u for u in above if u.level == "province"]
            tops += [p for d in above if d.level == "district" for p in self._overlapping(d.parent, d, unit)]
            provinces = frozenset(u.uid for u in tops)
            wide = {c.to_uid for uid in provinces for c in self.register.successors(uid)}
            wide |= {c.from_uid for uid in provinces for c in self.register.predecessors(uid)}
            wide |= {c.to_uid for uid in wide for c in self.register.successors(uid)}
            if unit.valid_from >= COMMUNES_OF_2025:
                wide = {uid for uid in wide if self.register.units[uid].valid_from >= COMMUNES_OF_2025}
            self._scopes_of[memory] = districts, provinces, frozenset(wide) - provinces
        record.dist, record.prov, record.wide_prov = self._scopes_of[memory]

    def _overlapping(self, code: str, *units: Unit) -> list[Unit]:
        begin = max(u.valid_from for u in units)
        end = min(u.valid_to or date.max for u in units)
        return [u for u in self.register.versions(code) if u.valid_from <= end and (u.valid_to or date.max) >= begin]

    def provinces_of(self, uid: str) -> set[str]:
        """The provinces, of any generation, that a district lies or lay in."""
        found = self._provinces_of.get(uid)
        if found is None:
            unit = self.register.units[uid]
            first = {top.uid for top in self._overlapping(unit.parent, unit)}
            later = {c.to_uid for top in first for c in self.register.successors(top)}
            found = first | later | {c.to_uid for top in later for c in self.register.successors(top)}
            self._provinces_of[uid] = found
        return found

    def _widen(self, record: Record, records: dict[str, Record]) -> None:
        """A present commune also answers to the districts and provinces that its ground belonged to."""
        if not record.new:
            return
        queue = [c.from_uid for c in self.register.predecessors(record.unit.uid)]
        dist: set[str] = set()
        prov: set[str] = set(record.wide_prov)
        seen: set[str] = set()
        while queue:
            uid = queue.pop()
            if uid in seen or uid not in records:
                continue
            seen.add(uid)
            dist |= records[uid].dist
            prov |= records[uid].prov
            queue.extend(c.from_uid for c in self.register.predecessors(uid))
        record.wide_dist, record.wide_prov = frozenset(dist), frozenset(prov - record.prov)

    def _scope(self, unit: Unit) -> None:
        entry = self.name(name_key(unit.name))
        scopes = entry.districts if unit.level == "district" else entry.provinces
        scopes.append(Scope(name_accents(unit.name), FOLDED[unit.type], frozenset({unit.uid})))

    def _island(self, unit: Unit) -> None:
        """A district without communes that became a đặc khu may be written where a commune stands."""
        targets = [self.register.units.get(c.to_uid) for c in self.register.successors(unit.uid)]
        if not any(t is not None and t.level == "commune" for t in targets):
            return
        record = Record(name_key(unit.name), name_accents(unit.name), FOLDED[unit.type], unit, False)
        self._place(record)
        record.dist = frozenset({unit.uid})
        self.name(record.key).communes.append(record)

    def _alias(self, unit: Unit, text: str, kind: str, former: bool) -> None:
        for key in {text, _INNER_Y.sub("i", text)}:
            self._alias_key(unit, key, kind, former)

    def _alias_key(self, unit: Unit, key: str, kind: str, former: bool) -> None:
        if unit.level == "commune":
            record = Record(key, "", kind, unit, former)
            self._place(record)
            self.name(key).communes.append(record)
            return
        entry = self.name(key)
        scopes = entry.districts if unit.level == "district" else entry.provinces
        scopes.append(Scope("", kind, frozenset({unit.uid})))

    def near(self, key: str) -> list[str]:
        """Keys one letter away: one left out, one too many, one wrong, or two neighbours swapped."""
        if self._near is None:
            self._near = {}
            for name, entry in self.names.items():
                if len(name) >= 4 and not name.isdigit() and entry.communes:
                    for part in _deletions(name):
                        self._near.setdefault(part, []).append(name)
        found = {name for part in _deletions(key) for name in self._near.get(part, ())}
        return sorted(name for name in found if name != key and one_edit(name, key))


def _deletions(key: str) -> set[str]:
    return {key, *(key[:i] + key[i + 1 :] for i in range(len(key)))}


def one_edit(a: str, b: str) -> bool:
    """Whether one letter left out, added or changed, or two neighbours swapped, makes `b` of `a`."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
        return rest_a[1:] == rest_b[1:] or swapped
    return rest_a[1:] == rest_b if len(a) > len(b) else rest_a == rest_b[1:]

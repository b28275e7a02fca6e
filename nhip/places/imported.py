"""What the importers read, how it differs from the register in force, and the overlay that brings the register in line."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from nhip.kernel.text import canonical, fold, squash
from nhip.kernel.time import today
from nhip.places.model import Change, Level, Tables, Unit
from nhip.places.register import Register
from nhip.places.words import name_accents

TYPES = ("thành phố", "thị xã", "thị trấn", "đặc khu", "tỉnh", "quận", "huyện", "phường", "xã")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as a file lists it."""

    code: str
    level: Level
    type: str
    name: str
    parent: str = ""


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a conversion table: what of an old unit went into a new one."""

    old: str
    new: str
    kind: Literal["whole", "part"]
    note: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong in the file itself; `row` counts from 1, 0 for the whole file. `what` is an English template."""

    row: int
    what: str
    value: str = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a file: all units of the provinces it covers as they are from `effective` on, and, in a conversion
    table, the units of the day before and the edges between them."""

    source: str
    effective: date
    units: dict[str, Listed]
    before: dict[str, Listed] = {}
    edges: list[Edge] = []
    faults: list[Fault] = []


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An import against the register in force. Codes are those of the day `effective`."""

    effective: date
    added: list[Listed] = []
    removed: list[str] = []
    renamed: list[tuple[str, str, str]] = []
    """(code, name in the register, name in the file), both with their type."""
    recoded: list[tuple[str, str, str]] = []
    """(name, code in the register, code in the file)."""
    mapping: list[tuple[str, list[str], list[str]]] = []
    """(old code, codes it went into by the register, by the file)."""
    faults: list[Fault] = []

    @property
    def empty(self) -> bool:
        """Whether the register already says what the file says."""
        return not (self.added or self.removed or self.renamed or self.recoded or self.mapping)


def split_name(text: str) -> tuple[str, str]:
    """`Thị Xã Hương  Trà` -> (`thị xã`, `Hương Trà`); `Thi trấn` is forgiven; the type is empty when there is none."""
    clean = canonical(text)
    folded = clean.casefold()
    kind = next((kind for kind in TYPES if folded.startswith(kind + " ")), "")
    if not kind:
        folded = fold(clean)
        kind = next((kind for kind in TYPES if folded.startswith(fold(kind) + " ")), "")
    return (kind, squash(clean[len(kind) + 1 :])) if kind else ("", clean)


def same_name(unit: Unit, listed: Listed) -> bool:
    """Whether both carry one name and type, whatever the tone placement, apostrophes and hyphens."""
    return unit.type == listed.type and name_accents(unit.name) == name_accents(listed.name)


def difference(register: Register, imported: Imported) -> Difference:
    """What the file says otherwise than the register. Only the provinces that the file covers are compared."""
    day = imported.effective
    covered = {u.code if u.level == "province" else u.parent for u in imported.units.values()}
    known = {u.code: u for u in _covered(register, covered, day)}
    added = [listed for code, listed in sorted(imported.units.items()) if code not in known]
    removed = [code for code in sorted(known) if code not in imported.units]
    renamed = [
        (code, known[code].full_name, f"{listed.type.capitalize()} {listed.name}")
        for code, listed in sorted(imported.units.items())
        if code in known and not same_name(known[code], listed)
    ]
    recoded = []
    for code in list(removed):
        twin = next((a for a in added if a.parent == known[code].parent and same_name(known[code], a)), None)
        if twin is not None:
            recoded.append((known[code].full_name, code, twin.code))
            removed.remove(code)
            added.remove(twin)
    moved = {old: new for _, old, new in recoded}
    return Difference(
        effective=day,
        added=added,
        removed=removed,
        renamed=renamed,
        recoded=recoded,
        mapping=_mapping(register, imported, moved),
        faults=imported.faults,
    )


def _covered(register: Register, provinces: set[str], day: date) -> list[Unit]:
    tops = [u for code in provinces if (u := register.find_unit(code, day)) is not None]
    return tops + [child for top in tops for child in register.children(top.code, day) if child.level == "commune"]


def _mapping(register: Register, imported: Imported, recoded: dict[str, str]) -> list[tuple[str, list[str], list[str]]]:
    targets: dict[str, set[str]] = defaultdict(set)
    for edge in imported.edges:
        targets[edge.old].add(edge.new)
    eve = imported.effective - timedelta(days=1)
    result = []
    for old, new in sorted(targets.items()):
        unit = register.find_unit(old, eve)
        now = [c.to_uid.split("@")[0] for c in register.successors(unit.uid)] if unit else []
        if {recoded.get(code, code) for code in now} != new:
            result.append((old, sorted(now), sorted(new)))
    return result


def overlay(register: Register, imported: Imported, found: Difference) -> Tables:
    """The records that make the register say what the file says, as one layer."""
    day = imported.effective
    units: dict[str, Unit] = {}
    changes: list[Change] = []
    removed: list[str] = []
    gone = {**dict.fromkeys(found.removed, ""), **{old: new for _, old, new in found.recoded}}
    for code in gone:
        unit = register.unit(code, day)
        if unit.valid_from == day:
            removed.append(unit.uid)
        else:
            units[unit.uid] = _with(unit, valid_to=day - timedelta(days=1))
    for listed in [*found.added, *(imported.units[new] for new in gone.values() if new)]:
        unit = _unit(listed, day)
        units[unit.uid] = unit
    for code, _, _ in found.renamed:
        _rename(register.unit(code, day), imported.units[code], day, units, changes)
    uids = {**_day_uids(register, day), **{u.code: u.uid for u in units.values() if u.valid(day)}}
    _remap(register, imported, found, uids, (units, changes, removed))
    return Tables(
        units=list(units.values()), changes=changes, removed=removed, source=imported.source, imported=today()
    )


def _with(unit: Unit, **values: Any) -> Unit:
    return msgspec.structs.replace(unit, **values)


def _unit(listed: Listed, since: date, until: date | None = None) -> Unit:
    return Unit(
        code=listed.code,
        level=listed.level,
        type=listed.type,
        name=listed.name,
        parent=listed.parent,
        valid_from=since,
        valid_to=until,
    )


def _rename(unit: Unit, listed: Listed, day: date, units: dict[str, Unit], changes: list[Change]) -> None:
    """A version that began on this day is corrected; an older one ends on the day before and a new one begins."""
    if unit.valid_from == day:
        units[unit.uid] = _with(unit, type=listed.type, name=listed.name)
        return
    units[unit.uid] = _with(unit, valid_to=day - timedelta(days=1))
    later = _with(unit, type=listed.type, name=listed.name, valid_from=day, act="")
    units[later.uid] = later
    changes.append(Change(from_uid=unit.uid, to_uid=later.uid, kind="whole", effective=day))


def _day_uids(register: Register, day: date) -> dict[str, str]:
    return {unit.code: unit.uid for unit in register.units.values() if unit.valid(day)}


def _remap(
    register: Register,
    imported: Imported,
    found: Difference,
    uids: dict[str, str],
    out: tuple[dict[str, Unit], list[Change], list[str]],
) -> None:
    units, changes, removed = out
    eve = imported.effective - timedelta(days=1)
    wrong = {old for old, _, _ in found.mapping}
    for old in sorted(wrong):
        unit = register.find_unit(old, eve)
        if unit is not None:
            removed.extend(f"{c.from_uid}>{c.to_uid}" for c in register.successors(unit.uid))
        elif old in imported.before:
            made = _unit(imported.before[old], eve, eve)
            units[made.uid] = made
    olds = {**_day_uids(register, eve), **{u.code: u.uid for u in units.values() if u.valid(eve)}}
    for edge in imported.edges:
        if edge.old in wrong and edge.old in olds and edge.new in uids:
            changes.append(
                Change(
                    from_uid=olds[edge.old],
                    to_uid=uids[edge.new],
                    kind=edge.kind,
                    note=edge.note,
                    effective=imported.effective,
                )
            )

"""The register: which units were in force on a day, and what became of them.

The seed inside the package is the ground; imports lie over it as numbered files in a folder (`register-0001.tsv.gz`, ...),
each written whole, so that every earlier state can be had back by taking the last file away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from nhip.kernel.time import today
from nhip.places.errors import NoUnit
from nhip.places.model import Alias, Change, Level, Tables, Unit
from nhip.places.tables import read_tables, write_tables

SEED = Path(__file__).parent / "seed" / "register.tsv.gz"
PATTERN = "register-[0-9][0-9][0-9][0-9].tsv.gz"


@lru_cache(maxsize=1)
def _seed() -> Tables:
    return read_tables(SEED)


class Register:
    """All units in all versions. Immutable after it is made; safe to share between threads."""

    def __init__(self, layers: list[Tables], folder: Path | None = None) -> None:
        self.folder = folder
        self.units: dict[str, Unit] = {}
        self.changes: dict[tuple[str, str], Change] = {}
        self.aliases: list[Alias] = []
        self.sources = [layer.source for layer in layers if layer.source]
        for layer in layers:
            self._lay(layer)
        self._by_code: dict[str, list[Unit]] = defaultdict(list)
        self._next: dict[str, list[str]] = defaultdict(list)
        self._before: dict[str, list[str]] = defaultdict(list)
        for unit in sorted(self.units.values(), key=lambda u: u.valid_from):
            self._by_code[unit.code].append(unit)
        for old, new in self.changes:
            self._next[old].append(new)
            self._before[new].append(old)
        self._moved: dict[tuple[str, date], tuple[str, ...]] = {}
        self._children: dict[str, list[Unit]] = {}

    @classmethod
    def load(cls, folder: Path | None = None) -> Register:
        """The seed with the imports of `folder` over it (missing folder: the seed alone). Raises RegisterBroken."""
        files = sorted(folder.glob(PATTERN)) if folder else []
        return cls([_seed(), *(read_tables(file) for file in files)], folder)

    def _lay(self, layer: Tables) -> None:
        for name in layer.removed:
            old, _, new = name.partition(">")
            if new:
                self.changes.pop((old, new), None)
            else:
                self.units.pop(old, None)
        self.units.update((unit.uid, unit) for unit in layer.units)
        self.changes.update(((c.from_uid, c.to_uid), c) for c in layer.changes)
        self.aliases.extend(layer.aliases)

    def find_unit(self, code: str, as_of: date | None = None) -> Unit | None:
        """The unit that had the code on the day (today when None), or None."""
        day = as_of or today()
        return next((u for u in self._by_code.get(code, ()) if u.valid(day)), None)

    def unit(self, code: str, as_of: date | None = None) -> Unit:
        """The unit that had the code on the day (today when None). Raises NoUnit."""
        found = self.find_unit(code, as_of)
        if found is None:
            raise NoUnit(code=code, as_of=(as_of or today()).isoformat())
        return found

    def versions(self, code: str) -> list[Unit]:
        """Every unit that ever had the code, oldest first; different units may be among them."""
        return list(self._by_code.get(code, ()))

    def iter_units(self, level: Level, as_of: date | None = None) -> Iterator[Unit]:
        """The units of a level in force on the day (today when None)."""
        day = as_of or today()
        return (u for u in self.units.values() if u.level == level and u.valid(day))

    def children(self, code: str, as_of: date | None = None) -> list[Unit]:
        """The units directly below the unit with the code on the day, by code."""
        if not self._children:
            below: dict[str, list[Unit]] = defaultdict(list)
            for unit in self.units.values():
                below[unit.parent].append(unit)
            self._children = below
        day = as_of or today()
        return sorted((u for u in self._children.get(code, ()) if u.valid(day)), key=lambda u: u.code)

    def parent(self, unit: Unit, as_of: date | None = None) -> Unit | None:
        """The unit above, as it was on the day; when None on the unit's last day (today for one in force)."""
        if not unit.parent:
            return None
        day = as_of or unit.valid_to or max(today(), unit.valid_from)
        return self.find_unit(unit.parent, day)

    def path(self, unit: Unit, as_of: date | None = None) -> str:
        """`Phường Vĩnh Ninh, Quận Thuận Hóa, Thành phố Huế`: the unit and those above it."""
        names = [unit.full_name]
        above = self.parent(unit, as_of)
        while above is not None:
            names.append(above.full_name)
            above = self.parent(above, as_of or unit.valid_to)
        return ", ".join(names)

    def successors(self, uid: str) -> list[Change]:
        """What the unit went into, directly."""
        return [self.changes[uid, new] for new in self._next.get(uid, ())]

    def predecessors(self, uid: str) -> list[Change]:
        """What the unit was made of, directly."""
        return [self.changes[old, uid] for old in self._before.get(uid, ())]

    def moved(self, uid: str, as_of: date) -> tuple[str, ...]:
        """Codes of the units that hold the ground of the unit `uid` on the day: one, several after a split, or none."""
        key = uid, as_of
        if key not in self._moved:
            self._moved[key] = tuple(sorted(self._walk(uid, as_of)))
        return self._moved[key]

    def _walk(self, uid: str, as_of: date) -> set[str]:
        found: set[str] = set()
        seen = {uid}
        queue = [uid]
        while queue:
            name = queue.pop()
            unit = self.units.get(name)
            if unit is None:
                continue
            if unit.valid(as_of):
                found.add(unit.code)
                continue
            later = unit.valid_from > as_of
            steps = self._before.get(name, ()) if later else self._next.get(name, ())
            fresh = [step for step in steps if step not in seen]
            seen.update(fresh)
            queue.extend(fresh)
        return found

    def present(self, code: str, as_of: date | None = None, dated: date | None = None) -> tuple[str, ...]:
        """Codes on the day `as_of` (today when None) of what had `code` on the day `dated`; any day when None."""
        day = as_of or today()
        units = [u for u in self._by_code.get(code, ()) if dated is None or u.valid(dated)]
        return tuple(sorted({new for unit in units for new in self.moved(unit.uid, day)}))


def save(folder: Path, layer: Tables) -> Path:
    """Lay an import over the register in `folder`: the next numbered file, written whole. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    last = max((int(path.name[9:13]) for path in folder.glob(PATTERN)), default=0)
    path = folder / f"register-{last + 1:04}.tsv.gz"
    write_tables(path, layer)
    return path

"""Resolves messy addresses of any generation to the units of a day: candidate sets, never a silent guess.

An address gives claims: a commune, perhaps a district, perhaps a province, in old or new form. Every commune of every
generation with a claimed name is scored by how well its own districts and provinces meet the other claims; all that
score about as well as the best are candidates, and their ground is followed along the changes to the day asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.places.boundaries import Boundaries
from nhip.places.candidates import Candidate, Claims, candidates, close
from nhip.places.index import Index
from nhip.places.model import Level, Resolution
from nhip.places.nearest import decide
from nhip.places.parse import Parser
from nhip.places.register import Register
from nhip.places.words import name_key

SPLIT = _("The former unit was split; the rest of the address does not say into which part.")
SEVERAL = _("Several units fit this name; name the district or the province as well.")
NOT_WHOLE = _("The commune is named without its unit word among other words; check it.")
OTHER_TYPE = _("Only a unit of another type bears this name, and no district or province is named; check it.")
MISMATCH = _("District, province and commune do not go together; check them.")
DISTRICT_ONLY = _("No commune is named, only a district or province.")
CONTRADICTION = _("No commune of this name is or was in the district or province named.")
EITHER = _("The name may be a commune or a former district; the communes of that district are candidates as well.")
NOTHING = _("No administrative unit was recognised.")
TYPO = _("Read with one letter put right.")
NAMESAKE = _("A former unit had the same name; the address is read as the present one because no district is named.")
BY_POINT = _("Decided by the coordinates, which lie inside this unit.")
BY_NEAREST = _("Decided by the coordinates: this unit's centre is by far the nearest. No boundary was at hand.")
UNKNOWN_CODE = _("No unit has or had this code.")
REUSED_CODE = _("This code has belonged to several units; say on which date it was recorded.")

_WIDTHS = {"province": 2, "district": 3, "commune": 5}
OLD_SHARE = 0.2
"""A column with a greater share of former units is taken to be of mixed generations."""


class Resolver:
    """Resolves addresses and codes with one register. Safe to share; the first address builds the index (0.5 s)."""

    def __init__(self, register: Register, boundaries: Boundaries | None = None) -> None:
        self.register = register
        self.boundaries = boundaries or Boundaries.load(register)
        self._index = Index(register)
        self._parser = Parser(self._index)
        self._home: dict[str, frozenset[str]] = {}
        self._paths: dict[tuple[str, date], str] = {}

    def resolve(
        self,
        text: str,
        *,
        as_of: date | None = None,
        province: str = "",
        point: tuple[float, float] | None = None,
        level: Level = "commune",
        mixed: bool = False,
        commune_first: bool = False,
    ) -> Resolution:
        """The units on `as_of` (today when None) that the address means, whichever generation it is written in.

        `province`: code of the province meant when the text names none. `point`: (longitude, latitude) in degrees, to
        decide between candidates. `level`: commune, or province or district for columns that hold only those. `mixed`:
        the text may well be old, so that a name without a district is not taken for the present unit. `commune_first`: the
        text begins with a commune (a column of communes), so that a name without unit word is no district.
        """
        day = as_of or today()
        said = Claims(self._parser.parse(text), self._home_of(province), mixed, commune_first)
        if level != "commune":
            return self._scope(text, said, level, day)
        found, typo = candidates(said, self._index)
        best = close(found, said)
        codes, old = self._codes(best, day)
        if not codes:
            note = CONTRADICTION if said.communes and said.places else DISTRICT_ONLY if said.places else NOTHING
            return Resolution(input=text, status="none", as_of=day, note=note)
        if any(c.also_districts for c in best):
            codes = codes | self._below(best, day)
        flagged = any(c.flagged for c in best)
        note = self._why(best, found, codes, day, typo)
        if point is not None and len(codes) > 1:
            return self._by_point(text, codes, old, point, day, note)
        return self._answer(text, codes, old, day, note, exact=len(codes) == 1 and not flagged)

    def resolve_code(
        self, code: str, as_of: date | None = None, dated: date | None = None, level: Level | None = None
    ) -> Resolution:
        """The units on `as_of` that hold the ground of the unit coded `code`; `dated`: a day on which the code was
        recorded, which tells a former unit from a present one with the same code. One lost leading zero is put back.
        `level`: only codes of that level count, so that ward number 1 is not taken for province 01."""
        day = as_of or today()
        text = code.strip()
        digits = text.removesuffix(".0") if text.isascii() else ""
        width = _WIDTHS[level] if level else 0
        tried = [c for c in (digits, "0" + digits) if c.isdigit() and len(c) == (width or len(c))]
        known = next((c for c in tried if self.register.versions(c)), "")
        codes = set(self.register.present(known, day, dated)) if known else set()
        if not codes:
            return Resolution(input=code, status="none", as_of=day, note=UNKNOWN_CODE)
        note = "" if len(codes) == 1 else SPLIT if dated else REUSED_CODE
        return self._answer(code, codes, {known}, day, note, exact=len(codes) == 1)

    def resolve_column(
        self,
        values: Iterable[str | None],
        *,
        as_of: date | None = None,
        province: str = "",
        level: Level = "commune",
        commune_first: bool = False,
    ) -> dict[str, Resolution]:
        """Each distinct value of a column, resolved once. Values of digits only are read as codes. Where more than a
        fifth of the values name former units, a name that both a former and a present unit bear is flagged."""
        distinct = dict.fromkeys(value for value in values if value and value.strip())
        day = as_of or today()

        def read(value: str, mixed: bool) -> Resolution:
            return self.resolve(
                value, as_of=day, province=province, level=level, mixed=mixed, commune_first=commune_first
            )

        answers = {
            v: self.resolve_code(v, day, level=level) if v.strip().isdigit() else read(v, False) for v in distinct
        }
        old = sum(bool(a.old_codes) for a in answers.values())
        if level == "commune" and old > OLD_SHARE * len(answers):
            answers |= {value: read(value, True) for value, answer in answers.items() if answer.note == NAMESAKE}
        return answers

    def _home_of(self, province: str) -> frozenset[str]:
        if not province:
            return frozenset()
        if province not in self._home:
            now = [u for u in self.register.versions(province) if u.level == "province"]
            latest = {now[-1].uid} if now else set()
            earlier = {c.from_uid for uid in {u.uid for u in now} for c in self.register.predecessors(uid)}
            self._home[province] = frozenset(
                {u.uid for u in now if u.uid in latest or u.valid_to is None} | earlier | latest
            )
        return self._home[province]

    def _codes(self, best: list[Candidate], day: date) -> tuple[set[str], set[str]]:
        codes: set[str] = set()
        old: set[str] = set()
        for candidate in best:
            unit = candidate.record.unit
            now = self.register.moved(candidate.record.uid, day)
            codes.update(code for code in now if len(code) == 5 or unit.level == "commune")
            if not unit.valid(day):
                old.add(unit.code)
        return codes, old

    def _below(self, best: list[Candidate], day: date) -> set[str]:
        """Communes on the ground of the districts that a bare name may mean instead of a commune."""
        uids = {uid for c in best for uid in c.also_districts}
        inside = [
            u
            for uid in uids
            if (d := self.register.units.get(uid))
            for u in self._members(d.code, d.valid_to, d.valid_from)
        ]
        return {code for uid in inside for code in self.register.moved(uid, day)}

    def _members(self, code: str, last: date | None, first: date) -> list[str]:
        return [u.uid for u in self.register.children(code, last or first)]

    def _why(self, best: list[Candidate], found: list[Candidate], codes: set[str], day: date, typo: bool) -> str:
        if any(c.also_districts for c in best):
            return EITHER
        if len(codes) > 1:
            return SPLIT if len({c.record.unit.code for c in best}) == 1 else SEVERAL
        if any(c.conflict for c in best):
            return MISMATCH
        if any(c.flagged for c in best):
            return OTHER_TYPE if best[0].mention.explicit else NOT_WHOLE
        if typo:
            return TYPO
        return NAMESAKE if best[0].record.new and self._namesake(best, found, codes, day) else ""

    def _namesake(self, best: list[Candidate], found: list[Candidate], codes: set[str], day: date) -> bool:
        """Whether a former unit of the same name, not chosen, lies on other ground."""
        return any(
            not c.record.new and c.record.acc == best[0].record.acc and not codes.issuperset(self._moved(c, day))
            for c in found
            if c not in best
        )

    def _moved(self, candidate: Candidate, day: date) -> tuple[str, ...]:
        return self.register.moved(candidate.record.uid, day)

    def _by_point(
        self, text: str, codes: set[str], old: set[str], point: tuple[float, float], day: date, note: str
    ) -> Resolution:
        here = self.boundaries.locate(point[0], point[1], day)
        inside = codes.intersection(here)
        if len(inside) == 1:
            return self._answer(text, inside, old, day, BY_POINT, exact=True)
        if not here and (near := decide(self.register, codes, point, day)):
            return self._answer(text, {near}, old, day, BY_NEAREST, exact=True)
        return self._answer(text, codes, old, day, note, exact=False)

    def _answer(self, text: str, codes: set[str], old: set[str], day: date, note: str, *, exact: bool) -> Resolution:
        status: Literal["exact", "ambiguous"] = "exact" if exact else "ambiguous"
        ordered = tuple(sorted(codes))
        paths = [self._path(code, day) for code in ordered]
        path = paths[0] if len(paths) == 1 else _common(paths)
        return Resolution(
            input=text, status=status, codes=ordered, path=path, as_of=day, note=note, old_codes=tuple(sorted(old))
        )

    def _path(self, code: str, day: date) -> str:
        key = code, day
        if key not in self._paths:
            unit = self.register.find_unit(code, day)
            self._paths[key] = self.register.path(unit, day) if unit else ""
        return self._paths[key]

    def _scope(self, text: str, said: Claims, level: Level, day: date) -> Resolution:
        uids = said.provinces if level == "province" else self._districts(said)
        codes = {code for uid in uids for code in self.register.moved(uid, day)}
        codes = {code for code in codes if len(code) == (2 if level == "province" else 3)}
        old = {self.register.units[uid].code for uid in uids if not self.register.units[uid].valid(day)} - codes
        if not codes:
            return Resolution(input=text, status="none", as_of=day, note=NOTHING, old_codes=tuple(sorted(old)))
        return self._answer(text, codes, old, day, SEVERAL if len(codes) > 1 else "", exact=len(codes) == 1)

    def _districts(self, said: Claims) -> set[str]:
        """The districts named: those that bear the name themselves rather than a part of their ground, in the provinces
        named or meant."""
        found: set[str] = set()
        for place in said.places:
            own = {uid for uid in place.districts if name_key(self.register.units[uid].name) == place.key}
            found |= own or place.districts
        beside = said.home.union(*(p.provinces for p in said.places if not p.districts))
        inside = {uid for uid in found if self._index.provinces_of(uid) & beside}
        return inside or found


def _common(paths: list[str]) -> str:
    """What the paths share at their end: `Thành phố Hà Nội`."""
    parts = [path.split(", ") for path in paths]
    shared: list[str] = []
    for column in zip(*(reversed(p) for p in parts), strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return ", ".join(reversed(shared))

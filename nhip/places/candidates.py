"""Scores every commune that an address may mean against everything that the address says."""

from __future__ import annotations

from nhip.places.index import EMPTY, Index, Record
from nhip.places.parse import Mention, Parsed, uids
from nhip.places.words import COMMUNE, DISTRICT, PROVINCE

MARGIN = 1.5
"""Candidates that score within this of the best are as good."""
MARKS_MARGIN = 3.5
"""The same for names that differ only in marks, when the address has none."""


class Candidate:
    """A commune under a name, the mention it answers to, and how well it fits."""

    __slots__ = ("also_district", "conflict", "flagged", "mention", "record", "score")

    def __init__(self, record: Record, mention: Mention, score: float, conflict: bool) -> None:
        self.record, self.mention, self.score, self.conflict = record, mention, score, conflict
        self.flagged = conflict
        self.also_district = False


class Place:
    """One mention of a district or province, or of a name that is both."""

    __slots__ = ("bare", "districts", "mention", "provinces")

    def __init__(self, mention: Mention, accented: bool) -> None:
        self.mention = mention
        levels = mention.levels
        self.districts = uids(mention, mention.name.districts, accented) if levels & DISTRICT else EMPTY
        self.provinces = uids(mention, mention.name.provinces, accented) if levels & PROVINCE else EMPTY
        self.bare = not mention.explicit


class Claims:
    """What an address says, sorted by level."""

    __slots__ = ("communes", "districts", "home", "parsed", "places", "provinces")

    def __init__(self, parsed: Parsed, home: frozenset[str]) -> None:
        self.parsed, self.home = parsed, home
        self.communes = [m for m in parsed.mentions if m.levels & COMMUNE]
        scopes = [m for m in parsed.mentions if m.levels & (DISTRICT | PROVINCE)]
        self.places = [Place(m, parsed.accented) for m in scopes]
        self.districts: frozenset[str] = EMPTY.union(*(p.districts for p in self.places))
        self.provinces: frozenset[str] = EMPTY.union(*(p.provinces for p in self.places))

    def scope_of(self, mention: Mention) -> frozenset[str]:
        """Districts that the mention may mean, within the provinces that the address names elsewhere."""
        return next((p.districts for p in self.places if p.mention is mention), EMPTY)


def claims(parsed: Parsed, home: frozenset[str]) -> Claims:
    """Sort the mentions of a parsed address. A name with a commune's unit word elsewhere leaves bare names to the scopes."""
    return Claims(parsed, home)


def candidates(said: Claims, index: Index) -> tuple[list[Candidate], bool]:
    """Every commune that may be meant, and whether a letter had to be put right to find one."""
    spelled = [m for m in said.communes if m.explicit]
    found = [c for m in spelled for c in _of(m, said)]
    fitting = [c for c in found if not c.conflict and not (c.mention.after and c.record.former)]
    if not fitting and (repaired := _repaired(said, index)):
        return repaired, True
    if found or spelled:
        return (fitting or found), False
    return [c for m in said.communes if not m.explicit for c in _bare(m, said)], False


def _of(mention: Mention, said: Claims) -> list[Candidate]:
    entry = mention.name
    records = entry.communes
    places = [p for p in said.places if p.mention is not mention]
    if len(records) > 8:
        wanted = EMPTY.union(*(p.districts | p.provinces for p in places)) or said.home
        if wanted:
            records = entry.within(wanted)
    result = []
    for record in records:
        scored = _score(record, mention, said, places)
        if scored is not None:
            result.append(Candidate(record, mention, scored[0], scored[1]))
    return result


def _score(record: Record, mention: Mention, said: Claims, places: list[Place]) -> tuple[float, bool] | None:
    """Points and whether the district contradicts; None when the province does."""
    points = _name_points(record, mention, said.parsed.accented)
    district_named = province_named = conflict = province_only = False
    for place in places:
        got, clash = _place_points(record, place)
        points += got
        if place.districts and not place.provinces:
            district_named, conflict = True, conflict or clash
        elif place.provinces:
            if clash:
                return None
            province_named = True
            province_only = province_only or not place.districts
        if place.districts & (record.dist | record.wide_dist):
            district_named = True
    if not province_named and said.home:
        home = bool(said.home & record.prov) or bool(said.home & record.wide_prov)
        points += 1.5 if home else -4.0
    if not record.new and not district_named and mention.explicit and (province_named or said.home):
        points -= 2.0
    elif not record.new and district_named and not province_only and not said.home and not record.former:
        points -= 0.2
    return points, conflict


def _place_points(record: Record, place: Place) -> tuple[float, bool]:
    """Points for one district or province named, and whether the commune contradicts it."""
    best, named = -6.0, False
    if place.districts:
        named = True
        if record.dist & place.districts:
            best = 5.0
        elif record.wide_dist & place.districts:
            best = 3.0
    if place.provinces:
        named = True
        if record.prov & place.provinces:
            best = max(best, 4.0)
        elif record.wide_prov & place.provinces:
            best = max(best, 2.5)
    if best < 0 and place.bare and not place.mention.whole:
        return -1.0, False
    return best, named and best < 0


def _name_points(record: Record, mention: Mention, accented: bool) -> float:
    points = 10.0 if mention.explicit else 6.0
    if mention.explicit and mention.type:
        if mention.type == record.type:
            points += 2.0
        elif record.type:
            points -= 2.0
    if accented:
        if not record.acc:
            points += 1.0
        elif record.acc == mention.acc:
            points += 3.0
        else:
            points -= 4.0
    if record.former:
        points -= 0.5
    return points - min(mention.after, 2) * 0.7


def _bare(mention: Mention, said: Claims) -> list[Candidate]:
    """Communes for a name without unit word: it must stand alone in its segment, or the answer is flagged."""
    found = [c for c in _of(mention, said) if not c.conflict]
    scoped = len(said.places) > (1 if mention.levels & (DISTRICT | PROVINCE) else 0) or bool(said.home)
    if not scoped and mention.levels & PROVINCE:
        return []
    for candidate in found:
        if not mention.whole:
            candidate.score -= 4.0
        candidate.flagged = not mention.whole or not scoped
        candidate.also_district = bool(mention.levels & DISTRICT)
        if candidate.also_district:
            candidate.score -= 3.0
            candidate.flagged = True
        if mention.levels & PROVINCE:
            candidate.score -= 3.0
    return found


def _repaired(said: Claims, index: Index) -> list[Candidate]:
    """Communes one letter away from what follows a commune's unit word, in a district or province that is named."""
    keys = [(key, u.type) for u in said.parsed.unknown if u.levels & COMMUNE for key in u.keys]
    for mention in said.communes:
        if mention.explicit:
            tokens = said.parsed.segments[mention.segment]
            begin = mention.end - 1
            keys += [("".join(t.key for t in tokens[i : begin + extra]), mention.type)
                     for i in range(mention.start + 1, mention.end) for extra in (2, 1)]  # fmt: skip
    for key, kind in keys:
        if len(key) < 5 or key.isdigit():
            continue
        found = [c for name in index.near(key) for c in _near(said, index, name, kind)]
        if found:
            return found
    return []


def _near(said: Claims, index: Index, key: str, kind: str) -> list[Candidate]:
    mention = Mention(0, 0, 0, COMMUNE, kind, index.names[key], True)
    mention.key = mention.acc = key
    found = []
    for record in index.names[key].communes:
        scored = _score(record, mention, said, said.places) if said.places or said.home else None
        if scored is not None and not scored[1] and _anchored(record, said):
            points = scored[0] + (4.0 if said.parsed.accented and record.acc else 0.0)
            found.append(Candidate(record, mention, points, False))
    return found


def _anchored(record: Record, said: Claims) -> bool:
    named = said.districts | said.provinces | said.home
    return bool(named & (record.dist | record.wide_dist | record.prov | record.wide_prov))


def close(found: list[Candidate], said: Claims) -> list[Candidate]:
    """The best candidates: all within the margin of the best; without marks in the address, also those whose marks differ."""
    if not found:
        return []
    top = max(c.score for c in found)
    best = [c for c in found if c.score >= top - MARGIN]
    if not said.parsed.accented:
        spellings = {c.record.acc for c in best}
        best += [c for c in found if top - MARKS_MARGIN <= c.score < top - MARGIN and c.record.acc not in spellings]
    if any(not c.flagged for c in best):
        best = [c for c in best if not c.flagged] if all(c.mention is best[0].mention for c in best) else best
    return best

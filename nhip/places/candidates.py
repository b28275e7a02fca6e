"""Scores every commune that an address may mean against everything that the address says."""

from __future__ import annotations

from copy import copy
from itertools import pairwise

from nhip.places.index import EMPTY, Index, Record, one_edit
from nhip.places.parse import LONGEST, Mention, Parsed, phrases
from nhip.places.words import COMMUNE, DISTRICT, PROVINCE

MARGIN = 1.5
"""Candidates that score within this of the best are as good."""
MARKS_MARGIN = 3.5
"""The same for names that differ only in marks, when the address has none."""


class Candidate:
    """A commune under a name, the mention it answers to, and how well it fits."""

    __slots__ = ("also_districts", "conflict", "flagged", "mention", "record", "score")

    def __init__(self, record: Record, mention: Mention, score: float, conflict: bool) -> None:
        self.record, self.mention, self.score, self.conflict = record, mention, score, conflict
        self.flagged = conflict
        self.also_districts: frozenset[str] = EMPTY


class Claims:
    """What an address says, sorted by level. `mixed`: it may be old; an unknown district says so too."""

    __slots__ = ("beside", "communes", "districts", "first", "home", "mixed", "parsed", "places", "provinces")

    def __init__(self, parsed: Parsed, home: frozenset[str], mixed: bool = False, commune_first: bool = False) -> None:
        self.parsed, self.home = parsed, home
        self.mixed = mixed or any(u.levels == DISTRICT for u in parsed.unknown)
        self.first = parsed.first if commune_first else None
        self.communes = [m for m in parsed.mentions if m.levels & COMMUNE]
        self.places = _places([m for m in parsed.mentions if (m.districts or m.provinces) and m is not self.first])
        self.districts: frozenset[str] = EMPTY.union(*[m.districts for m in self.places])
        self.provinces: frozenset[str] = EMPTY.union(*[m.provinces for m in self.places])
        self.beside = self._beside()

    def _beside(self) -> Mention | None:
        """Of several wards by number, the one that stands beside the district or province: `P.5` may be a room."""
        spelled = [m for m in self.communes if m.explicit]
        if sum(not m.key.isdigit() for m in spelled) > 1 or len(spelled) < 2:
            return None
        order = self.parsed.mentions
        for here, after in pairwise(order):
            if here.explicit and here.levels & COMMUNE and (after.districts or after.provinces):
                return here
        return None


def _places(mentions: list[Mention]) -> list[Mention]:
    """Districts and provinces named. Beside a name that can only be a province, one that is both is the district; a bare name
    before another province is no province, when it may be a commune."""
    if len(mentions) < 2:
        return mentions
    last = mentions[-1]
    mentions = [m for m in mentions if m is last or not _commune_before(m, last)]
    if not any(m.provinces and not m.districts for m in mentions):
        return mentions
    return [_district_only(m) if m.districts and m.provinces else m for m in mentions]


def _commune_before(mention: Mention, last: Mention) -> bool:
    if mention.explicit or not mention.levels & COMMUNE or not mention.provinces or not last.provinces:
        return False
    return not mention.provinces & last.provinces and mention.tokens is not last.tokens


def _district_only(mention: Mention) -> Mention:
    copied = copy(mention)
    copied.provinces = EMPTY
    return copied


def candidates(said: Claims, index: Index) -> tuple[list[Candidate], bool]:
    """Every commune that may be meant, and whether a letter had to be put right to find one."""
    spelled = [m for m in said.communes if m.explicit]
    found = [c for m in spelled for c in _of(m, said)]
    sure = [c for c in found if not c.conflict and not c.mention.after and not _misspelt(c, said)]
    if not sure and (repaired := _repaired(said, index)):
        likely = [c for c in found if not c.conflict and not c.record.former]
        return _aligned(repaired, likely), True
    if found:
        return ([c for c in found if not c.conflict] or found), False
    guessing = not spelled and not any(u.levels & COMMUNE for u in said.parsed.unknown)
    return [c for m in said.communes if not m.explicit and (guessing or m.twin) for c in _bare(m, said, index)], False


def _aligned(repaired: list[Candidate], likely: list[Candidate]) -> list[Candidate]:
    """Both readings of a word that is no name as it stands, so that neither wins by its spelling alone."""
    if likely:
        lift = max(c.score for c in likely) - max(c.score for c in repaired)
        for candidate in repaired:
            candidate.score += lift
    return repaired + likely


def _misspelt(candidate: Candidate, said: Claims) -> bool:
    """Whether the address is written with other marks than the commune."""
    acc = candidate.mention.acc
    return said.parsed.accented and not acc.isascii() and bool(candidate.record.acc) and candidate.record.acc != acc


def _same(place: Mention, mention: Mention) -> bool:
    """Whether both are one name in one place of the text."""
    return place.tokens is mention.tokens and place.start == mention.start


def _of(mention: Mention, said: Claims) -> list[Candidate]:
    entry = mention.name
    records = entry.communes
    places = [p for p in said.places if not _same(p, mention)]
    if len(records) > 8:
        wanted = EMPTY.union(*(p.districts | p.provinces for p in places)) or said.home
        if wanted:
            records = entry.within(wanted)
    alone = mention.explicit and not places and not said.home
    result = []
    for record in records:
        scored = _score(record, mention, said, places)
        if scored is not None:
            candidate = Candidate(record, mention, scored[0], scored[1])
            if alone and mention.type != record.type:
                candidate.flagged = True
            result.append(candidate)
    return result


def _score(record: Record, mention: Mention, said: Claims, places: list[Mention]) -> tuple[float, bool] | None:
    """Points and whether district or province contradicts; None when the commune cannot be meant."""
    points = _name_points(record, mention, said.parsed.accented) + (1.6 if mention is said.beside else 0.0)
    district_named = province_named = conflict = doubtful = met = False
    for place in places:
        got, clash = _place_points(record, place)
        points += got
        met, doubtful = met or got > 0, doubtful or (got < 0 and not clash)
        if place.districts and not place.provinces:
            district_named, conflict = True, conflict or clash
        elif place.provinces:
            if clash and not _in_district(record, said):
                return None
            province_named, conflict = True, conflict or clash
        if place.districts & (record.dist | record.wide_dist) and not (place.provinces and not place.explicit):
            district_named = True
    if not province_named and said.home:
        home = bool(said.home & record.prov) or bool(said.home & record.wide_prov)
        points += 1.5 if home else -4.0
    if doubtful and not met and not said.home:
        return None
    if conflict and (
        not (province_named or said.home) or (said.parsed.accented and record.acc not in ("", mention.acc))
    ):
        return None
    if not record.new and not district_named and mention.explicit and not said.mixed and (province_named or said.home):
        points -= 2.0
    return points, conflict


def _in_district(record: Record, said: Claims) -> bool:
    """Whether a district spelled out holds the commune, so that rather the province may be the mistake."""
    return any(p.explicit and not p.provinces and p.districts & record.dist for p in said.places)


def _place_points(record: Record, place: Mention) -> tuple[float, bool]:
    """Points for one district or province named, and whether the commune contradicts it."""
    best, named = -6.0, False
    if place.districts:
        named = True
        if record.dist & place.districts:
            best = 4.0 if place.provinces and not place.explicit else 5.0
        elif record.wide_dist & place.districts:
            best = 3.0
    if place.provinces:
        named = True
        if record.prov & place.provinces:
            best = max(best, 4.0)
        elif record.wide_prov & place.provinces:
            best = max(best, 2.5)
    if best < 0 and not (place.explicit or place.whole or place.end == len(place.tokens)):
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
            points -= 1.0 if one_edit(record.acc, mention.acc) else 4.0
    if record.former:
        points -= 0.5
    return points - min(mention.after, 2) * 0.7


def _bare(mention: Mention, said: Claims, index: Index) -> list[Candidate]:
    """Communes for a name without unit word: it must stand alone in its segment, or the answer is flagged."""
    found = [c for c in _of(mention, said) if not c.conflict]
    scoped = bool(said.home) or any(not _same(p, mention) for p in said.places)
    if mention.levels & PROVINCE and (not scoped or _ends_it(mention, said)):
        return []
    districts = _districts(mention, said, index)
    for candidate in found:
        if not mention.whole:
            candidate.score -= 4.0
        candidate.flagged = not mention.whole or not scoped
        own = mention is said.first
        candidate.also_districts = EMPTY if own or _seated(candidate.record, mention, said) else districts
        if candidate.also_districts:
            candidate.score -= 3.0
            candidate.flagged = True
        if mention.levels & PROVINCE and not own:
            candidate.score -= 3.0
    return found


def _ends_it(mention: Mention, said: Claims) -> bool:
    """Whether the name stands where the province stands: after a district, with no other province named."""
    if mention is said.first or any(p.provinces and p is not mention for p in said.places):
        return False
    before = said.parsed.mentions[: said.parsed.mentions.index(mention)]
    return any(m.districts for m in before)


def _seated(record: Record, mention: Mention, said: Claims) -> bool:
    """Whether a district named elsewhere in the address holds the commune."""
    others = (p for p in said.places if p.tokens is not mention.tokens and not p.provinces)
    return any(p.districts & record.dist for p in others)


def _districts(mention: Mention, said: Claims, index: Index) -> frozenset[str]:
    """The districts that a bare name may mean, in the provinces that the rest of the address names."""
    beside = EMPTY.union(*(p.provinces for p in said.places if p.tokens is not mention.tokens)) or said.home
    return frozenset(uid for uid in mention.districts if not beside or index.provinces_of(uid) & beside)


def _repaired(said: Claims, index: Index) -> list[Candidate]:
    """Communes one letter away from what follows a commune's unit word, in a district or province that is named."""
    readings = [(r, u.type) for u in said.parsed.unknown if u.levels & COMMUNE for r in u.readings]
    for mention in said.communes:
        if mention.explicit and mention.after:
            end = min(mention.begin + LONGEST, len(mention.tokens))
            readings += [(r, mention.type) for r in phrases(mention.tokens, mention.begin, end)]
        elif mention.explicit:
            readings.append(((mention.key, mention.acc), mention.type))
    for (key, acc), kind in readings:
        if len(key) < (4 if said.districts else 5) or key.isdigit():
            continue
        found = [c for name in index.near(key) for c in _near(said, index, name, acc, kind)]
        if found:
            return found
    return []


def _near(said: Claims, index: Index, key: str, acc: str, kind: str) -> list[Candidate]:
    """Communes named `key`, for what was written `acc`; their marks must differ in that one letter only."""
    mention = Mention([], 0, 0, 0, COMMUNE, kind or "xa", index.names[key])
    mention.type = kind
    mention.key, mention.acc = key, acc
    found = []
    for record in index.names[key].communes:
        if said.parsed.accented and not (record.acc and one_edit(record.acc, acc)):
            continue
        scored = _score(record, mention, said, said.places) if said.places or said.home else None
        if scored is not None and not scored[1] and _anchored(record, said):
            found.append(Candidate(record, mention, scored[0], False))
    return found


def _anchored(record: Record, said: Claims) -> bool:
    named = said.districts | said.provinces | said.home
    return bool(named & (record.dist | record.wide_dist | record.prov | record.wide_prov))


def close(found: list[Candidate], said: Claims) -> list[Candidate]:
    """The best candidates. An address that spells out several communes by name has candidates for each."""
    spelled = {c.mention for c in found if c.mention.explicit and not c.mention.key.isdigit()}
    if len(spelled) < 2:
        return _closest(found, said)
    return [c for m in spelled for c in _closest([f for f in found if f.mention is m and not f.conflict], said)]


def _closest(found: list[Candidate], said: Claims) -> list[Candidate]:
    """All within the margin of the best; without marks in the address, also those whose marks differ."""
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

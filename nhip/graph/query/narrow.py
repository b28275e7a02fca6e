"""What of a query the tables know: which types and attributes fit (shapes), and small sets of candidates (finds).

Nothing that the query finds may be lost here; what is found too much, the closure refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from math import prod

import msgspec

from nhip.graph.query.finds import HIGHEST, Find, Ready, Told, beginning, queries, told_of
from nhip.graph.query.geo import window_of
from nhip.graph.query.model import EVERYWHERE, MEMBERS, And, Geo, Name, Node, Or, Query, Term, asked_names, terms_of
from nhip.graph.query.projection import given_members
from nhip.graph.query.selection import names_in

_MOST_ALTERNATIVES = 64

Code = Callable[[str], int]
"""The number of an IRI in the tables; 0 when no entity ever used it."""


class Fit(msgspec.Struct, frozen=True):
    """Which shapes may match, as numbers of IRIs."""

    types: list[list[int]]
    """Alternatives of types that must all be there; none: any."""
    some: list[int]
    """Attributes of which one must be there; none: any."""
    every: list[int]
    """Attributes that must all be there."""


def everything(fit: Fit) -> bool:
    """Whether a fit asks for nothing."""
    return not (fit.types or fit.some or fit.every)


class Plan(msgspec.Struct, frozen=True):
    """How to find candidates. `fit` None: nothing can match."""

    fit: Fit | None
    finds: list[list[Find]]
    """Each list is one small set of candidates: what any of its finds gives."""
    exact: bool
    """Whether the shapes alone decide."""
    sure: bool = False
    """Whether the shapes and all sets of candidates together decide."""


def plan_of(query: Query, code: Code, ready: Ready) -> Plan:
    """The plan of a query; `ready` are the tables of values that are complete."""
    plain = query.geo is None and query.scope is None and query.within is None
    plain = plain and not any(one.ids is not None or one.pattern for one in query.selectors)
    exact = plain and query.q is None
    fit, told = _fit(query, code)
    if fit is None or exact:
        return Plan(fit, [], exact and told)
    of_q = _q_finds(query.q, ready)
    finds = [one.finds for one in of_q] + _other_finds(query, code)
    sure = plain and told and all(one.sure for one in of_q)
    sure = sure and all(told_of(term, ready) is not None for term in terms_of(query.q))
    return Plan(fit, finds, exact=False, sure=sure)


def iris_of(query: Query) -> set[str]:
    """Every IRI whose number a plan asks for."""
    found = set(query.attributes) | (set() if query.pick is None else set(given_members(query.pick)))
    if query.geo is not None:
        found.add(query.geo.attribute)
    for selector in query.selectors:
        found.update(names_in(selector.types))
    return (found | asked_names(query.q)) - MEMBERS


def _fit(query: Query, code: Code) -> tuple[Fit | None, bool]:
    """What fits, and whether that is all that the query says about types and attributes; None: nothing can."""
    types: list[list[int]] = []
    told = True
    if query.selectors and all(one.types is not None for one in query.selectors):
        for sets, whole in [alternatives(one.types) for one in query.selectors]:
            types += [[code(iri) for iri in sorted(both)] for both in sets]
            told = told and whole
        types = [both for both in types if 0 not in both]
        if not types:
            return None, True
    picked = frozenset() if query.pick is None else given_members(query.pick)
    wanted = [names for names in (query.attributes, picked) if names and not names & EVERYWHERE]
    known = [names for names in wanted if not names & MEMBERS]  # shapes say nothing of members
    some = [number for iri in sorted(known[0]) if (number := code(iri))] if known else []
    every = sorted({code(iri) for iri in required(query.q)} | ({code(query.geo.attribute)} if query.geo else set()))
    if 0 in every or (known and not some):
        return None, True
    return Fit(rectangle(types), some, every), told and wanted == known[:1]


def alternatives(node: Node | None) -> tuple[list[frozenset[str]], bool]:
    """A selection of types as alternatives of sets, and whether they say all of it: of one with very many they are weaker."""
    match node:
        case Name(text):
            return [frozenset({text})], True
        case Or(parts):
            sides, whole = _of_each(parts)
            return list(dict.fromkeys(one for side in sides for one in side)), whole
        case And(parts):
            sides, whole = _of_each(parts)
            if prod(map(len, sides)) > _MOST_ALTERNATIVES:
                return min(sides, key=len), False
            return [frozenset[str]().union(*both) for both in product(*sides)], whole
        case _:
            return [], True


def _of_each(parts: tuple[Node, ...]) -> tuple[list[list[frozenset[str]]], bool]:
    found = [alternatives(part) for part in parts]
    return [sets for sets, _whole in found], all(whole for _sets, whole in found)


def rectangle(rows: list[list[int]]) -> list[list[int]]:
    """Rows of one length, as arrays of PostgreSQL have to be: the last number is repeated."""
    width = max(map(len, rows), default=0)
    return [row + row[-1:] * (width - len(row)) for row in rows]


def required(node: Node | None) -> set[str]:
    """Attributes without which a tree of conditions cannot hold."""
    match node:
        case And(parts):
            return set().union(*(required(part) for part in parts))
        case Or(parts):
            return set.intersection(*(required(part) for part in parts))
        case Term(path, operator) if operator != "absent" and path.names[0] not in MEMBERS:
            return {path.names[0]}
        case _:
            return set()


def _other_finds(query: Query, code: Code) -> list[list[Find]]:
    finds: list[list[Find]] = []
    if query.geo is not None and (place := _geo_find(query.geo, code)) is not None:
        finds.append([place])
    if query.scope is not None:
        low, high = zip(*_intervals(query.scope), strict=True)
        finds.append([Find(queries.find_scopes, (list(low), list(high)))])
    if query.selectors and all(one.pattern for one in query.selectors):
        starts = [beginning(one.pattern) for one in query.selectors]
        if all(starts):
            finds.append([Find(queries.find_ids, (start, start + HIGHEST)) for start in starts])
    return finds


def _geo_find(geo: Geo, code: Code) -> Find | None:
    window = window_of(geo)
    if window.how == "any":
        return None
    query = {"inside": queries.find_inside, "around": queries.find_around, "overlap": queries.find_overlap}[window.how]
    return Find(query, (code(geo.attribute), *window.box))


def _q_finds(node: Node | None, ready: Ready) -> list[Told]:
    """Sets of candidates, each by a table."""
    match node:
        case And(parts):
            return [told for part in parts for told in _q_finds(part, ready)]
        case Or(parts):
            sides = [_q_finds(part, ready) for part in parts]
            if not all(sides):
                return []
            sure = all(len(side) == 1 and side[0].sure for side in sides)
            return [Told([find for side in sides for find in side[0].finds], sure)]
        case Term():
            told = told_of(node, ready)
            return [told] if told is not None else []
        case _:
            return []


def _intervals(node: Node) -> list[tuple[str, str]]:
    """Closed intervals of scopes outside of which a scope query cannot hold."""
    match node:
        case Or(parts):
            return [interval for part in parts for interval in _intervals(part)]
        case And(parts):
            return min((_intervals(part) for part in parts), key=len)
        case Name(text):
            start = re.split(r"[+#]", text)[0]
            if start == text:
                return [("/" + text, "/" + text)]
            # `/A/#` holds for /A itself too
            return [("/" + start.rstrip("/"), "/" + start + HIGHEST)]
        case Term():
            return []

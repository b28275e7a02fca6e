"""Which registrations fit a request (ETSI GS CIM 009 v1.9.1, 5.12), found through an index instead of one by one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import msgspec
import re2

from nhip.graph.query.model import Node, Query, Selector, asked_names
from nhip.graph.query.patterns import compile_pattern
from nhip.graph.query.selection import decide_names, names_in
from nhip.graph.registrations.model import EntityInfo, Information, Registration

_FEW = 8
_OF_TEXTS = re.compile(r"\\[AzZ]|\(\?[^:]")
"""In a pattern: what says something else of a line than of a text."""


class Match(msgspec.Struct, frozen=True):
    """A registration with those elements of its information that fit."""

    registration: Registration
    information: tuple[Information, ...]

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes that its source has of what fits; none: all."""
        named = [one.attributes for one in self.information]
        return frozenset().union(*named) if all(named) else frozenset()


class Index:
    """The registrations of one tenant, by what they are about."""

    def __init__(self, registrations: Iterable[Registration] = ()) -> None:
        self.by_id: dict[str, Registration] = {}
        self._entities: defaultdict[str, set[str]] = defaultdict(set)
        self._types: defaultdict[str, set[str]] = defaultdict(set)
        self._patterned: set[str] = set()
        self._any_type: set[str] = set()
        for registration in registrations:
            self.put(registration)

    def put(self, registration: Registration) -> None:
        """Take in a registration, in place of an earlier one with its id."""
        self.drop(registration.id)
        self.by_id[registration.id] = registration
        for places in self._places(registration):
            places.add(registration.id)

    def drop(self, id: str) -> None:
        """Forget a registration."""
        if (known := self.by_id.pop(id, None)) is not None:
            for places in self._places(known):
                places.discard(id)

    def _places(self, registration: Registration) -> Iterator[set[str]]:
        for information in registration.information:
            if not information.entities:
                yield self._any_type
                yield self._patterned
            for entity in information.entities:
                yield self._entities[entity.id] if entity.id else self._patterned
                for type_ in entity.types:
                    yield self._types[type_]
                if not entity.types:
                    yield self._any_type

    def fitting(self, query: Query, attributes: frozenset[str] = frozenset()) -> list[Match]:
        """Those that may hold what `query` asks for, in the order of their ids. `attributes` go before those of the query."""
        wanted = attributes or asked_attributes(query)
        selectors = [Wanted(one) for one in query.selectors]
        found = []
        for id in sorted(self._candidates(query.selectors)):
            registration = self.by_id.get(id)
            if registration is None:  # it went meanwhile, where this is done in a thread
                continue
            if query.datasets and registration.datasets and not query.datasets & registration.datasets:
                continue
            if information := tuple(one for one in registration.information if _fits(one, selectors, wanted)):
                found.append(Match(registration, information))
        return found

    def _candidates(self, selectors: tuple[Selector, ...]) -> set[str]:
        if not selectors:
            return set(self.by_id)
        found: set[str] = set()
        for selector in selectors:
            by_types = self._of_types(selector.types)
            by_ids = (
                None
                if selector.ids is None
                else self._patterned.union(*(self._entities.get(id, ()) for id in selector.ids))
            )
            sets = [one for one in (by_types, by_ids) if one is not None]
            found |= set.intersection(*sets) if sets else set(self.by_id)
        return found

    def _of_types(self, types: Node | None) -> set[str] | None:
        if types is None:
            return None
        return self._any_type.union(*(self._types.get(name, ()) for name in names_in(types)))


def asked_attributes(query: Query) -> frozenset[str]:
    """The attributes that a query names: projected ones, those of q and of the geoquery (5.10.2.4)."""
    place = set() if query.geo is None else {query.geo.attribute}
    return query.attributes | asked_names(query.q) | place


def _fits(information: Information, selectors: list[Wanted], attributes: frozenset[str]) -> bool:
    if attributes and information.attributes and not attributes & information.attributes:
        return False
    if not information.entities or not selectors:
        return True
    return any(wanted.takes(entity) for entity in information.entities for wanted in selectors)


def entity_fits(entity: EntityInfo, selector: Selector) -> bool:
    """Whether an entity that is registered may be one of those selected."""
    return Wanted(selector).takes(entity)


class Wanted:
    """A selector of entities, to be held against many that are registered."""

    def __init__(self, selector: Selector) -> None:
        self._ids, self._pattern = selector.ids, selector.pattern
        self._types = None if selector.types is None else decide_names(selector.types, _is_among)
        self._lines = "\n".join(selector.ids) if selector.ids and len(selector.ids) > _FEW else ""

    def takes(self, entity: EntityInfo) -> bool:
        """Whether it may be one of those selected."""
        if self._types is not None and entity.types and not self._types(entity.types):
            return False
        if not entity.id and not entity.pattern:
            return True
        if self._ids is not None:
            return entity.id in self._ids if entity.id else self._any_is_like(entity.pattern, self._ids)
        if self._pattern:
            return bool(entity.pattern) or compile_pattern(self._pattern).search(entity.id) is not None
        return True

    def _any_is_like(self, pattern: str, ids: frozenset[str]) -> bool:
        if self._lines and not _OF_TEXTS.search(pattern):
            # what is in none of the lines, is in none of the identifiers; the other way a line's end may have helped
            with suppress(re2.error):
                if compile_pattern(f"(?m:{pattern})").search(self._lines) is None:
                    return False
        fits = compile_pattern(pattern).search
        return any(fits(id) for id in ids)


def _is_among(iri: str) -> Callable[[Iterable[str]], bool]:
    return lambda types: iri in types

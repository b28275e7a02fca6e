"""What of a registration whoever asks now may see: only what it says of entities that they may see (the seam of sharing)."""

from __future__ import annotations

from typing import Any

from nhip.graph.query.model import Query, Selector
from nhip.graph.query.narrowing import clauses, narrowed
from nhip.graph.query.selection import decide_scopes
from nhip.graph.registrations.matching import Index, Match, entity_fits
from nhip.graph.registrations.model import Information, Registration, from_doc


def seen(registration: Registration) -> Registration | None:
    """The registration without what it says of others; None: there is nothing of it for who asks."""
    found = clauses()
    if not found:
        return registration
    query = narrowed(Query(), found)
    matches = Index([registration]).fitting(query)
    if not matches or (query.scope is not None and not decide_scopes(query.scope)(registration.doc)):
        return None
    return part_of(matches[0], query.selectors, frozenset())


def part_of(match: Match, selectors: tuple[Selector, ...], attributes: frozenset[str]) -> Registration:
    """The registration with that part of its information only that is about what is selected; no `attributes`: all."""
    registration = match.registration
    pairs = zip(registration.doc["information"], registration.information, strict=True)
    some = [_relevant(told, one, selectors, attributes) for told, one in pairs if one in match.information]
    return from_doc({**registration.doc, "information": some}, registration.counters)


def _relevant(
    told: dict[str, Any], information: Information, selectors: tuple[Selector, ...], attributes: frozenset[str]
) -> dict[str, Any]:
    made = dict(told)
    if information.entities and selectors:
        pairs = zip(told["entities"], information.entities, strict=True)
        made["entities"] = [
            told for told, entity in pairs if any(entity_fits(entity, selector) for selector in selectors)
        ]
    for key in ("propertyNames", "relationshipNames"):
        if key in made and attributes:
            made[key] = [name for name in made[key] if name in attributes]
            if not made[key]:
                del made[key]
    return made

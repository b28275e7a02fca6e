"""Which registrations a subscription to them is about, why it is told of a change, and what of a registration (5.11.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import structs

from nhip.graph.query.model import Query
from nhip.graph.registrations.discovery import discovery_tests
from nhip.graph.registrations.matching import Index, Match, entity_fits
from nhip.graph.registrations.model import Information, Registration
from nhip.graph.watches.model import Reason, Told, Watch


def selecting(one: Watch) -> Query:
    """What the information of registrations has to fit: entities and datasets; which attributes, `watched` says."""
    return Query(selectors=one.query.selectors, datasets=one.query.datasets)


def meeting(one: Watch, found: Iterable[Match]) -> tuple[Match, ...]:
    """Of those whose information fits, the ones that meet time, place, scope and the filter for sources as well."""
    some = tuple(found)
    if not some:
        return some
    tests = discovery_tests(one.query, one.window)
    return tuple(match for match in some if all(test(match.registration) for test in tests))


def indexed(registration: Registration | None) -> Index:
    """One side of a change, for many subscriptions to look at."""
    return Index([] if registration is None else [registration])


def told_of(one: Watch, before: Index, after: Index) -> Told | None:
    """What the subscription is told of a change; None when the registration neither was nor is meant."""
    was, matches = _matches(one, before), _matches(one, after)
    if not matches:
        return Told("noLongerMatching", was) if was else None
    reason: Reason = "updated" if was else "newlyMatching"
    return Told(reason, matches)


def _matches(one: Watch, index: Index) -> tuple[Match, ...]:
    return meeting(one, index.fitting(selecting(one), one.watched))


def narrowed(one: Watch, match: Match) -> Registration:
    """The registration with that part of its information only that is subscribed."""
    registration = match.registration
    pairs = zip(registration.doc["information"], registration.information, strict=True)
    some = [_relevant(one, told, information) for told, information in pairs if information in match.information]
    return structs.replace(registration, doc={**registration.doc, "information": some})


def _relevant(one: Watch, told: dict[str, Any], information: Information) -> dict[str, Any]:
    made = dict(told)
    selectors = one.query.selectors
    if information.entities and selectors:
        pairs = zip(told["entities"], information.entities, strict=True)
        made["entities"] = [
            told for told, entity in pairs if any(entity_fits(entity, selector) for selector in selectors)
        ]
    for key in ("propertyNames", "relationshipNames"):
        if key in made and one.watched:
            made[key] = [name for name in made[key] if name in one.watched]
            if not made[key]:
                del made[key]
    return made

"""Which registrations a subscription to them is about, why it is told of a change, and what of a registration (5.11.7)."""

from __future__ import annotations

from collections.abc import Iterable

from nhip.graph.query.model import Query
from nhip.graph.registrations.discovery import discovery_tests
from nhip.graph.registrations.matching import Index, Match
from nhip.graph.registrations.model import Registration
from nhip.graph.registrations.seeing import part_of
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
    return part_of(match, one.query.selectors, one.watched)

"""A whole query -> one closure over canonical documents, as search and subscriptions need it."""

from __future__ import annotations

from collections.abc import Callable

from nhip.graph.model import Doc
from nhip.graph.query.geo import decide_geo
from nhip.graph.query.matching import decide_q, nothing_linked
from nhip.graph.query.model import EVERYWHERE, Lookup, Query, Selector
from nhip.graph.query.patterns import compile_pattern
from nhip.graph.query.projection import given_members
from nhip.graph.query.selection import decide_scopes, decide_types

Check = Callable[[Doc], bool]


def matcher(query: Query, lookup: Lookup = nothing_linked) -> Check:
    """Whether a full document is found by `query`; `lookup` gives the entities that conditions on linked ones need."""
    checks = checks_of(query, lookup)
    if not checks:
        return lambda doc: True
    if len(checks) == 1:
        return checks[0]
    return _both(checks[0], checks[1]) if len(checks) == 2 else lambda doc: all(check(doc) for check in checks)


def _both(first: Check, second: Check) -> Check:
    return lambda doc: first(doc) and second(doc)


def checks_of(query: Query, lookup: Lookup = nothing_linked) -> list[Check]:
    """The conditions of a query one by one, cheap ones first."""
    checks: list[Check] = []
    if query.selectors:
        checks.append(_any_of([_selector_check(selector) for selector in query.selectors]))
    if query.attributes and not query.attributes & EVERYWHERE:
        checks.append(_has_one(query.attributes))
    if query.pick is not None and not (given := given_members(query.pick)) & EVERYWHERE:
        checks.append(_has_one(given))
    if query.scope is not None:
        checks.append(decide_scopes(query.scope))
    if query.q is not None:
        decide = decide_q(query.q)
        checks.append(lambda doc: decide(doc, lookup))
    if query.geo is not None:
        checks.append(decide_geo(query.geo))
    return checks


def _any_of(checks: list[Check]) -> Check:
    return checks[0] if len(checks) == 1 else lambda doc: any(check(doc) for check in checks)


def _has_one(members: frozenset[str]) -> Check:
    return lambda doc: not members.isdisjoint(doc)


def _selector_check(selector: Selector) -> Check:
    checks: list[Check] = []
    if selector.ids is not None:
        ids = selector.ids
        checks.append(lambda doc: doc["id"] in ids)
    elif selector.pattern:
        search = compile_pattern(selector.pattern).search
        checks.append(lambda doc: search(doc["id"]) is not None)
    if selector.types is not None:
        checks.append(decide_types(selector.types))
    if not checks:
        return lambda doc: True
    return checks[0] if len(checks) == 1 else lambda doc: all(check(doc) for check in checks)

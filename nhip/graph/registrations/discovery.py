"""Which context sources may know something: discovery by the same questions that entities are asked for with (5.10.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nhip.graph.query.geo import read_shape, relation_test
from nhip.graph.query.matching import decide_q, nothing_linked
from nhip.graph.query.model import Geo, Node, Query, asked_names
from nhip.graph.query.selection import decide_scopes
from nhip.graph.registrations.model import SECRET, Registration
from nhip.graph.registrations.reading import MEMBERS
from nhip.graph.registrations.seeing import seen
from nhip.graph.registrations.service import Registrations
from nhip.graph.rows import instant
from nhip.graph.temporal.model import Window

Test = Callable[[Registration], bool]
_MANAGED = frozenset({"createdAt", "modifiedAt", "deletedAt"})
_NAMESPACE = "https://uri.etsi.org/ngsi-ld/"


async def discover(
    registrations: Registrations, tenant: int, query: Query, window: Window | None
) -> list[Registration]:
    """The registrations that fit, by id. Without a `window` those of sources that hold the present, else those whose interval
    meets it; of each what whoever asks may see."""
    tests = discovery_tests(query, window)
    found = [match.registration for match in await registrations.find_fitting(tenant, query)]
    shown = (seen(one) for one in found if all(test(one) for test in tests))
    return [one for one in shown if one is not None]


def discovery_tests(query: Query, window: Window | None) -> list[Test]:
    """What registrations have to meet to be found, besides their information: what sources have to, and place and scope."""
    tests = source_tests(query, window)
    if query.geo is not None:
        tests.append(_geo_test(query.geo, otherwise=False))
    if query.scope is not None:
        fits = decide_scopes(query.scope)
        tests.append(lambda one: fits(one.doc))
    return tests


def source_tests(query: Query, window: Window | None) -> list[Test]:
    """What sources have to meet to be asked: time, the filter for sources, and the place if they name one."""
    tests: list[Test] = [lambda one: _in_time(one.doc, window)]
    if query.geo is not None:
        tests.append(_geo_test(query.geo, otherwise=True))
    if query.csf is not None:
        tests.append(_csf_test(query.csf))
    return tests


def history_tests(query: Query, window: Window) -> list[Test]:
    """What sources have to meet to be asked for histories: those that name an interval, that it meets the window."""
    tests: list[Test] = [lambda one: not window.relation or _meets(one.doc, window, otherwise=True)]
    if query.geo is not None:
        tests.append(_geo_test(query.geo, otherwise=True))
    return tests


def _in_time(doc: dict[str, Any], window: Window | None) -> bool:
    if window is None or not window.relation:
        return "observationInterval" not in doc and "managementInterval" not in doc
    return _meets(doc, window, otherwise=False)


def _meets(doc: dict[str, Any], window: Window, *, otherwise: bool) -> bool:
    """Whether the interval that a source names meets the window; `otherwise`: where it names none."""
    interval = doc.get("managementInterval" if window.property in _MANAGED else "observationInterval")
    if interval is None:
        return otherwise
    start, end = instant(interval["startAt"]), instant(interval["endAt"]) if "endAt" in interval else None
    if window.until is not None and start > window.until:
        return False
    return window.since is None or end is None or end >= window.since


def _geo_test(geo: Geo, *, otherwise: bool) -> Test:
    """A source fits when its place meets the relation, or may hold places that do; `otherwise`: one that names none."""
    meets, name = relation_test(geo), geo.attribute.removeprefix(_NAMESPACE)

    def test(registration: Registration) -> bool:
        place = registration.doc.get(name if name in MEMBERS else geo.attribute)
        if place is None:
            return otherwise
        shape = read_shape(place.get("value", place) if isinstance(place, dict) else None)
        return shape is not None and (meets(shape) or bool(shape.intersects(geo.shape)))

    return test


def _csf_test(node: Node) -> Test:
    decide, names = decide_q(node), asked_names(node)
    return lambda registration: decide(_as_entity(registration.doc, names), nothing_linked)


def _as_entity(doc: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The members that the filter names as attributes of an entity, as the decisions of q read them; but for what is told in
    confidence, which whoever may ask could guess."""
    made: dict[str, Any] = {"id": doc["id"], "type": [doc["type"]]}
    for name in names - {"id", "type", SECRET}:
        if name in doc:
            value = doc[name]
            known = isinstance(value, dict) and "type" in value and ("value" in value or "object" in value)
            made[name] = [value if known else {"type": "Property", "value": value}]
    return made

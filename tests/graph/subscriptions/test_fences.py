"""Whoever is found by the place, the scope or the id of an entity is whoever would be found by asking every subscription."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Change, Outcome
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.subscriptions.index import Index
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.store import _types, deciding
from nhip.graph.subscriptions.telling import concerns
from tests.graph.subscriptions.test_index import subscription

PLACE, NAME = CORE.expand("location"), CORE.expand("name")
_EDGE = st.sampled_from([-180.0, -179.99, -0.02, 0.0, 0.01, 0.02, 0.03, 0.5, 107.0, 179.99, 180.0])
_LEVEL = st.sampled_from(["a", "b", "+"])
POINTS = st.builds(
    lambda x, y: {"type": "Point", "coordinates": [x, y]}, _EDGE, st.sampled_from([0.0, 0.02, 0.05, 89.9])
)
SQUARES = st.builds(
    lambda x, size: {
        "type": "Polygon",
        "coordinates": [[[x, 0.0], [x + size, 0.0], [x + size, size], [x, size], [x, 0.0]]],
    },
    st.sampled_from([-1.0, 0.0, 0.01, 107.0]),
    st.sampled_from([0.01, 0.02, 0.3, 5.0]),
)
SCOPES = st.lists(st.sampled_from(["/a", "/a/b", "/a/b/a", "/b", "/ab", "/b/a"]), max_size=2)
PATTERNS = st.builds(
    lambda levels, end: "/".join(levels) + end, st.lists(_LEVEL, min_size=1, max_size=3), st.sampled_from(["", "/#"])
)
RELATIONS = st.sampled_from(
    ["within", "intersects", "disjoint", "equals", "contains", "near;maxDistance==3000", "near;minDistance==9"]
)
DOCS = st.builds(
    lambda id, kind, scope, places: {
        "id": id,
        "type": [CORE.expand(kind)],
        **({"scope": scope} if scope else {}),
        **({PLACE: [{"type": "GeoProperty", "value": place} for place in places]} if places else {}),
        NAME: [{"type": "Property", "value": 1}],
    },
    st.sampled_from(["urn:x:1", "urn:x:12", "urn:y:1"]),
    st.sampled_from(["A", "B"]),
    SCOPES,
    st.lists(POINTS | SQUARES, max_size=2),
)


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """Any mixture of what an entity can be asked for."""
    chosen: dict[str, Any] = {"types": draw(st.sampled_from(["A", "B", "A,B", "*"]))}
    chosen |= draw(
        st.sampled_from([{}, {"ids": ["urn:x:1"]}, {"pattern": "^urn:x:1$"}, {"pattern": "^urn:x:"}, {"pattern": "1$"}])
    )
    members: dict[str, Any] = {}
    if draw(st.booleans()):
        scopes = draw(st.lists(PATTERNS, min_size=1, max_size=2))
        members["scope"] = draw(st.sampled_from([";", ","])).join(scopes)
    if draw(st.booleans()):
        shape = draw(POINTS | SQUARES)
        members |= {"georel": draw(RELATIONS), "geometry": shape["type"], "coordinates": shape["coordinates"]}
    return Asked(entities=[Selected(**chosen)] * draw(st.integers(1, 2)), **members)


def made(n: int, one: Asked, watched: frozenset[str] = frozenset()) -> Subscription:
    """A subscription to what is asked."""
    query = build(one, CORE, narrow=False)
    usual = subscription(n, (query, frozenset({"attributeUpdated", "entityDeleted"}), watched), halved=False)
    return msgspec.structs.replace(usual, matches=deciding(query), types=_types(query))


@settings(max_examples=300, deadline=None)
@given(st.lists(asked(), min_size=1, max_size=12), st.sets(st.integers(0, 11)), DOCS, st.booleans())
def test_the_same_are_found(many: list[Asked], gone: set[int], doc: dict[str, Any], deleted: bool) -> None:
    index = Index()
    ones = [made(n, one, frozenset({NAME}) if n % 3 else frozenset()) for n, one in enumerate(many)]
    for one in ones:
        index.put(one)
    for n in gone:
        index.remove(1, f"urn:x:{n}")
    changes = [] if deleted else [Change(NAME, None, "updated")]
    outcome = Outcome(id=doc["id"], deleted=deleted, changes=changes, before=doc, after=None if deleted else doc)
    told = [one.id for one in index.usual.meant(1, doc, outcome) if one]
    left = [one for n, one in enumerate(ones) if n not in gone]
    fits = [one for one in left if one.types is None or one.types & set(doc["type"])]
    named = [(NAME, "updated")] if changes else []
    expected = [
        one.id for one in fits if concerns(one, outcome, named) and one.matches is not None and one.matches(doc)
    ]
    assert sorted(told) == sorted(expected)
    assert not expected or index.listens(1, doc["type"])
    for one in left:
        index.remove(1, one.id)
    assert not index.usual and not index.usual._by_key and not index.usual._keyed


@pytest.mark.parametrize(
    "one",
    [
        lambda n: Asked(entities=[Selected(types="A", ids=[f"urn:x:{n}"])]),
        lambda n: Asked(entities=[Selected(types="A", pattern=f"^urn:x:{n:05}:")]),
        lambda n: Asked(entities=[Selected(types="A")], scope=f"/hue/c{n}/#"),
        lambda n: Asked(
            entities=[Selected(types="A")],
            georel="near;maxDistance==500",
            geometry="Point",
            coordinates=[n / 100, 16.5],
        ),
    ],
)
def test_ten_thousand_cost_a_change_nearly_nothing(one: Any) -> None:
    index = Index()
    for n in range(10_000):
        index.put(made(n, one(n)))
    doc = {
        "id": "urn:x:00077:1",
        "type": [CORE.expand("A")],
        "scope": ["/hue/c77/d"],
        PLACE: [{"type": "GeoProperty", "value": {"type": "Point", "coordinates": [0.77, 16.5]}}],
    }
    outcome = Outcome(id=doc["id"], changes=[Change(NAME, None, "updated")], after=doc)  # type: ignore[arg-type]
    assert len([told for told in index.usual.meant(1, doc, outcome) if told]) <= 1
    asked = len([one for one in index.usual._wide(1, doc, outcome) if one])
    assert asked <= 100, "each of them would be asked"

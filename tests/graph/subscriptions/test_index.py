"""Whoever is found by halving is whoever would be found by asking each condition."""

from __future__ import annotations

import itertools
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.model import Change, Outcome, View
from nhip.graph.query.model import Name, Path, Query, Selector, Term, Value
from nhip.graph.query.narrowing import Asker
from nhip.graph.subscriptions.index import Index
from nhip.graph.subscriptions.model import CERTAIN, Counts, Endpoint, Subscription, Trigger
from nhip.graph.subscriptions.store import deciding, limit_of

A, B, KIND = "https://x.example/a", "https://x.example/b", "https://x.example/Bus"
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, -1e300, 1e300, 10**400])
OF_ATTRIBUTES = st.sampled_from(["entityUpdated", "attributeCreated", "attributeUpdated", "attributeDeleted"])
TRIGGERS = st.frozensets(OF_ATTRIBUTES, min_size=1, max_size=2) | st.frozensets(
    st.sampled_from(["entityCreated", "entityDeleted"]) | OF_ATTRIBUTES, min_size=1
)
VALUES = NUMBERS | NUMBERS | st.booleans() | st.text(max_size=2) | st.lists(NUMBERS, max_size=2) | st.none()
KINDS = st.just("Property") | st.sampled_from(["Property", "ListProperty", "GeoProperty"])
INSTANCE = st.fixed_dictionaries({"type": KINDS, "value": VALUES})
INSTANCES = st.lists(INSTANCE, min_size=1, max_size=1) | st.lists(INSTANCE, max_size=2)
DOCS = st.fixed_dictionaries({"type": st.just([KIND]), A: INSTANCES}, optional={B: INSTANCES})
ATTRIBUTES = st.just(A) | st.sampled_from([A, B])
CHANGES = st.lists(
    st.builds(Change, ATTRIBUTES, st.none(), st.sampled_from(["created", "updated", "updated", "deleted"])),
    min_size=1,
    max_size=2,
) | st.just([])


@st.composite
def subscriptions(draw: st.DrawFn) -> tuple[Query, frozenset[str], frozenset[str]]:
    number = draw(NUMBERS.filter(lambda n: abs(n) < 1e308))
    term = Term(
        Path((draw(ATTRIBUTES),)),
        draw(st.sampled_from([">", ">=", "<", "<="])),
        (Value("number", number),),
    )
    selector = Selector(types=Name(KIND), ids=draw(st.none() | st.none() | st.just(frozenset({"urn:x:1"}))))
    watched = draw(st.just(frozenset({A})) | st.frozensets(st.sampled_from([A, B])))
    return Query(selectors=(selector,), q=term), draw(TRIGGERS), watched


def subscription(n: int, made: Any, *, halved: bool) -> Subscription:
    query, triggers, watched = made
    return Subscription(
        tenant=1,
        id=f"urn:x:{n}",
        asker=Asker(1),
        doc={},
        context=None,
        rev=n,
        query=query,
        matches=deciding(query),
        triggers=triggers,
        watched=watched,
        types=frozenset({KIND}),
        view=View(),
        changes=False,
        endpoint=Endpoint(uri="http://receiver.example/"),
        active=True,
        limit=limit_of(query) if halved else None,
        counts=Counts(),
    )


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(
    made=st.lists(subscriptions(), min_size=1, max_size=8),
    gone=st.sets(st.integers(0, 7), max_size=2),
    before=DOCS,
    after=DOCS | DOCS | st.none(),
    changes=CHANGES,
    created=st.booleans(),
)
def test_the_same_are_found(made: Any, gone: Any, before: Any, after: Any, changes: Any, created: bool) -> None:
    outcome = Outcome(
        id="urn:x:1",
        created=created and after is not None,
        deleted=after is None,
        changes=changes,
        before={**before, "id": "urn:x:1"},
        after=None if after is None else {**after, "id": "urn:x:1"},
    )
    doc: Any = outcome.after or outcome.before
    found = []
    for halved in (True, False):
        index = Index()
        for n, one in enumerate(made):
            index.put(subscription(n, one, halved=halved))
        for n in gone:
            index.remove(1, f"urn:x:{n}")
        told = [one.id for one in index.usual.meant(1, doc, outcome) if one]
        assert len(told) == len(set(told)), "each once"
        found.append(set(told))
    assert found[0] == found[1]


STATES = [
    [{"type": kind, "value": value}, *more]
    for kind in ("Property", "ListProperty")
    for value in (-1, 0, 1, 0.5, 1.0, True, "1", None, [0], [0, 1], 10**400)
    for more in ([], [{"type": "Property", "value": 1, "datasetId": "urn:x:d"}])
]


def test_whatever_the_operator_the_value_and_the_change() -> None:
    indexes = Index(), Index()
    every = itertools.product((">", ">=", "<", "<="), (-1, 0, 1), get_args(Trigger), (frozenset({A}), frozenset()))
    for n, (operator, limit, trigger, watched) in enumerate(every):
        term = Term(Path((A,)), operator, (Value("number", limit),))
        made = Query(selectors=(Selector(types=Name(KIND)),), q=term), frozenset({trigger}), watched
        for index, halved in zip(indexes, (True, False), strict=True):
            index.put(subscription(n, made, halved=halved))
    several = 0
    for state, kind, created in itertools.product(STATES, ("created", "updated", "deleted"), (True, False)):
        doc = {"id": "urn:x:1", "type": [KIND], A: state}
        for gone in (True, False) if kind == "deleted" else (False,):
            after = None if gone else doc
            changes = [] if gone else [Change(A, None, kind)]
            outcome = Outcome(
                id="urn:x:1", created=created and not gone, deleted=gone, changes=changes, before=doc, after=after
            )
            told = [sorted(one.id for one in index.usual.meant(1, doc, outcome) if one) for index in indexes]
            assert told[0] == told[1], (state, kind, created, gone)
            several += len(told[0]) > 1
    assert several > 100


def test_an_index_that_is_emptied_is_empty() -> None:
    term = Term(Path((A,)), ">", (Value("number", 1),))
    made = Query(selectors=(Selector(types=Name(KIND)),), q=term), frozenset({"attributeUpdated"}), frozenset({A})
    index, one = Index(), subscription(1, made, halved=True)
    certain = Subscription(
        **{
            **{name: getattr(one, name) for name in one.__struct_fields__},
            "endpoint": Endpoint(uri="http://receiver.example/", notifier=(CERTAIN,)),
        }
    )
    index.put(one)
    assert index.usual and not index.certain
    index.put(certain)
    assert index.certain and not index.usual and index.listens(1, [KIND])
    index.remove(1, one.id)
    assert not index.certain and not index.usual and not index.listens(1, [KIND])
    assert not index.usual._ladders and not index.certain._ladders

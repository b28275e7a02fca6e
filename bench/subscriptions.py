"""Finding the subscriptions that a change is about, among 10,000 of one type and many attributes."""

from __future__ import annotations

import time

from nhip.graph.model import Change, Outcome, View
from nhip.graph.query.model import Name, Path, Query, Selector, Term, Value
from nhip.graph.subscriptions.index import Index
from nhip.graph.subscriptions.model import Counts, Endpoint, Subscription
from nhip.graph.subscriptions.store import deciding

NS = "https://uri.etsi.org/ngsi-ld/default-context/"
SUBSCRIPTIONS, TYPES, ATTRIBUTES = 10_000, 100, 10
ROUNDS = 2000


def subscription(n: int) -> Subscription:
    """To one type, one attribute, and values above a threshold."""
    kind, name = f"{NS}Type{n % TYPES}", f"{NS}a{n // TYPES % ATTRIBUTES}"
    limit = Term(Path((name,)), ">", (Value("number", n % 97),))
    query = Query(selectors=(Selector(types=Name(kind)),), q=limit)
    return Subscription(
        tenant=1,
        id=f"urn:ngsi-ld:Subscription:{n}",
        doc={},
        context=None,
        rev=n,
        query=query,
        matches=deciding(query),
        triggers=frozenset({"attributeCreated", "attributeUpdated"}),
        watched=frozenset({name}),
        types=frozenset({kind}),
        view=View(),
        changes=False,
        endpoint=Endpoint(uri="http://receiver.example/"),
        active=True,
        counts=Counts(),
    )


def match_us() -> dict[str, float]:
    """Microseconds of processor time to find them for one change, and how many are found."""
    index = Index()
    for n in range(SUBSCRIPTIONS):
        index.put(subscription(n))
    found = 0
    started = time.process_time()
    for n in range(ROUNDS):
        name = f"{NS}a{n % ATTRIBUTES}"
        doc = {"id": "urn:x:1", "type": [f"{NS}Type{n % TYPES}"], name: [{"type": "Property", "value": n % 97}]}
        outcome = Outcome(id="urn:x:1", changes=[Change(name, None, "updated")], after=doc)
        for one in index.usual.triggered(1, doc["type"], outcome):
            if one.matches is not None and one.matches(doc):
                found += 1
    return {"cpu_us": round((time.process_time() - started) / ROUNDS * 1e6, 2), "found_per_change": found / ROUNDS}

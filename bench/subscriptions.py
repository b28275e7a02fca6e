"""Finding the subscriptions that a change is about, among 10,000 of one type and many attributes."""

from __future__ import annotations

import time

from nhip.graph.model import Change, Outcome, View
from nhip.graph.query.model import Name, Path, Query, Selector, Term, Value
from nhip.graph.query.narrowing import Asker
from nhip.graph.subscriptions.index import Index
from nhip.graph.subscriptions.model import Counts, Endpoint, Subscription
from nhip.graph.subscriptions.store import deciding, limit_of

NS = "https://uri.etsi.org/ngsi-ld/default-context/"
SUBSCRIPTIONS, TYPES, ATTRIBUTES = 10_000, 100, 10
ROUNDS = 2000


def subscription(n: int, *, ladder: bool) -> Subscription:
    """To one type, one attribute, and values above a limit."""
    kind, name = f"{NS}Type{n % TYPES}", f"{NS}a{n // TYPES % ATTRIBUTES}"
    limit = Term(Path((name,)), ">", (Value("number", n % 97),))
    query = Query(selectors=(Selector(types=Name(kind)),), q=limit)
    return Subscription(
        tenant=1,
        id=f"urn:ngsi-ld:Subscription:{n}",
        asker=Asker(1),
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
        limit=limit_of(query) if ladder else None,
        counts=Counts(),
    )


def match_us(*, ladder: bool = True) -> dict[str, float]:
    """Microseconds of processor time to find them for one change, and how many are found; without `ladder` each condition is
    asked, as those are that are not one limit of the watched attribute."""
    index = Index()
    for n in range(SUBSCRIPTIONS):
        index.put(subscription(n, ladder=ladder))
    found = 0
    started = time.process_time()
    for n in range(ROUNDS):
        name = f"{NS}a{n % ATTRIBUTES}"
        doc = {"id": "urn:x:1", "type": [f"{NS}Type{n % TYPES}"], name: [{"type": "Property", "value": n % 97}]}
        outcome = Outcome(id="urn:x:1", changes=[Change(name, None, "updated")], after=doc)
        found += sum(one is not None for one in index.usual.meant(1, doc, outcome))
    return {"cpu_us": round((time.process_time() - started) / ROUNDS * 1e6, 2), "found_per_change": found / ROUNDS}

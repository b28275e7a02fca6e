"""What a search finds by tables, scans and small sets is what somebody finds who looks at every entity, without any of the
house's code: random questions about random entities, whatever the sizes at which the search changes its way."""

from __future__ import annotations

import math
import operator
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Operation
from nhip.graph.query import candidates, few, indexing, nearest, search
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.values import Index
from nhip.graph.service import Graph

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
LOCATION = "https://uri.etsi.org/ngsi-ld/location"
VALUES: list[Any] = [0, 1, 2, 3, 2.5, -1, "x", "xy", "y", "2", [1, "x"], [2, 3], True]
SCOPES = ["/a", "/a/b", "/a/b/c", "/b", "/ab"]
Thing = dict[str, Any]
"""An entity as the naive look at it: id, types, scopes, place (x, y), and each attribute's values, one for each instance."""


def things(seed: int) -> list[Thing]:
    """Entities of many unlike shapes."""
    chance = random.Random(seed)
    found = []
    for n in range(70):
        one: Thing = {
            "id": f"urn:x:{chance.choice('kmz')}:{n:02}",
            "types": chance.choice([["A"], ["A"], ["B"], ["A", "B"]]),
        }
        one["scopes"] = chance.sample(SCOPES, chance.choice([0, 1, 1, 2]))
        one["place"] = (chance.randrange(5), chance.randrange(5)) if chance.random() < 0.8 else None
        for name in ("p", "q", "r"):
            if chance.random() < 0.7:
                one[name] = [chance.choice(VALUES) for _ in range(chance.choice([1, 1, 1, 2]))]
        for name in chance.sample("uvw", chance.randrange(3)):
            one[name] = [n]
        found.append(one)
    return sorted(found, key=lambda one: one["id"])


def stored(one: Thing) -> Operation:
    """The document of it."""
    doc: dict[str, Any] = {"id": one["id"], "type": [VOCAB + kind for kind in one["types"]]}
    if one["scopes"]:
        doc["scope"] = one["scopes"]
    if one["place"]:
        point = {"type": "Point", "coordinates": [105 + one["place"][0], 20 + one["place"][1]]}
        doc[LOCATION] = [{"type": "GeoProperty", "value": point}]
    for name, values in one.items():
        if len(name) == 1:
            doc[CORE.expand(name)] = [
                {"type": "Property", "value": value, **({"datasetId": f"urn:d:{n}"} if n else {})}
                for n, value in enumerate(values)
            ]
    return Operation(name="create", id=one["id"], doc=doc)


Naive = Callable[[Thing], bool]
Question = tuple[dict[str, Any], Naive]
"""Members of what is asked, and who is to be found."""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _alike(one: Any, other: Any) -> bool:
    return (_number(one) and _number(other)) or (isinstance(one, str) and isinstance(other, str))


def _equal(value: Any, wanted: list[Any]) -> bool:
    elements = value if isinstance(value, list) else [value]
    return any(_alike(one, other) and one == other for one in elements for other in wanted)


_LITERALS = st.sampled_from([0, 1, 2, 2.5, 3, -1, "x", "xy", "y", "2"])


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _said(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


@st.composite
def terms(draw: st.DrawFn) -> tuple[str, Naive]:
    """A condition, as text and as what it means (CIM 009, 4.9)."""
    name, kind = (
        draw(st.sampled_from("pqru")),
        draw(st.sampled_from(["", "!", "==", "!=", ">", ">=", "<", "<=", "~=", ".."])),
    )
    low, more = draw(_LITERALS), draw(st.lists(_LITERALS, max_size=2))
    if kind == "":
        return name, lambda one: name in one
    if kind == "!":
        return f"!{name}", lambda one: name not in one
    if kind == "~=":
        pattern = draw(st.sampled_from(["x", "^x", "y$", "^2"]))
        return f'{name}~="{pattern}"', lambda one: any(
            isinstance(value, str) and re.search(pattern, value) is not None for value in one.get(name, ())
        )
    if kind in {"==", "!="}:
        wanted = [low, *more]
        text = f"{name}{kind}" + ",".join(map(_said, wanted))
        return text, lambda one: any(_equal(value, wanted) is (kind == "==") for value in one.get(name, ()))
    if kind == "..":
        high = draw(_LITERALS.filter(lambda other: _alike(low, other)))
        return f"{name}=={_said(low)}..{_said(high)}", lambda one: any(
            _alike(low, element) and low <= element <= high
            for value in one.get(name, ())
            for element in (value if isinstance(value, list) else [value])
        )
    compare = COMPARISONS[kind]
    return f"{name}{kind}{_said(low)}", lambda one: any(
        _alike(value, low) and compare(value, low) for value in one.get(name, ())
    )


def _joined(parts: list[tuple[str, Naive]], sign: str) -> tuple[str, Naive]:
    decide = all if sign == ";" else any
    return f"({sign.join(text for text, _naive in parts)})", lambda one: decide(naive(one) for _text, naive in parts)


trees = st.recursive(
    terms(),
    lambda inner: st.builds(_joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(";|")),
    max_leaves=4,
)


def _types(text: str, naive: Naive) -> Question:
    return {"types": text}, naive


TYPES = [
    _types("", lambda one: True),
    _types("A", lambda one: "A" in one["types"]),
    _types("A,B", lambda one: True),
    _types("(A;B)", lambda one: one["types"] == ["A", "B"]),
    _types("B", lambda one: "B" in one["types"]),
]
NAMED = [f"urn:x:{letter}:{n:02}" for letter in "kmz" for n in range(0, 70, 5)]
IDS: list[Question] = [
    ({"pattern": "^urn:x:k:"}, lambda one: one["id"].startswith("urn:x:k:")),
    ({"pattern": "[37]$"}, lambda one: one["id"][-1] in "37"),
    ({"ids": NAMED}, lambda one: one["id"] in NAMED),
]
PLACES: list[Question] = [
    ({"scope": "/a/b"}, lambda one: "/a/b" in one["scopes"]),
    ({"scope": "/a/#"}, lambda one: any(scope == "/a" or scope.startswith("/a/") for scope in one["scopes"])),
    ({"scope": "/+/b"}, lambda one: "/a/b" in one["scopes"]),
]
BOX = [[[105.5, 19.5], [108.5, 19.5], [108.5, 22.5], [105.5, 22.5], [105.5, 19.5]]]


ORIGIN = [106.3, 21.13]


def _metres(x: int, y: int) -> float:
    """The haversine distance from the origin, in units of the Earth's radius."""
    (lon1, lat1), (lon2, lat2) = map(math.radians, ORIGIN), (math.radians(105 + x), math.radians(20 + y))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * math.asin(math.sqrt(half))


def _inside(one: Thing) -> bool:
    return bool(one["place"]) and 1 <= one["place"][0] <= 3 and one["place"][1] <= 2


GEO: list[Question] = [
    ({"georel": "within", "geometry": "Polygon", "coordinates": BOX}, _inside),
    (
        {"georel": "disjoint", "geometry": "Polygon", "coordinates": BOX},
        lambda one: bool(one["place"]) and not _inside(one),
    ),
    (
        {"georel": "near;maxDistance==120000", "geometry": "Point", "coordinates": [106, 21]},
        lambda one: bool(one["place"]) and abs(one["place"][0] - 1) + abs(one["place"][1] - 1) <= 1,
    ),
]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Asked, list[Naive]]:
    """A query and what all must hold for whatever it finds."""
    asked: dict[str, Any] = {"local": True}
    naive: list[Naive] = []
    chosen, fits = draw(st.sampled_from(TYPES))
    naive.append(fits)
    if draw(st.booleans()):
        text, decides = draw(trees)
        asked["q"] = text
        naive.append(decides)
    for some in (IDS, PLACES, GEO):
        if draw(st.integers(0, 3)) == 0:
            more, decides = draw(st.sampled_from(some))
            naive.append(decides)
            chosen, asked = (chosen | more, asked) if some is IDS else (chosen, asked | more)
    asked["entities"] = [Selected(**{"types": "*"} | {name: value for name, value in chosen.items() if value})]
    return Asked(**asked), naive


SIZES = {
    "FEW_FOUND": [0, 3, 1000],
    "MOST_FOUND": [0, 9, 20_000],
    "LOOKED": [0, 5],
    "LOOKED_FAR": [0, 9],
    "SLOW": [0, 20, 2000],
}


@pytest.fixture(scope="module")
async def tenants(graph: Graph) -> list[tuple[int, list[Thing]]]:
    """Tenants with entities of their own; two with rows for the values of some attributes."""
    made = []
    for seed in range(3):
        tenant, found = await graph.tenant(f"chance{seed}", create=True), things(seed)
        await graph.write(tenant, [stored(one) for one in found])
        for name in ("p", "q")[:seed]:
            assert await indexing.index(graph, tenant, Index((CORE.expand(name),)))
        made.append((tenant, found))
    candidates._ready.clear()
    return made


def sizes(draw: Callable[[Any], Any], patched: pytest.MonkeyPatch) -> None:
    for name, some in SIZES.items():
        patched.setattr(candidates, name, draw(st.sampled_from(some)))
    patched.setattr(candidates, "_BATCH", draw(st.sampled_from([3, 500])))
    patched.setattr(few, "FEW", draw(st.sampled_from([0, 3, 40, 200])))
    patched.setattr(few, "LARGEST", draw(st.sampled_from([0, 400, 65_536])))
    if draw(st.booleans()):
        few._many.clear()
    patched.setattr(search, "_FAR", draw(st.sampled_from([0, 2000])))
    patched.setattr(indexing, "ask", lambda *_values: None)


@pytest.fixture
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(st.data())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_and_counts(
    graph: Graph, tenants: list[tuple[int, list[Thing]]], patched: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    sizes(data.draw, patched)
    tenant, everything = data.draw(st.sampled_from(tenants))
    asked, naive = data.draw(questions())
    limit, offset = data.draw(st.sampled_from([0, 1, 5, 100])), data.draw(st.sampled_from([0, 0, 2, 40]))
    expected = [one["id"] for one in everything if all(fits(one) for fits in naive)]
    count = data.draw(st.booleans()) or not limit
    page = msgspec.structs.replace(asked, limit=limit, offset=offset, count=count)
    found = await search.search(graph, tenant, build(page, CORE))
    assert found.ids == expected[offset : offset + limit]
    assert found.count == (len(expected) if count else None)
    assert found.more == (limit > 0 and len(expected) > offset + limit)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_orders_and_going_on(
    graph: Graph, tenants: list[tuple[int, list[Thing]]], patched: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    sizes(data.draw, patched)
    tenant, everything = data.draw(st.sampled_from(tenants))
    asked, naive = data.draw(questions())
    expected = [one["id"] for one in everything if all(fits(one) for fits in naive)]
    order = msgspec.structs.replace(asked, order="id;desc", limit=7, offset=2, count=True)
    last = await search.search(graph, tenant, build(order, CORE))
    assert (last.ids, last.count, last.more) == (expected[::-1][2:9], len(expected), len(expected) > 9)
    patched.setattr(nearest, "WORTH", data.draw(st.sampled_from([0, 5000])))
    patched.setattr(nearest, "MOST_FOUND", data.draw(st.sampled_from([5, 20_000])))
    places = {one["id"]: one["place"] for one in everything}
    close = sorted((id for id in expected if places[id]), key=lambda id: _metres(*places[id]))
    page = msgspec.structs.replace(
        asked, order="location;dist-asc", order_from=ORIGIN, limit=data.draw(st.sampled_from([3, 50])), offset=1
    )
    ordered = [*close, *(id for id in expected if not places[id])][1 : 1 + page.limit]
    assert (await search.search(graph, tenant, build(page, CORE))).ids == ordered
    after, ids, more = "", list[str](), True
    while more:
        found = await search.page_after(graph, tenant, build(msgspec.structs.replace(asked, limit=4), CORE), after)
        more, ids = found.more, [*ids, *found.ids]
        after = found.ids[-1] if more else after
    assert ids == expected

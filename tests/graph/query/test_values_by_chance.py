"""Truths, times, sub-attributes, keys, languages, links, `!=` and patterns by tables of values: what a search finds and counts is
what somebody finds who looks at every entity, without any of the house's code; also where something expired and was not swept."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Operation
from nhip.graph.query import candidates, counting, indexing, search
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.finds import wanted_indexes
from nhip.graph.query.values import rows_of
from nhip.graph.service import Graph
from nhip.kernel.time import held, now
from tests.graph.query.test_by_chance import COMPARISONS, sizes

TIMES = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T07:00:00+07:00",
    "2026-03-01T12:00:00.5Z",
    "2026-01-01",
    "2026-02-01",
    "08:30:00",
    "08:30:00+07:00",
    "23:00:00Z",
]
WORDS = ["", "a", "ab", "abc", "Huế", "Huế cũ", "a\0b", "true", "2", "x" * 300, "x" * 256]
WRAPPED = [{"@type": "DateTime", "@value": TIMES[0]}, {"@type": "int", "@value": 2}]
SCALARS: list[Any] = [True, False, 0, 1, 2, 2.5, -1, 2**53, 2**53 + 1, *TIMES, *WORDS]
LINKS = ["urn:x:one", "urn:x:two", "urn:x:three"]
Doc = dict[str, Any]


def _value(chance: random.Random) -> Any:
    kind = chance.randrange(8)
    if kind == 0:
        return chance.choices(SCALARS, k=chance.randrange(3))
    return chance.choice(WRAPPED) if kind == 1 else chance.choice(SCALARS)


def _instance(chance: random.Random) -> Doc:
    one: Doc = {"type": "Property", "value": _value(chance)}
    if chance.random() < 0.5:
        one["observedAt"] = chance.choice(TIMES[:3])
    if chance.random() < 0.5:
        one["unitCode"] = chance.choice(["CEL", "KMH"])
    if chance.random() < 0.5:
        one[CORE.expand("sub")] = [{"type": "Property", "value": _value(chance)}]
    if chance.random() < 0.5:
        one[CORE.expand("by")] = [_link(chance)]
    return one


def _link(chance: random.Random) -> Doc:
    return {"type": "Relationship", "object": chance.choice([LINKS[0], LINKS[1], LINKS[:2]])}


def _texts(chance: random.Random) -> Doc:
    tags = chance.sample(["vi", "EN", "fr"], chance.randrange(1, 4))
    return {tag: chance.choice([chance.choice(WORDS), chance.choices(WORDS, k=chance.randrange(3))]) for tag in tags}


def docs(seed: int, start: datetime) -> list[Doc]:
    """Entities with attributes of each kind; some expire an hour after the start, or an attribute of them does."""
    chance = random.Random(seed)
    soon = (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = []
    for n in range(60):
        of: Doc = {"p": [_instance(chance) for _ in range(chance.choice([1, 1, 1, 2]))], "r": [_link(chance)]}
        inner = [{"k": _value(chance)}] * chance.randrange(3)
        of["a"] = [{"type": "Property", "value": {"city": _value(chance), "in": inner}}]
        of["l"] = [{"type": "LanguageProperty", "languageMap": _texts(chance)}]
        of["v"] = [{"type": "VocabProperty", "vocab": chance.choice(["a", "Huế", ["a", "ab"]])}]
        of["j"] = [{"type": "JsonProperty", "json": chance.choice([True, "a", {"k": 2}, ["a", 2]])}]
        doc: Doc = {"id": f"urn:x:{n:02}", "type": [CORE.expand(chance.choice("AAB"))]}
        for name in chance.sample(sorted(of), chance.randrange(1, 7)):
            for m, one in enumerate(of[name]):
                one.update({"datasetId": f"urn:d:{m}"} if m else {})
                one.update({"expiresAt": soon} if chance.random() < 0.1 else {})
            doc[CORE.expand(name)] = of[name]
        found.append(doc | ({"expiresAt": soon} if chance.random() < 0.1 else {}))
    return found


def _alive(doc: Doc, late: bool) -> Doc | None:
    """The document an hour later."""
    if not late:
        return doc
    if "expiresAt" in doc:
        return None
    left = {
        name: [one for one in value if "expiresAt" not in one] if ":" in name else value for name, value in doc.items()
    }
    return {name: value for name, value in left.items() if value}


# What a path leads to, of each instance: values, each of one target.
Targets = Callable[[Doc], list[Any]]


def _of(name: str, member: str) -> Targets:
    return lambda doc: [one[member] for one in doc.get(CORE.expand(name), ())]


def _sub(name: str, member: str) -> Targets:
    key = CORE.expand(name) if member else name
    return lambda doc: [
        one[key][0][member] if member else one[key] for one in doc.get(CORE.expand("p"), ()) if key in one
    ]


def _city(doc: Doc) -> list[Any]:
    return [one["value"]["city"] for one in doc.get(CORE.expand("a"), ())]


def _inner(doc: Doc) -> list[Any]:
    return [part["k"] for one in doc.get(CORE.expand("a"), ()) for part in one["value"]["in"]]


def _vi(doc: Doc) -> list[Any]:
    return [one["languageMap"]["vi"] for one in doc.get(CORE.expand("l"), ()) if "vi" in one["languageMap"]]


def _spoken(doc: Doc) -> list[Any]:
    return [text for one in doc.get(CORE.expand("l"), ()) for text in one["languageMap"].values()]


PATHS: dict[str, Targets] = {
    "p": _of("p", "value"),
    "p.sub": _sub("sub", "value"),
    "p.by": _sub("by", "object"),
    "p.observedAt": _sub("observedAt", ""),
    "p.unitCode": _sub("unitCode", ""),
    "a[city]": _city,
    "a[in.k]": _inner,
    "l[vi]": _vi,
    "l": _spoken,
    "r": _of("r", "object"),
    "v": _of("v", "vocab"),
    "j": _of("j", "json"),
}
_UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
LINKING = {"p.by", "r"}


def _plain(value: Any) -> Any:
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


def _time(text: Any) -> tuple[str, Any] | None:
    """A time as what it is."""
    if not isinstance(text, str) or text not in TIMES:
        return None
    if "T" in text:
        return "i", datetime.fromisoformat(text).astimezone(UTC)
    if ":" in text:
        at = time.fromisoformat(text)
        return "t", at if at.tzinfo else at.replace(tzinfo=UTC)
    return "d", date.fromisoformat(text)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(value: Any, literal: Any) -> bool:
    value = _plain(value)
    if isinstance(literal, bool) or isinstance(value, bool):
        return value is literal
    if _number(literal) or not isinstance(value, str):
        return _number(literal) and _number(value) and value == literal
    return value == literal or (_time(literal) is not None and _time(value) == _time(literal))


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ordered(path: str, value: Any, kind: str, literal: Any) -> bool:
    compare, value = COMPARISONS[kind], _plain(value)
    if path in LINKING:
        return False
    if isinstance(value, list):
        return path.startswith("l") and any(_ordered(path, one, kind, literal) for one in value)
    if _number(literal):
        return _number(value) and compare(value, literal)
    if not isinstance(value, str):
        return False
    one, other = _time(value), _time(literal)
    if other and one:
        return one[0] == other[0] and compare(one[1], other[1])
    return compare(value, literal)


def _in_range(path: str, value: Any, low: Any, high: Any) -> bool:
    between = lambda one: _ordered("p", one, ">=", low) and _ordered("p", one, "<=", high)  # noqa: E731
    return any(between(one) for one in _elements(value))


def _fitting(path: str, value: Any, pattern: str) -> bool:
    texts = value if isinstance(value, list) and path.startswith("l") else [value]
    return path not in LINKING and any(isinstance(one, str) and re.search(pattern, one) is not None for one in texts)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _there(path: str, values: list[Any]) -> bool:
    return any(value != [] or not path.startswith("l") for value in values)


Condition = tuple[str, Callable[[Doc], bool]]
LITERALS = st.sampled_from([*(one for one in SCALARS if one != "a\0b"), "a\x01b", *LINKS, "CEL"])


def condition(path: str, kind: str, literals: list[Any]) -> Condition:
    """A condition, as text and as what it means (CIM 009, 4.9)."""
    targets, low, high = PATHS[path], literals[0], literals[-1]
    text = f"{path}{kind}{','.join(map(_said, literals))}"
    if kind == "==":
        return text, lambda doc: any(_equal(one, v) for t in targets(doc) for one in _elements(t) for v in literals)
    if kind == "!=":
        every = all if path == "l" else any
        return (
            text,
            lambda doc: (
                bool(targets(doc))
                and every(not any(_equal(one, v) for one in _elements(t) for v in literals) for t in targets(doc))
            ),
        )
    if kind == "" or isinstance(low, bool) or isinstance(high, bool) or _number(low) != _number(high):
        return path, lambda doc: _there(path, targets(doc))
    if kind == "..":
        return f"{path}=={_said(low)}..{_said(high)}", lambda doc: any(
            _in_range(path, value, low, high) for value in targets(doc)
        )
    return f"{path}{kind}{_said(low)}", lambda doc: any(_ordered(path, value, kind, low) for value in targets(doc))


@st.composite
def terms(draw: st.DrawFn) -> Condition:
    """A condition by chance."""
    path = draw(st.sampled_from(sorted(PATHS)))
    kind = draw(st.sampled_from(["", "==", "==", "!=", ">", ">=", "<", "<=", "~=", ".."]))
    if kind != "~=":
        return condition(path, kind, draw(st.lists(LITERALS, min_size=1, max_size=2)))
    pattern = draw(st.sampled_from(["^ab", "^ab?", "^Huế", "uế c", "b.*", "^2026-01", "x{3}", "(?i)HUẾ", "c$", "bc"]))
    return f'{path}~="{pattern}"', lambda doc: any(_fitting(path, value, pattern) for value in PATHS[path](doc))


def _joined(parts: list[Condition], sign: str) -> Condition:
    decide = all if sign == ";" else any
    return f"({sign.join(text for text, _naive in parts)})", lambda doc: decide(naive(doc) for _text, naive in parts)


conditions = st.one_of(terms(), st.builds(_joined, st.lists(terms(), min_size=2, max_size=3), st.sampled_from(";|")))


class Tenants(list[tuple[int, list[Doc], bool]]):
    """Numbers, entities, and whether tables are made for them."""

    def __repr__(self) -> str:
        return "tenants"


@pytest.fixture(scope="module")
async def tenants(graph: Graph) -> Tenants:
    """Tenants with entities of their own; of two the tables are made that are asked for, before or after what is written."""
    made, start = Tenants(), now()
    assert graph._sweeping is not None
    graph._sweeping.cancel()  # what has expired is to stay
    for seed in range(3):
        tenant, found = await graph.tenant(f"values{seed}", create=True), docs(seed, start)
        operations = [Operation(name="create", id=doc["id"], doc=doc) for doc in found]
        await graph.write(tenant, operations[: 60 if seed < 2 else 20])
        made.append((tenant, found, seed > 0))
        if seed == 2:
            for path in PATHS:
                for condition in (f"{path}==1", f"{path}==true"):
                    for one in wanted_indexes(build(Asked(local=True, q=condition), CORE).q):
                        await indexing.index(graph, tenant, one)
            await graph.write(tenant, operations[20:])
    counting._due.clear()
    return made


@pytest.fixture
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=_UNCHECKED)
async def test_pages_and_counts(
    graph: Graph, tenants: Tenants, patched: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    sizes(data.draw, patched)
    tenant, everything, tables = tenants[data.draw(st.integers(0, 2))]
    text, naive = data.draw(conditions)
    late, kind = data.draw(st.booleans()), data.draw(st.sampled_from(["*", "A"]))
    limit, offset = data.draw(st.sampled_from([0, 1, 5, 100])), data.draw(st.sampled_from([0, 2, 40]))
    asked = Asked(local=True, q=text, entities=[Selected(types=kind)], limit=limit, offset=offset, count=True)
    query = build(asked, CORE)
    if tables:
        for one in wanted_indexes(query.q):
            await indexing.index(graph, tenant, one)
        candidates._ready.clear()
    left = [doc for one in everything if (doc := _alive(one, late)) is not None]
    expected = [doc["id"] for doc in left if naive(doc) and kind in ("*", doc["type"][0][-1])]
    with held(now() + timedelta(hours=2 if late else 0)):
        found = await search.search(graph, tenant, query)
        assert (found.ids, found.count) == (expected[offset : offset + limit], len(expected)), text
        assert found.more == (limit > 0 and len(expected) > offset + limit)
        by_id = msgspec.structs.replace(query, order=build(msgspec.structs.replace(asked, order="id;desc"), CORE).order)
        last = await search.search(graph, tenant, by_id)
        assert (last.ids, last.count) == (expected[::-1][offset : offset + limit], len(expected))


@pytest.mark.parametrize("path", ["p", "p.sub", "a[in.k]", "l", "r", "j"])
async def test_counts_by_tables(graph: Graph, tenants: Tenants, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Of every single condition, where the page is full at once."""
    tenant, everything, _tables = tenants[2]
    monkeypatch.setattr(indexing, "ask", lambda *_values: None)
    candidates._ready.clear()
    for kind in ("", "==", ">", ">=", "<", "<="):
        for literal in [one for one in SCALARS if one != "a\0b"][: None if kind else 1]:
            text, naive = condition(path, kind, [literal])
            found = await search.search(graph, tenant, build(Asked(local=True, q=text, limit=1, count=True), CORE))
            assert found.count == sum(map(naive, everything)), text


async def test_every_row_of_the_tables_is_of_what_rests(graph: Graph, tenants: Tenants) -> None:
    """After `test_pages_and_counts`, or before."""
    rows = 0
    for tenant, everything, _tables in tenants:
        for code, one in [pair for some in graph.codes.indexed.get(tenant, {}).values() for pair in some]:
            of = [(doc["id"], rows_of(one, code, doc.get(one.names[0], []))) for doc in everything]
            for table, place in (("attr_num", 0), ("attr_txt", 1)):
                there = await graph.fetch(
                    f"select attr, val, id from graph.{table} where tenant = $1 and abs(attr) = $2", tenant, code
                )
                assert {tuple(row) for row in there} == {(*row, id) for id, found in of for row in found[place]}
                rows += len(there)
    assert rows

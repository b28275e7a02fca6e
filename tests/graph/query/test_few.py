"""Few entities come with their documents in one query."""

from __future__ import annotations

from typing import Any

import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.model import Operation
from nhip.graph.query import few, indexing
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.match import matcher
from nhip.graph.query.search import search
from nhip.graph.query.values import Index
from nhip.graph.service import Graph


@pytest.mark.parametrize("count", [1, 2, 3, 512])
def test_many_conditions_about_one_attribute(count: int) -> None:
    fits = matcher(build(Asked(local=True, q=";".join(f"a>={n}" for n in range(count))), CORE))
    one, other = ({"type": "Property", "value": value} for value in (count - 1, count - 2))
    a = CORE.expand("a")
    assert fits({a: [one]}) and not fits({a: [other]}) and not fits({a: [{"type": "Property"}]}) and not fits({})
    assert fits({a: [other, one | {"datasetId": "urn:d:1"}]})


def _thing(n: int, text: str = "", kind: str = "Few") -> Operation:
    doc: dict[str, Any] = {"id": f"urn:x:{kind}:{n:03}", "type": [CORE.expand(kind)]}
    doc[CORE.expand("size")] = [{"type": "Property", "value": n}]
    doc[CORE.expand("text")] = [{"type": "Property", "value": text}]
    return Operation(name="create", id=doc["id"], doc=doc)


class Counted:
    """A graph that counts its queries."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self.codes = graph, graph.codes
        self.fetched: list[str] = []
        self.read: list[str] = []

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        self.fetched.append(query)
        return await self._graph.fetch(query, *values)

    async def get_many(self, tenant: int, ids: Any) -> list[Any]:
        self.read += ids
        return await self._graph.get_many(tenant, ids)


def _sized(text: str, **more: Any) -> Any:
    return build(Asked(entities=[Selected(types="Few")], q=text, limit=5, **more), CORE)


async def test_few_are_one_query_and_large_ones_are_read_apart(graph: Graph) -> None:
    tenant, counted = await graph.tenant("few", create=True), Counted(graph)
    large = "x" * (few.LARGEST + 1)
    await graph.write(tenant, [_thing(n, large if n in (3, 90) else "") for n in range(100)])
    await search(counted, tenant, _sized("size>0"))  # looks how many there are, and which attributes have rows
    counted.fetched.clear()
    counted.read.clear()
    found = await search(counted, tenant, _sized("size>=2;size<=4", count=True))
    assert found.ids == [f"urn:x:Few:{n:03}" for n in (2, 3, 4)] and found.count == 3
    assert counted.fetched == [few.queries.all_of_type] and counted.read == ["urn:x:Few:003", "urn:x:Few:090"]
    assert found.stored == await graph.get_many(tenant, found.ids)


async def test_many_are_no_longer_few_at_once_and_few_again_after_a_while(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, counted = await graph.tenant("few2", create=True), Counted(graph)
    await graph.write(tenant, [_thing(n) for n in range(10)])
    assert len((await search(counted, tenant, _sized("size>=5"))).ids) == 5
    await graph.write(tenant, [_thing(n) for n in range(10, few.FEW + 10)])
    assert (await search(counted, tenant, _sized("size>=206"))).ids == [f"urn:x:Few:{n}" for n in range(206, 210)]
    counted.fetched.clear()
    assert (await search(counted, tenant, _sized("size>=206"))).ids == [f"urn:x:Few:{n}" for n in range(206, 210)]
    assert few.queries.all_of_type not in counted.fetched
    await graph.write(tenant, [Operation(name="delete", id=f"urn:x:Few:{n:03}") for n in range(150)])
    monkeypatch.setattr(few, "_AGAIN_S", 0.0)
    few._many[counted].update(dict.fromkeys(few._many[counted], 0.001))
    await search(counted, tenant, _sized("size>=206"))
    counted.fetched.clear()
    assert len((await search(counted, tenant, _sized("size>=206"))).ids) == 4
    assert counted.fetched == [few.queries.all_of_type]


async def test_what_expired_is_not_found(graph: Graph) -> None:
    tenant = await graph.tenant("few3", create=True)
    things = [_thing(n) for n in range(3)]
    things[1].doc["expiresAt"] = "2020-01-01T00:00:00Z"  # type: ignore[index]
    await graph.write(tenant, things)
    assert (await search(graph, tenant, _sized("size>=0"))).ids == ["urn:x:Few:000", "urn:x:Few:002"]


async def test_what_a_table_finds_comes_with_its_entities(graph: Graph) -> None:
    tenant, counted = await graph.tenant("few4", create=True), Counted(graph)
    await graph.write(tenant, [_thing(n, "x" * (few.LARGEST + 1) if n == 21 else "") for n in range(100)])
    assert await indexing.index(graph, tenant, Index((CORE.expand("size"),)))
    for text in ("size==20..70", "size==20..22"):
        counted.fetched.clear()
        found = await search(counted, tenant, _sized(text))
        assert found.ids == [f"urn:x:Few:{n:03}" for n in range(20, 25 if "70" in text else 23)]
        assert found.stored == await graph.get_many(tenant, found.ids)
    assert len(counted.fetched) == 1 and set(counted.read) == {"urn:x:Few:021"}

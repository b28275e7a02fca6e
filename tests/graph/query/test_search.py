"""Searching in the tables: nothing is lost by narrowing, pages and counts are right, linked entities come along."""

from __future__ import annotations

from typing import Any

import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.document.pack import unpack
from nhip.graph.errors import TooManyResults
from nhip.graph.model import Operation
from nhip.graph.query import candidates, few, indexing
from nhip.graph.query import search as searching
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.finds import queries
from nhip.graph.query.linked import join
from nhip.graph.query.match import matcher
from nhip.graph.query.search import Found, search
from nhip.graph.query.values import Index
from nhip.graph.service import Graph

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
LOCATION = "https://uri.etsi.org/ngsi-ld/location"


def iri(name: str) -> str:
    return VOCAB + name


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def link(target: str) -> dict[str, Any]:
    return {"type": "Relationship", "object": target}


def thing(number: int, kind: str, **attributes: Any) -> dict[str, Any]:
    doc: dict[str, Any] = {"id": f"urn:x:{kind}:{number:03}", "type": sorted(iri(one) for one in kind.split("+"))}
    if scope := attributes.pop("scope", None):
        doc["scope"] = scope
    if place := attributes.pop("place", None):
        geometry = {"type": "Point" if isinstance(place[0], float) else "Polygon", "coordinates": place}
        doc[LOCATION] = [{"type": "GeoProperty", "value": geometry}]
    for name, value in attributes.items():
        many = value if isinstance(value, list) else [value]
        doc[iri(name)] = [one if isinstance(one, dict) and "type" in one else prop(one) for one in many]
    return doc


def city() -> list[dict[str, Any]]:
    """Fleets, streets and squares: enough unlike shapes for every way of narrowing."""
    docs = []
    for n in range(60):
        bus = thing(n, "Bus", speed=n if n % 7 else f"{n}", name=f"bus {n % 10}", place=[105.8 + n / 1000, 21.0])
        if n % 3 == 0:
            bus["scope"] = ["/hn/line" + str(n % 4), "/all"]
        if n % 5 == 0:
            bus[iri("stop")] = [link(f"urn:x:Stop:{n % 20:03}")]
            bus[iri("speed")].append(prop(1000 + n, datasetId="urn:d:gps"))
        if n % 11 == 0:
            bus[iri("seen")] = [prop(f"2026-03-01T{n % 24:02}:00:00Z")]
        docs.append(bus)
    for n in range(20):
        names = {"type": "LanguageProperty", "languageMap": {"vi": f"bến {n}", "en": f"stop {n}"}}
        docs.append(thing(n, "Stop", label=names, tags=prop([n, f"t{n}"]), owner=link(f"urn:x:Owner:{n % 3:03}")))
    docs += [thing(n, "Owner", name=f"owner {n}", owner=link(f"urn:x:Owner:{(n + 1) % 3:03}")) for n in range(3)]
    square = [[[105.80, 20.9], [105.82, 20.9], [105.82, 21.1], [105.80, 21.1], [105.80, 20.9]]]
    docs += [thing(n, "Bus+Square", place=square, address=prop({"city": "Huế", "no": n})) for n in range(4)]
    docs.append(thing(1, "Odd", name='say "\\u0000 \0 yes"', speed=10**15))
    return docs


@pytest.fixture(scope="module")
async def filled(graph: Graph) -> tuple[int, list[dict[str, Any]]]:
    """A tenant with the city, and its documents with system attributes in the order of ids."""
    tenant = await graph.tenant("city", create=True)
    docs = city()
    outcomes = await graph.write(tenant, [Operation(name="create", id=doc["id"], doc=doc) for doc in docs])
    assert all(outcome.created for outcome in outcomes)
    stored = await graph.get_many(tenant, sorted(doc["id"] for doc in docs))
    return tenant, [unpack(one.doc, one.sys) for one in stored]


QUERIES = [
    Asked(local=True),
    Asked(entities=[Selected(types="Bus")]),
    Asked(entities=[Selected(types="Bus,Stop")]),
    Asked(entities=[Selected(types="(Bus;Square)")]),
    Asked(entities=[Selected(types="(Bus;Square),Owner")]),
    Asked(entities=[Selected(types="(Bus|Stop);(Square|Owner)")]),
    Asked(entities=[Selected(types=f"(Bus,{','.join('ABCDEFGH')});(Square,{','.join('abcdefgh')})")]),
    Asked(entities=[Selected(types="Nothing")]),
    Asked(entities=[Selected(types="Bus,Nothing")]),
    Asked(entities=[Selected(types="*", pattern="^urn:x:Bus:00[1-3]")]),
    Asked(entities=[Selected(types="Bus", pattern="^urn:x:Bus:")]),
    Asked(entities=[Selected(types="Bus", pattern="9$")]),
    Asked(entities=[Selected(types="Bus", ids=["urn:x:Bus:001", "urn:x:Bus:002", "urn:x:Stop:001", "urn:x:no"])]),
    Asked(entities=[Selected(types="Bus", ids=["urn:x:Bus:001"]), Selected(types="Stop", pattern="7$")]),
    Asked(attrs=["speed"]),
    Asked(attrs=["tags", "stop", "unknown"]),
    Asked(attrs=["unknown"]),
    Asked(local=True, pick="address"),
    Asked(local=True, pick="id,address"),
    Asked(local=True, pick="scope"),
    Asked(entities=[Selected(types="Bus")], pick="scope,expiresAt"),
    Asked(local=True, attrs=["deletedAt"]),
    Asked(q="speed"),
    Asked(q="!speed", entities=[Selected(types="Bus")]),
    Asked(q="speed==5"),
    Asked(q="speed==5,6,1005"),
    Asked(q='speed=="7","14"'),
    Asked(q='speed==5,"7"'),
    Asked(q="speed>50"),
    Asked(q="speed<=3"),
    Asked(q="speed==10..20"),
    Asked(q="speed!=5", entities=[Selected(types="Bus")]),
    Asked(q="speed>1e12"),
    Asked(q='name=="bus 3"'),
    Asked(q='name>"bus 8"'),
    Asked(q='name=="bus 2".."bus 4"'),
    Asked(q='name~="[37]$"'),
    Asked(q='name=="say \\"\\\\u0000 \\u0000 yes\\""'),
    Asked(q='label=="bến 3"'),
    Asked(q='label[en]=="stop 4"'),
    Asked(q='label[en]=="bến 4"'),
    Asked(q="tags==5"),
    Asked(q='tags=="t5","t6"'),
    Asked(q="stop==urn:x:Stop:005"),
    Asked(q='stop=="urn:x:Stop:005"|name=="bus 1";speed>10'),
    Asked(q="seen>2026-03-01T10:00:00Z"),
    Asked(q='seen=="2026-03-01T07:00:00+07:00"'),
    Asked(q="address[no]>=2"),
    Asked(q="speed>50|tags==3"),
    Asked(q="(speed>50|speed<2);name"),
    Asked(q='createdAt>"2020-01-01T00:00:00Z";speed<4'),
    Asked(q="unknown==1"),
    Asked(q='stop{label[en]}=="stop 5"', join="flat"),
    Asked(q='stop{Stop:owner{name}}=="owner 2"', join="flat", join_level=2),
    Asked(local=True, scope="/hn/line0"),
    Asked(local=True, scope="/hn/#"),
    Asked(local=True, scope="/hn/+;/all"),
    Asked(local=True, scope="/hn/line0,/hn/line1"),
    Asked(local=True, scope="/#"),
    Asked(local=True, scope="/hn"),
    Asked(georel="near;maxDistance==2000", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(georel="near;minDistance==2000", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(
        georel="within", geometry="Polygon", coordinates=[[[105.8, 20.9], [105.83, 20.9], [105.8, 21.1], [105.8, 20.9]]]
    ),
    Asked(georel="contains", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(georel="disjoint", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(georel="equals", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(q="speed>8", georel="near;maxDistance==3000", geometry="Point", coordinates=[105.81, 21.0]),
    Asked(georel="intersects", geometry="Point", coordinates=[105.81, 21.0], geoproperty="elsewhere"),
]


async def all_pages(graph: Graph, tenant: int, asked: Asked, size: int) -> tuple[list[str], int | None]:
    """Everything that a query finds, page by page, and its count."""
    ids: list[str] = []
    count = None
    while True:
        page = Asked(
            **{name: getattr(asked, name) for name in asked.__struct_fields__} | {"limit": size, "offset": len(ids)}
        )
        found: Found = await search(graph, tenant, build(page, CORE))
        ids += found.ids
        assert len(found.stored) <= size
        if not found.more:
            counted = await search(graph, tenant, build(_counting(asked), CORE))
            assert counted.stored == [] and not counted.more
            count = counted.count
            return ids, count


def _counting(asked: Asked) -> Asked:
    return Asked(**{name: getattr(asked, name) for name in asked.__struct_fields__} | {"limit": 0, "count": True})


async def _agree(graph: Graph, filled: tuple[int, list[dict[str, Any]]]) -> None:
    tenant, docs = filled
    by_id = {doc["id"]: doc for doc in docs}
    for asked in QUERIES:
        fits = matcher(build(asked, CORE), by_id.get)
        expected = [doc["id"] for doc in docs if fits(doc)]
        for size in (7, 1000):
            ids, count = await all_pages(graph, tenant, asked, size)
            assert ids == expected, asked
            assert count == len(expected), asked


async def test_every_way_of_narrowing_finds_what_the_closure_finds(graph: Graph, filled: Any) -> None:
    await _agree(graph, filled)


async def test_rows_of_values_lose_nothing(graph: Graph, filled: Any) -> None:
    tenant, _docs = filled
    for name in ("speed", "name", "tags", "label", "stop", "seen"):
        assert await indexing.index(graph, tenant, Index((iri(name),)))
        assert not await indexing.index(graph, tenant, Index((iri(name),))), "a second one has nothing to do"
    ready = await candidates.ready_tables(graph, -tenant)
    assert ready == {}
    candidates._ready.clear()
    assert len(await candidates.ready_tables(graph, tenant)) == 6
    await _agree(graph, filled)


async def test_sets_too_large_to_read_at_once_lose_nothing(
    graph: Graph, filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_FOUND", 3)
    monkeypatch.setattr(candidates, "_BATCH", 5)
    await _agree(graph, filled)


async def test_rows_follow_what_is_written_while_they_are_made(graph: Graph, tenant: int) -> None:
    docs = [thing(n, "Lamp", power=n) for n in range(30)]
    await graph.write(tenant, [Operation(name="create", id=doc["id"], doc=doc) for doc in docs])
    assert await indexing.index(graph, tenant, Index((iri("power"),)))
    moved = Operation(name="update", id=docs[3]["id"], doc={iri("power"): [prop(500)]})
    await graph.write(tenant, [moved, Operation(name="delete", id=docs[4]["id"])])
    rows = await graph.fetch("select val, id from graph.attr_num where tenant = $1 order by val", tenant)
    assert (500.0, docs[3]["id"]) in [tuple(row) for row in rows]
    assert {row[0] for row in rows} == {float(n) for n in range(30) if n not in {3, 4}} | {500.0}


async def test_a_slow_query_gets_rows(graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "SLOW", 20)
    monkeypatch.setattr(few, "FEW", 20)
    docs = [thing(n, "Lamp", light=n) for n in range(80)]
    await graph.write(tenant, [Operation(name="create", id=doc["id"], doc=doc) for doc in docs])
    query = build(Asked(q="light==79"), CORE)
    assert (await search(graph, tenant, query)).ids == [docs[79]["id"]]
    await indexing.settled(graph)
    candidates._ready.clear()
    assert await candidates.ready_tables(graph, tenant)
    assert (await search(graph, tenant, query)).ids == [docs[79]["id"]]
    await indexing.stop(graph)


async def test_orders(graph: Graph, filled: Any) -> None:
    tenant, docs = filled
    asked = Asked(entities=[Selected(types="Bus")], order="name;desc,id", limit=5, offset=5, count=True)
    found = await search(graph, tenant, build(asked, CORE))
    assert found.ids == [f"urn:x:Bus:{n:03}" for n in (59, 8, 18, 28, 38)] and found.more and found.count == 64
    down = await search(graph, tenant, build(Asked(local=True, order="id;desc", limit=2), CORE))
    assert down.ids == [docs[-1]["id"], docs[-2]["id"]]
    near = Asked(entities=[Selected(types="Bus")], order="location;dist-asc", order_from="[105.85, 21.0]", limit=3)
    assert (await search(graph, tenant, build(near, CORE))).ids == [f"urn:x:Bus:{n:03}" for n in (50, 49, 51)]
    made = await search(graph, tenant, build(Asked(local=True, order="createdAt,id", limit=1), CORE))
    assert made.ids == [docs[0]["id"]]


async def test_too_much_is_refused(graph: Graph, filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, _docs = filled
    monkeypatch.setattr(candidates, "MAX_SCANNED", 20)
    monkeypatch.setattr(candidates, "_BATCH", 20)
    monkeypatch.setattr(few, "FEW", 20)
    with pytest.raises(TooManyResults):
        await search(graph, tenant, build(Asked(local=True, q='!x;id=="urn:x:none"', count=True), CORE))
    monkeypatch.setattr(searching, "MAX_SORTED", 5)
    with pytest.raises(TooManyResults):
        await search(graph, tenant, build(Asked(entities=[Selected(types="Bus")], order="name"), CORE))


async def test_a_place_where_everything_is_gives_its_first_rows_early(graph: Graph, filled: Any) -> None:
    tenant, _docs = filled
    values = tenant, await graph.codes.find(LOCATION), -180.0, -90.0, 180.0, 90.0, 5
    plan = "\n".join(row[0] for row in await graph.fetch("explain " + queries.find_overlap, *values))
    assert "Bitmap" not in plan, "a bitmap of all that is there would be made first"


async def test_a_selection_of_very_many_types_is_decided_whole(graph: Graph, tenant: int) -> None:
    await graph.write(
        tenant, [Operation(name="create", id=doc["id"], doc=doc) for doc in (thing(0, "A0"), thing(1, "A0+B3"))]
    )
    types = f"({','.join(f'A{n}' for n in range(9))});({','.join(f'B{n}' for n in range(9))})"
    found = await search(graph, tenant, build(Asked(entities=[Selected(types=types)], count=True), CORE))
    assert (found.ids, found.count) == ([thing(1, "A0+B3")["id"]], 1)


async def test_linked_entities_come_along(graph: Graph, filled: Any) -> None:
    tenant, docs = filled
    by_id = {doc["id"]: doc for doc in docs}
    bus = [by_id["urn:x:Bus:005"]]

    async def joined(asked: Asked) -> list[dict[str, Any]]:
        return await join(graph, tenant, bus, build(asked, CORE))

    inline = (await joined(Asked(local=True, join="inline", join_level=3)))[0]
    stop = inline[iri("stop")][0]["entity"]
    assert stop["id"] == "urn:x:Stop:005" and "createdAt" not in stop
    assert stop[iri("owner")][0]["entity"][iri("owner")][0]["entity"]["id"] == "urn:x:Owner:000"
    shallow = (await joined(Asked(local=True, join="inline")))[0]
    assert "entity" not in shallow[iri("stop")][0]["entity"][iri("owner")][0]
    flat = await joined(Asked(local=True, join="flat", join_level=9))
    assert [doc["id"] for doc in flat] == [
        "urn:x:Bus:005",
        "urn:x:Stop:005",
        *(f"urn:x:Owner:{n:03}" for n in (2, 0, 1)),
    ]
    picked = await joined(Asked(local=True, join="flat", join_level=2, pick="id,stop{id,owner{name}}"))
    assert [set(doc) for doc in picked] == [{"id", iri("stop")}, {"id", iri("owner")}, {iri("name")}]
    left = await joined(Asked(local=True, join="flat", join_level=2, omit="name,stop{owner}"))
    assert len(left) == 2 and iri("name") not in left[0] and iri("owner") not in left[1]
    without = await joined(Asked(local=True, join="flat", join_level=2, contained_by=["urn:x:Stop:005"]))
    assert len(without) == 1

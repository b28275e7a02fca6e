"""Datasets become things: what changed is written, what is gone is deleted, what is private stays out, whatever is killed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nhip.datasets.catalogue import put_contract
from nhip.datasets.contract.yaml import dump
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.graph.model import Operation, Outcome
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things import store
from nhip.things.keeping import catch_up
from nhip.things.model import Attribute, Mapping
from nhip.things.words import city_context
from tests.things.town import A, B, Town, contract


async def test_rows_become_things_with_units_places_and_links(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A, B)
    (report,) = await catch_up(city, graph)
    assert (report.written, report.things, report.deleted) == (2, 2, 0)
    found = await town.thing("A1")
    assert found == {
        "name": "Trạm Đông",
        "height": 12.5,
        "onRoute": "urn:ngsi-ld:PublicTransportRoute:T1",
        "location": {"type": "Point", "coordinates": [107.59, 16.46]},
        "source": f"urn:nhip:dataset:{town.name}",
        "sourceVersion": 1,
    }
    raw = await graph.get(DEFAULT_TENANT, f"urn:ngsi-ld:{town.kind}:A1")
    assert raw is not None and b'"unitCode":"MTR"' in raw.doc
    assert (await town.thing("B%202") or {}).keys() == {"name", "location", "source", "sourceVersion"}


async def test_what_the_contract_does_not_call_public_stays_out_and_is_told(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A)
    await catch_up(city, graph)
    async with city.db.read() as tx:
        told = await store.list_faults(tx, town.name)
    assert {fault.value for fault in told if fault.row == 0} == {"nguoi_giu", "ghi_chu"}
    assert b"Nguy" not in (await graph.get_many(DEFAULT_TENANT, [f"urn:ngsi-ld:{town.kind}:A1"]))[0].doc


async def test_a_column_that_becomes_personal_is_taken_out(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A)
    await catch_up(city, graph)
    assert "name" in (await town.thing("A1") or {})
    async with city.db.tx() as tx:
        await put_contract(tx, await get_dataset(tx, town.name), dump(contract(town.name, ten="personal")), who="test")
    (report,) = await catch_up(city, graph)
    assert report.written == 1
    assert "name" not in (await town.thing("A1") or {})


async def test_internal_columns_go_in_only_where_the_mapping_says_so(city: Installation, graph: Graph) -> None:
    closed, opened = Town(city, graph), Town(city, graph, internal=True)
    for town in (closed, opened):
        await (await town.make(ten="internal")).deliver(A)
    await catch_up(city, graph)
    assert "name" not in (await closed.thing("A1") or {}) and "name" in (await opened.thing("A1") or {})


async def test_only_what_changed_is_written_and_what_is_gone_is_deleted(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A, B, "C,Trạm Nam,3,,16.4,107.5,,,T2")
    await catch_up(city, graph)
    assert await catch_up(city, graph) == []
    await town.deliver(A, "C,Trạm Nam,,,16.4,107.5,,,T3", "D,Mới,1,,16.5,107.5,,,")
    (report,) = await catch_up(city, graph)
    assert (report.version, report.written, report.deleted, report.things) == (2, 2, 1, 3)
    assert await town.thing("B%202") is None
    changed = await town.thing("C") or {}
    assert "height" not in changed and changed["onRoute"].endswith(":T3") and changed["sourceVersion"] == 2
    assert (await town.thing("A1") or {})["sourceVersion"] == 1


async def test_what_others_wrote_on_a_thing_stays(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A)
    await catch_up(city, graph)
    doc = {"https://x.example/lit": [{"type": "Property", "value": True}]}
    await graph.write(DEFAULT_TENANT, [Operation(name="append", id=f"urn:ngsi-ld:{town.kind}:A1", doc=doc)])
    await town.deliver(A.replace("12.5", "13"))
    await catch_up(city, graph)
    found = await town.thing("A1") or {}
    assert found["height"] == 13 and found["https://x.example/lit"] is True


async def test_odd_rows_are_told(city: Installation, graph: Graph) -> None:
    town, other = Town(city, graph), Town(city, graph)
    await (await town.make()).deliver(A, ",Không mã,1,,16.4,107.5,,,", "A1,Lại,1,,16.4,107.5,,,", "E,Xa,1,,16.4,,,,")
    other.mapping = Mapping(dataset=other.name, type=town.kind, id="ma", attributes={"name": "ten"})
    await (await other.make()).deliver(A)
    await catch_up(city, graph)
    async with city.db.read() as tx:
        told = {fault.row: fault.reason for fault in await store.list_faults(tx, town.name) if fault.row}
        others = [fault.reason for fault in await store.list_faults(tx, other.name)]
    assert len(told) == 3 and set(told.values()) == {
        "The row has no identifier.",
        "Another row has this identifier already.",
        "The place lies outside Vietnam or is incomplete; the thing is there without it.",
    }
    assert others == ["Another dataset has a thing with this identifier."]
    assert (await town.thing("A1") or {})["name"] == "Trạm Đông"


async def test_what_the_check_found_wrong_stays_out(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A.replace("12.5", "5000"), B)
    await catch_up(city, graph)
    assert "height" not in (await town.thing("A1") or {})
    async with city.db.read() as tx:
        told = [fault for fault in await store.list_faults(tx, town.name) if fault.row]
    assert [(fault.row, fault.value) for fault in told] == [(2, "do_cao")] and "found this cell wrong" in told[0].reason


async def test_of_observations_the_latest_counts_and_a_later_one_in_the_graph_stays(
    city: Installation, graph: Graph
) -> None:
    told = {"attributes": {"height": Attribute(column="do_cao", unit="MTR")}, "location": None, "relationships": {}}
    town = await Town(city, graph, observed="ngay_do", **told).make()
    rows = ["A1,x,1,2026-11-01 08:00,,,,,", "A1,x,3,2026-11-03 08:00,,,,,", "A1,x,2,2026-11-02 08:00,,,,,"]
    await town.deliver(*rows)
    (report,) = await catch_up(city, graph)
    raw = await graph.get(DEFAULT_TENANT, f"urn:ngsi-ld:{town.kind}:A1")
    assert report.written == 1 and raw is not None and b'"observedAt":"2026-11-03T01:00:00Z"' in raw.doc
    live = [{"type": "Property", "value": 9, "observedAt": "2026-11-20T00:00:00Z"}]
    doc = {city_context().expand("height"): live}
    await graph.write(DEFAULT_TENANT, [Operation(name="append", id=f"urn:ngsi-ld:{town.kind}:A1", doc=doc)])
    await town.deliver(*rows, "A1,x,4,2026-11-04 08:00,,,,,")
    await catch_up(city, graph)
    assert (await town.thing("A1") or {})["height"] == 9


class Killed(BaseException):
    """The process ended here."""


class Mortal:
    """The graph of a process that is killed at its n-th write, before or after what it asked for is durable."""

    def __init__(self, graph: Graph, at: int, *, written: bool) -> None:
        self.graph, self.left, self.written = graph, at, written

    async def get_many(self, tenant: int, ids: list[str]) -> Any:
        return await self.graph.get_many(tenant, ids)

    async def write(self, tenant: int, operations: list[Operation]) -> list[Outcome]:
        self.left -= 1
        if self.left == 0 and not self.written:
            raise Killed
        done = await self.graph.write(tenant, operations)
        if self.left == 0:
            raise Killed
        return done


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_a_killed_process_leaves_nothing_that_the_next_does_not_find(
    city: Installation, graph: Graph, monkeypatch: pytest.MonkeyPatch, at: int, written: bool
) -> None:
    monkeypatch.setattr("nhip.things.rows.BATCH", 2)
    town = await Town(city, graph).make()
    rows = [f"R{n},Trạm {n},{n},,16.4,107.5,,,T{n}" for n in range(6)]
    await town.deliver(*rows)
    await catch_up(city, graph)
    after = [rows[0], "R1,Khác,,,16.4,107.5,,,", rows[2], rows[3].replace("T3", "T9"), "N1,Mới,1,,16.4,107.5,,,"]
    await town.deliver(*after)
    mortal: Any = Mortal(graph, at, written=written)
    try:
        await catch_up(city, mortal)
    except Killed:
        await asyncio.gather(*(catch_up(city, graph) for _ in range(2)))
    held = await town.all()
    assert sorted(id.rpartition(":")[2] for id in held) == ["N1", "R0", "R1", "R2", "R3"]
    changed = await town.thing("R1") or {}
    assert changed["name"] == "Khác" and "height" not in changed and "onRoute" not in changed
    assert (await town.thing("R3") or {})["onRoute"].endswith("T9")
    assert await town.thing("R4") is None and await town.thing("R5") is None
    async with city.db.read() as tx:
        assert await store.list_behind(tx) == []

"""Our catalogue in a national portal that is up, down, confused, or refuses: nothing lost, twice, or left behind."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from rdflib import Graph
from rdflib.namespace import DCAT, DCTERMS, RDF

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.kernel.time import held, now
from nhip.ledger.store import list_rows
from nhip.portal import service as portal
from nhip.portal.national import service, store
from nhip.portal.national.model import National, Registration
from tests.portal.filling import change, fill
from tests.portal.national.conftest import ROOT
from tests.portal.national.receiver import Receiver


async def _set(ours: Installation, receiver: Receiver, **values: Any) -> None:
    said = {"url": f"{receiver.url}/", "way": "ckan", "organisation": "tp-hue", "prefix": "hue-", "key": receiver.key}
    async with ours.db.tx() as tx:
        await service.put_national(tx, ours, **{**said, **values})


async def _national(ours: Installation) -> National:
    async with ours.db.read() as tx:
        found = await store.find_national(tx)
    assert found is not None
    return found


async def _standing(ours: Installation) -> dict[str, Registration]:
    async with ours.db.read() as tx:
        return {one.name: one for one in await store.list_registrations(tx, None, 100)}


async def _close(ours: Installation, dataset_id: uuid.UUID) -> None:
    async with ours.db.tx() as tx:
        dataset = await get_dataset(tx, dataset_id)
        await portal.withdraw(tx, dataset, "Không còn đúng")


async def test_everything_open_is_told_once(ours: Installation, receiver: Receiver) -> None:
    await fill(ours, 3)
    await _set(ours, receiver)
    assert await service.register_due(ours) == 3
    there = receiver.active()
    assert sorted(there) == ["hue-bo-0", "hue-bo-1", "hue-bo-2"]
    one = there["hue-bo-1"]
    assert (one["title"], one["owner_org"], one["license_id"]) == ("Bộ dữ liệu số 1", "tp-hue", "cc-by-4.0")
    assert one["url"] == f"{ROOT}/dataset/bo-1" and one["author"] == "Sở Xây dựng"
    assert next(r["url"] for r in one["resources"]) == f"{ROOT}/dataset/bo-1/export.csv"
    assert len({r["id"] for p in there.values() for r in p["resources"]}) == 15
    receiver.taken.clear()
    assert await service.register_due(ours) == 0 and receiver.taken == []
    assert {one.state for one in (await _standing(ours)).values()} == {"registered"}


async def test_a_change_a_withdrawal_and_a_return_are_passed_on(ours: Installation, receiver: Receiver) -> None:
    entries = await fill(ours, 2)
    await _set(ours, receiver)
    await service.register_due(ours)
    async with ours.db.tx() as tx:
        await change(tx, entries[0], title="Tên mới", keywords=["xe buýt/tàu", "x"])
    assert (await _standing(ours))["bo-0"].state == "waiting"
    assert await service.register_due(ours) == 1
    assert receiver.active()["hue-bo-0"]["title"] == "Tên mới"
    assert receiver.active()["hue-bo-0"]["tags"] == [{"name": "xe buýt tàu"}]
    await _close(ours, entries[1].dataset_id)
    assert (await _standing(ours))["bo-1"].state == "withdrawing"
    assert await service.register_due(ours) == 1 and sorted(receiver.active()) == ["hue-bo-0"]
    assert (await _standing(ours))["bo-1"].state == "withdrawn" and await service.register_due(ours) == 0
    async with ours.db.tx() as tx:
        await change(tx, entries[1])
    assert await service.register_due(ours) == 1 and sorted(receiver.active()) == ["hue-bo-0", "hue-bo-1"]
    assert len(receiver.packages) == 2
    async with ours.db.read() as tx:
        assert len(await list_rows(tx, kind="registration.sent")) == 4
        assert len(await list_rows(tx, kind="registration.withdrawn")) == 1


@pytest.mark.parametrize("mood", ["gone", "broken", "busy", "page"])
async def test_while_it_is_away_everything_waits_and_tries_grow_rare(
    ours: Installation, receiver: Receiver, mood: str
) -> None:
    entries = await fill(ours, 3)
    await _set(ours, receiver)
    receiver.mood = mood
    if mood == "gone":
        receiver.stop()
    began = now()
    waits = []
    for _try in range(4):
        with held(began):
            assert await service.register_due(ours) == 0
            found = await _national(ours)
            assert found.next_try_at is not None and found.problem is not None and found.away_since is not None
            waits.append(found.next_try_at - began)
            assert await service.register_due(ours) == 0 and (await _national(ours)).failures == found.failures
        began = found.next_try_at
    assert waits == [timedelta(minutes=m) for m in (1, 2, 4, 8)] and found.failures == 4
    await _close(ours, entries[2].dataset_id)
    receiver.mood = "up"
    if mood == "gone":
        receiver.start()
    with held(began):
        assert await service.register_due(ours) in (2, 3)  # the one that closed may have been known there
    assert sorted(receiver.active()) == ["hue-bo-0", "hue-bo-1"]
    mended = await _national(ours)
    assert (mended.failures, mended.problem, mended.away_since) == (0, None, None)


async def test_an_answer_that_is_lost_makes_no_second_dataset(ours: Installation, receiver: Receiver) -> None:
    await fill(ours, 1)
    await _set(ours, receiver)
    receiver.mood = "deaf"
    assert await service.register_due(ours) == 0 and len(receiver.packages) == 0
    receiver.taken.clear()
    # the update that finds nothing was lost; now the creation is taken and its answer lost
    receiver.packages["x"] = {"id": "x", "name": "hue-bo-0", "state": "active", "title": "cũ"}
    receiver.mood = "up"
    async with ours.db.tx() as tx:
        await service.try_now(tx)
    assert await service.register_due(ours) == 1
    assert len(receiver.packages) == 1 and receiver.packages["x"]["title"] == "Bộ dữ liệu số 0"
    assert (await _standing(ours))["bo-0"].remote_id == "x"


async def test_one_that_is_refused_holds_up_no_other(ours: Installation, receiver: Receiver) -> None:
    await fill(ours, 1, stem="a", licence="")
    await fill(ours, 2)
    await _set(ours, receiver)
    assert await service.register_due(ours) == 2
    found = (await _standing(ours))["a-0"]
    assert found.state == "refused" and "license_id: ['Missing value']" in str(found.problem)
    assert found.next_try_at is not None and found.next_try_at - now() > timedelta(minutes=59)
    assert (await _national(ours)).failures == 0 and await service.register_due(ours) == 0
    with held(now() + timedelta(hours=2)):
        receiver.taken.clear()
        assert await service.register_due(ours) == 0 and len(receiver.taken) == 2


async def test_a_wrong_key_stops_at_the_first_dataset_and_is_told_nowhere(
    ours: Installation, receiver: Receiver
) -> None:
    await fill(ours, 3)
    await _set(ours, receiver, key="sai-khoa-8421")
    assert await service.register_due(ours) == 0
    found = await _national(ours)
    assert found.problem is not None and "refuses the credentials" in found.problem["template"]
    assert "8421" not in str(found.problem) and "8421" not in repr(found)
    await _set(ours, receiver)
    assert await service.register_due(ours) == 3


async def test_another_portal_is_told_everything_again(ours: Installation, receiver: Receiver) -> None:
    await fill(ours, 2)
    await _set(ours, receiver)
    await service.register_due(ours)
    with Receiver() as other:
        await _set(ours, other)
        assert await service.register_due(ours) == 2 and len(other.packages) == 2
        await _set(ours, other, enabled=False)
        assert await service.register_due(ours) == 0


async def test_without_a_public_address_nothing_leaves(
    ours: Installation, installation: Installation, receiver: Receiver
) -> None:
    await fill(ours, 1)
    await _set(ours, receiver)
    assert await service.register_due(installation) == 0 and receiver.taken == []
    found = await _national(ours)
    assert found.problem is not None and "base_url" in found.problem["template"]


async def test_graphs_are_put_and_deleted(ours: Installation, receiver: Receiver) -> None:
    """The other way: SPARQL 1.1 Graph Store HTTP Protocol."""
    entries = await fill(ours, 2)
    await _set(ours, receiver, url=f"{receiver.url}/rdf-graphs", way="dcat")
    assert await service.register_due(ours) == 2 and await service.register_due(ours) == 0
    assert sorted(receiver.graphs) == [f"/rdf-graphs?graph={ROOT}/dataset/bo-{number}" for number in range(2)]
    graph = Graph().parse(data=next(iter(receiver.graphs.values())), format="turtle")
    (node,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert str(node).startswith(f"{ROOT}/dataset/bo-") and graph.value(node, DCTERMS.title) is not None
    await _close(ours, entries[0].dataset_id)
    assert await service.register_due(ours) == 1
    assert list(receiver.graphs) == [f"/rdf-graphs?graph={ROOT}/dataset/bo-1"]

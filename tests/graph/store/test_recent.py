"""What a process remembers of its own changes spares it reading, and never decides anything that the table does not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.graph import recent as recent_module
from nhip.graph.document.pack import unpack
from nhip.graph.errors import AlreadyExists, ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.recent import Recent, Rest
from nhip.graph.service import Graph
from tests.graph.store.strategies import IDS, operation

NS = "https://example.org/"
ID = "urn:x:1"
_tenants = itertools.count()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is trusted again at once after another process came first."""
    monkeypatch.setattr(recent_module, "_PAUSE_S", 0.0)


def _value(n: Any) -> dict[str, Any]:
    return {NS + "a": [{"type": "Property", "value": n}]}


def _create(**more: Any) -> Operation:
    return Operation(name="create", id=ID, doc={"id": ID, "type": [NS + "T"], **_value(0), **more})


def _patch(n: Any) -> Operation:
    return Operation(name="patch", id=ID, attribute=NS + "a", doc=_value(n))


async def _now(graph: Graph, tenant: int) -> Any:
    stored = await graph.get(tenant, ID)
    return None if stored is None else unpack(stored.doc)


@given(st.lists(st.tuples(operation(), st.booleans()), min_size=1, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_processes_that_take_turns_write_what_one_would(
    graph: Graph, other: Graph, eager: None, steps: list[tuple[Operation, bool]]
) -> None:
    shared = await graph.tenant(f"turns{next(_tenants)}", create=True)
    alone = await graph.tenant(f"alone{next(_tenants)}", create=True)
    for op, elsewhere in steps:
        told = (await (other if elsewhere else graph).write(shared, [op]))[0]
        expected = (await graph.write(alone, [op]))[0]
        assert type(told.error) is type(expected.error)
        assert (told.created, told.deleted, told.kept) == (expected.created, expected.deleted, expected.kept)
    docs = [{one.id: unpack(one.doc) for one in await graph.get_many(place, list(IDS))} for place in (shared, alone)]
    assert docs[0] == docs[1]
    history = """
      select e.id, i.attr, i.ds, i.gone, i.num, i.val from graph.attr_inst i
      join (select id, eno from graph.entity where tenant = $1 union select id, eno from graph.past where tenant = $1) e
        on e.eno = i.eno order by e.id, i.mod, i.attr, i.ds, i.val"""
    assert await graph.fetch(history, shared) == await graph.fetch(history, alone)


@pytest.mark.parametrize(
    "last",
    [
        Operation(name="delete", id=ID),
        Operation(name="delete-attribute", id=ID, attribute=NS + "elsewhere"),
        Operation(name="upsert-replace", id=ID, doc={"id": ID, "type": [NS + "T"], **_value(2)}),
    ],
    ids=lambda op: op.name,
)
async def test_what_another_process_named_first_has_its_number_when_it_goes(
    graph: Graph, other: Graph, eager: None, tenant: int, last: Operation
) -> None:
    """A process that changed something else of the entity remembers it, but has not met all of its names."""
    await other.write(tenant, [_create(**{NS + "elsewhere": [{"type": "Property", "value": 1}]})])
    await graph.write(tenant, [_patch(1)])
    graph.codes.iris.pop(NS + "elsewhere", None)
    assert (await graph.write(tenant, [last]))[0].error is None


async def test_an_entity_that_was_just_changed_is_not_read_again(
    graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    link = graph._writer._link
    fetch = link.fetch

    async def noted(query: str, *values: Any) -> Any:
        asked.append(query)
        return await fetch(query, *values)

    await graph.write(tenant, [_create()])
    await graph.write(tenant, [_patch(1)])
    monkeypatch.setattr(link, "fetch", noted)
    await graph.write(tenant, [_patch(2)])
    assert len(asked) == 1
    assert (await _now(graph, tenant))[NS + "a"][0]["value"] == 2


async def test_a_life_that_another_process_began_anew_is_not_taken_for_the_old_one(
    graph: Graph, other: Graph, tenant: int, eager: None
) -> None:
    await graph.write(tenant, [_create(**{NS + "old": [{"type": "Property", "value": "old"}]})])
    await graph.write(tenant, [_patch(1)])  # its second version
    await other.write(tenant, [Operation(name="delete", id=ID)])
    await other.write(tenant, [_create(**{NS + "new": [{"type": "Property", "value": "new"}]})])
    await other.write(tenant, [_patch(2)])  # again a second version
    assert (await graph.write(tenant, [_patch(3)]))[0].error is None
    doc = await _now(graph, tenant)
    assert (NS + "old" in doc, doc[NS + "new"][0]["value"], doc[NS + "a"][0]["value"]) == (False, "new", 3)


async def test_refusals_are_decided_by_the_table(graph: Graph, other: Graph, tenant: int, eager: None) -> None:
    await graph.write(tenant, [_create()])
    await graph.write(tenant, [_patch(1)])
    await other.write(tenant, [Operation(name="delete-attribute", id=ID, attribute=NS + "a")])
    await other.write(tenant, [Operation(name="append", id=ID, doc={NS + "b": [{"type": "Property", "value": 1}]})])
    b = Operation(name="patch", id=ID, attribute=NS + "b", doc={NS + "b": [{"type": "Property", "value": 2}]})
    assert (await graph.write(tenant, [b]))[0].error is None  # what is remembered has no such attribute
    assert isinstance((await graph.write(tenant, [_patch(5)]))[0].error, ResourceNotFound)
    await other.write(tenant, [Operation(name="delete", id=ID)])
    assert isinstance((await graph.write(tenant, [b]))[0].error, ResourceNotFound)
    await other.write(tenant, [_create()])
    assert isinstance((await graph.write(tenant, [_create()]))[0].error, AlreadyExists)


async def test_what_is_created_twice_makes_nobody_doubt(graph: Graph, tenant: int) -> None:
    await graph.write(tenant, [_create()])
    await graph.write(tenant, [_patch(1)])
    assert isinstance((await graph.write(tenant, [_create()]))[0].error, AlreadyExists)
    recent = graph._writer._recent
    assert recent.trusted(tenant) and recent.get(tenant, ID) is not None
    other = Operation(name="create", id="urn:x:2", doc={"id": "urn:x:2", "type": [NS + "T"]})
    both = (
        _patch(2),
        _create(),
        other,
    )  # the conflict of one has all done carefully: what is written then is remembered too
    assert [type(one.error) for one in await graph.write(tenant, list(both))] == [type(None), AlreadyExists, type(None)]
    rest = recent.get(tenant, ID)
    assert rest is not None and rest.doc[NS + "a"][0]["value"] == 2
    assert (await graph.write(tenant, [_patch(3)]))[0].error is None and recent.trusted(tenant)


async def test_what_expires_is_read_each_time(graph: Graph, tenant: int) -> None:
    await graph.write(tenant, [_create(expiresAt="2999-01-01T00:00:00Z")])
    await graph.write(tenant, [_patch(1)])
    assert graph._writer._recent.get(tenant, ID) is None


def _rest(size: int) -> Rest:
    return Rest({"id": ID, "type": [NS + "T"]}, {}, 2, 1, 1, size)


def test_no_more_is_remembered_than_fits() -> None:
    recent = Recent()
    for n in range(2000):
        recent.keep(1, str(n), _rest(8 << 10))
    recent.keep(1, "1999", _rest(8 << 10))
    assert [n for n in range(2000) if recent.get(1, str(n)) is not None] == list(range(2000 - 512, 2000))
    recent.keep(1, "1999", _rest(17 << 10))
    assert recent.get(1, "1999") is None
    recent.forget(1, "1998")
    other = _rest(8 << 10)
    recent.keep(2, "1998", other)
    assert recent.get(1, "1998") is None and recent.get(2, "1998") is other


def test_another_process_makes_it_pause() -> None:
    at = [100.0]
    recent = Recent(clock=lambda: at[0])
    recent.keep(1, ID, _rest(10))
    recent.keep(2, ID, _rest(10))
    assert recent.trusted(1)
    recent.doubt(1)
    assert (recent.trusted(1), recent.get(1, ID)) == (False, None)
    assert recent.trusted(2) and recent.get(2, ID) is not None
    at[0] += 10
    assert recent.trusted(1)

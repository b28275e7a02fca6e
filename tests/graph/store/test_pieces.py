"""Whatever somebody asks for, others get their turn: by counts of steps, turns and threads, never by the clock."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph import finding
from nhip.graph import pieces as working
from nhip.graph.api import entities, querying, retrieving
from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import read_geometry
from nhip.graph.lives import Instances
from nhip.graph.mirrors.changing import changes
from nhip.graph.model import Change, Doc, Operation, Outcome
from nhip.graph.operations import apply
from nhip.graph.pieces import LARGE, Share, aside, pieces
from nhip.graph.quick import quick
from nhip.graph_commands import Node, serving
from nhip.settings import Settings

AT = "2026-11-22T08:00:00.000000Z"
A, B = "https://x.example/a", "https://x.example/b"
_names = itertools.count()


class Clock:
    """Goes on by a step whenever it is looked at."""

    def __init__(self, step: float) -> None:
        self.at, self.step = 0.0, step

    def __call__(self) -> float:
        self.at += self.step
        return self.at


@pytest.mark.parametrize(("step", "turns"), [(0.0, 0), (working.SHARE_S, 10)])
async def test_others_get_their_turn_when_a_share_is_over(step: float, turns: int) -> None:
    seen, others = [], 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async for some in pieces(range(100), 10, Share(Clock(step))):
        seen += some
    assert seen == list(range(100))
    assert others == turns
    task.cancel()


async def test_few_things_are_one_piece() -> None:
    assert [some async for some in pieces([1, 2, 3])] == [[1, 2, 3]]


class Counted(dict[str, Any]):
    """An instance that counts how often any is looked into."""

    looks = 0

    def get(self, *given: Any) -> Any:
        Counted.looks += 1
        return super().get(*given)


def instances(count: int, first: int = 0, **members: Any) -> list[dict[str, Any]]:
    times = {"createdAt": AT, "modifiedAt": AT}
    return [Counted(type="Property", value=n + first, datasetId=f"urn:d:{n}", **times, **members) for n in range(count)]


def looks(work: Callable[[int], object], count: int) -> int:
    Counted.looks = 0
    work(count)
    return Counted.looks


def full(count: int) -> Doc:
    return {"id": "urn:x:1", "type": ["T"], A: instances(count), "createdAt": AT, "modifiedAt": AT}


def with_subs(count: int, first: int = 0) -> Doc:
    made = Counted(type="Property", value=first, **{B: instances(count, first)}, createdAt=AT, modifiedAt=AT)
    return {"id": "urn:x:1", "type": ["T"], A: [made], "createdAt": AT, "modifiedAt": AT}


def done(name: Any, make: Callable[..., Doc]) -> Callable[[int], object]:
    def work(count: int) -> object:
        fragment = {key: value for key, value in make(count).items() if key in ("id", "type", A)}
        if name == "append-keep":
            fragment[A] = fragment[A][::-1]
        old = full(count) if make is full else with_subs(count, 1)
        op = Operation(name=name, id="urn:x:1", doc=fragment, attribute=A, every_dataset=True)
        quick(old, {"c": AT, "m": AT}, op, AT)
        return apply(old, op, AT)

    return work


def told_of(count: int) -> object:
    from nhip.graph.subscriptions.telling import told

    outcome = Outcome(
        id="urn:x:1",
        changes=[Change(A, f"urn:d:{n}", "deleted" if n % 2 else "updated") for n in range(count)],
        before=full(count),
        after={**full(count), A: instances(count)[::2]},
    )

    class One:
        triggers = frozenset({"entityUpdated"})
        watched = frozenset[str]()
        changes = True

    made = told(One(), outcome, AT)  # type: ignore[arg-type]
    assert len(made[A]) == count
    return made


NAMES = ("append", "append-keep", "update", "merge", "replace", "upsert-replace", "delete-attribute")


@pytest.mark.parametrize(
    "work",
    [
        *(pytest.param(done(name, full), id=name) for name in NAMES),
        *(pytest.param(done(name, with_subs), id=f"{name} below") for name in (*NAMES[:-1], "patch")),
        pytest.param(told_of, id="told"),
        pytest.param(
            lambda count: changes("urn:x:1", full(count), {**full(count), A: instances(count, 1)}), id="mirror"
        ),
        pytest.param(
            lambda count: [Instances(full(count)).get(Change(A, f"urn:d:{count - 1}", "updated"))], id="states"
        ),
    ],
)
def test_twice_as_many_instances_are_twice_the_work(work: Callable[[int], object]) -> None:
    assert 0 < looks(work, 400) < 2.5 * looks(work, 200)


def ring(size: float, east: float = 0.0, north: float = 0.0) -> list[list[float]]:
    return [[east + x * size, north + y * size] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]


@pytest.mark.parametrize(
    ("kind", "rings"),
    [
        ("MultiPolygon", [[ring(0.001 * n)] for n in range(1, 1000)]),
        ("MultiPolygon", [[ring(0.001 * (2 * n + 2)), ring(0.001 * (2 * n + 1.5))] for n in range(600)]),
        ("Polygon", [ring(60), *(ring(0.001 * n) for n in range(1, 1000))]),
    ],
)
def test_rings_inside_each_other_are_refused(kind: str, rings: Any) -> None:
    """GEOS compares each with each: ten thousand, which ten megabytes hold many times, took it minutes."""
    with pytest.raises(Fault, match="inside each other"):
        read_geometry({"type": kind, "coordinates": rings})


def test_many_islands_in_lakes_are_read() -> None:
    lakes = [ring(0.04, x / 10, y / 10) for x in range(30) for y in range(30)]
    islands = [[ring(0.01, x / 10, y / 10)] for x in range(30) for y in range(30)]
    assert read_geometry({"type": "MultiPolygon", "coordinates": [[ring(60), *lakes], *islands]})


# a node


@pytest.fixture(scope="module")
async def node(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("pieces"), database_url=graph_url)
    async with serving(settings, Node("here", graph_url, "http://here", dict[str, Path](), 1000)) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://here/ngsi-ld/v1", timeout=60) as made:
            made.headers["NGSILD-Tenant"] = f"pieces{next(_names)}"
            yield made


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Of others; each piece lasts a share."""
    given: list[None] = []
    rest = Share.rest

    async def counted(self: Share) -> None:
        given.append(None)
        await rest(self)

    monkeypatch.setattr(working, "SHARE_S", 0.0)
    monkeypatch.setattr(Share, "rest", counted)
    return given


def many(count: int, value: int) -> list[dict[str, Any]]:
    return [{"id": f"urn:many:{n}", "type": "Many", "a": {"type": "Property", "value": value}} for n in range(count)]


@pytest.mark.parametrize(
    ("path", "status", "times"),
    [
        ("create", 201, 3),
        ("create", 207, 3),  # each is refused: read, looked at, told
        ("upsert", 204, 4),
        ("update", 204, 4),
        ("merge", 204, 4),
        ("delete", 204, 4),
        ("delete", 207, 3),
    ],
)
async def test_a_batch_is_worked_on_in_pieces(
    node: httpx.AsyncClient, turns: list[None], path: str, status: int, times: int
) -> None:
    body: Any = many(640, len(turns) + next(_names))
    if path == "delete":
        body = [one["id"] for one in body]
    answer = await node.post(f"/entityOperations/{path}", json=body)
    assert answer.status_code == status, answer.text[:200]
    assert len(turns) >= times * 640 // working.PIECE


async def test_small_requests_take_no_turns(node: httpx.AsyncClient, turns: list[None]) -> None:
    one = many(1, 1)[0]
    assert (await node.post("/entities", json=one)).status_code == 201
    assert (await node.patch("/entities/urn:many:0/attrs/a", json={"value": 2})).status_code == 204
    assert (await node.post("/entityOperations/upsert", json=many(10, 3))).status_code == 201
    assert (await node.get("/entities/urn:many:0")).status_code == 200
    assert (await node.get("/entities?type=Many")).status_code == 200
    assert (await node.post("/entityOperations/delete", json=[one["id"] for one in many(10, 0)])).status_code == 204
    assert not turns


async def test_what_many_conditions_decide_is_decided_in_pieces(node: httpx.AsyncClient, turns: list[None]) -> None:
    assert (await node.post("/entityOperations/create", json=many(200, 1))).status_code == 201
    turns.clear()
    selectors = [{"type": "Many", "idPattern": f"never{n}"} for n in range(300)]
    found = await node.post("/entityOperations/query", json={"type": "Query", "entities": selectors})
    assert found.json() == [] and len(turns) >= 200 // working.PIECE
    await node.post("/entityOperations/delete", json=[one["id"] for one in many(200, 0)])


async def test_what_is_large_is_read_and_given_in_a_thread(
    node: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart: list[str] = []

    async def noted(work: Any, *args: Any, **more: Any) -> Any:
        def there() -> Any:
            assert threading.current_thread() is not threading.main_thread()
            return work(*args, **more)

        apart.append(work.__name__)
        return await aside(there)

    for module in (entities, retrieving, querying):
        monkeypatch.setattr(module, "aside", noted)
    monkeypatch.setattr("nhip.graph.group.aside", noted)
    values = [{"type": "Property", "value": "x" * 60, "datasetId": f"urn:d:{n}"} for n in range(LARGE // 100)]
    large = {"id": "urn:large:1", "type": "Large", "a": values}
    assert (await node.post("/entities", json=large)).status_code == 201
    found = ["add", "add_to", "_values"]
    assert apart == ["expand_entity", "_apply", *found]
    for path, works in (
        ("/entities/urn:large:1", ["entity_json"]),
        ("/entities/urn:large:1?options=sysAttrs", ["unpack", "render"]),
        ("/entities?type=Large", ["entities_json"]),
        ("/entities?type=Large&format=concise", ["_shown"]),
    ):
        apart.clear()
        assert len((await node.get(path)).content) > LARGE // 2
        assert apart == works, path
    apart.clear()
    assert (await node.delete("/entities/urn:large:1")).status_code == 204
    assert apart == ["_apply", *found]


def test_very_many_rows_are_put_in_order_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(n * 7919 % 100, f"urn:x:{n}") for n in range(100)]
    for run in (1, 7, 100):
        monkeypatch.setattr(finding, "_RUN", run)
        assert finding._in_order(rows) == sorted(rows)


@given(st.lists(st.integers(1, 30), max_size=8), st.lists(st.integers(0, 40), max_size=8))
def test_what_lies_within_parts_of_time_is_found(lengths: list[int], at: list[int]) -> None:
    from datetime import UTC, datetime, timedelta

    from nhip.graph.temporal.model import Evolution, Sighting
    from nhip.graph.temporal.scopes import only_within

    def moment(n: int) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)

    edges = list(itertools.accumulate(lengths))
    parts = [(moment(a), moment(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    seen = [Sighting(None, moment(n), {"type": "Property", "value": n}) for n in sorted(at)]
    evolution = Evolution("urn:x:1", ["T"], "", "", "", {A: seen, "scope": seen})
    found = only_within(evolution, parts).series
    assert found.get(A, []) == [one for one in seen if any(start <= one.at < end for start, end in parts)]
    ends = [*(one.at for one in seen[1:]), datetime.max.replace(tzinfo=UTC)]
    held = [one for one, end in zip(seen, ends, strict=False) if any(one.at < b and a < end for a, b in parts)]
    assert found.get("scope", []) == held

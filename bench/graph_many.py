"""The live graph with very many entities: places, values, counts and pages; and what more of them cost.

A tenant is filled to one per cent and asked, then filled and asked the same again: `growth` is how many times more processor time
a request takes (ours and PostgreSQL's together) among a hundred times as many entities.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from nhip.graph.model import Operation
from nhip.graph.query.indexing import index
from nhip.graph.query.values import Index
from nhip.graph.service import Graph

if TYPE_CHECKING:
    from bench.graph import Measured, Node

NS = "https://uri.etsi.org/ngsi-ld/default-context/"
LOCATION = "https://uri.etsi.org/ngsi-ld/location"
TENANT = "many"
_START = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = (
    Index((NS + "plate",)),
    Index((NS + "open",), marks=True),
    Index((NS + "until",), marks=True),
    Index((NS + "speed", NS + "accuracy")),
    Index((NS + "speed",)),
)
_THERE = (
    "select coalesce(sum(entities), 0) from graph.shape_count join graph.shape s on s.id = shape where s.tenant = $1"
)


async def measure_many(node: Node, figures: Measured, size: int) -> None:
    """Ask a hundredth of `size` entities, then all; on a node where all are already, only these."""
    graph = Graph(node.url())
    await graph.open()
    tenant = await graph.tenant(TENANT, create=True)
    there = int((await graph.fetch(_THERE, tenant))[0][0])
    few: Measured = {}
    if there < size // 100:
        await _fill(graph, tenant, there, size // 100)
        for one in TABLES:  # as the first slow queries have them made
            await index(graph, tenant, one)
        await _settled(node.url())
        few = await _asked(node, figures, size // 100)
    if there < size:
        await _fill(graph, tenant, max(there, size // 100), size)
        await _settled(node.url())
    many = await _asked(node, figures, size)
    await graph.close()
    if few:
        figures["growth, 100 times as many"] = {name: _times(many[name], few[name]) for name in few}
        print("cost as entities grow 100-fold", figures["growth, 100 times as many"], flush=True)


def _times(after: dict[str, float], before: dict[str, float]) -> float:
    total = after["cpu_us"] + after["database_cpu_us"]
    return round(total / (before["cpu_us"] + before["database_cpu_us"]), 2)


async def _settled(url: str) -> None:
    """PostgreSQL tidies up and writes out after many rows came; it would do so while we measure, at the cost of what we ask."""
    connection = await asyncpg.connect(url)
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    await connection.close()


async def _fill(graph: Graph, tenant: int, first: int, last: int) -> None:
    started = time.perf_counter()
    waiting: set[asyncio.Task[Any]] = set()
    for start in range(first, last, 400):
        operations = [_stored(n) for n in range(start, min(start + 400, last))]
        waiting.add(asyncio.create_task(graph.write(tenant, operations)))
        if len(waiting) >= 4:
            _done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*waiting)
    print(f"{last - first:,} entities with history written in {time.perf_counter() - started:.0f} s", flush=True)


async def _asked(node: Node, figures: Measured, size: int) -> Measured:
    """Each question's figures by its name without the size."""
    from bench.graph import CALLERS, Client, measure

    client, chance = Client(TENANT), random.Random(2)
    ids = [chance.randrange(size) for _ in range(4000)]
    questions = {
        "geo query, about 40 hits": (_places(client, chance, size), 1),
        "q on an attribute in use, 20 hits": ([_q(client, size, n) for n in range(100)], 1),
        "q on a truth, 20 hits": ([_asks(client, "open==true")] * 100, 1),
        "q on times, 20 hits": ([_asks(client, _weeks_end(size, n)) for n in range(100)], 1),
        "q on a sub-attribute, 20 hits": ([_asks(client, _accurate(size, n)) for n in range(100)], 1),
        "q on a truth and times, 20 hits": ([_asks(client, "open==true;until>=2020-01-01T00:00:00Z")] * 100, 1),
        "q and count, a twentieth of all": ([_asks(client, f"speed=={n % 20}", "count=true") for n in range(30)], 1),
        "count and page of a type": (
            [client.request("GET", f"entities?type=Vehicle&count=true&limit=20&offset={n}") for n in range(200)],
            1,
        ),
        "GET by id, 64 clients": (
            [client.request("GET", f"entities/urn:ngsi-ld:Vehicle:{n:07d}") for n in ids],
            CALLERS,
        ),
    }
    found: Measured = {}
    for name, (requests, callers) in questions.items():
        await measure(node, client, figures, f"{name}, {size:,}", requests, callers)
        found[name] = figures[f"{name}, {size:,}"]
    return found


def _places(client: Any, chance: random.Random, size: int) -> list[bytes]:
    """Questions for what is near, with a radius in which about 40 are found."""
    near = (40 / size / 3.14159) ** 0.5 * 108_000
    requests = []
    for _ in range(200):
        at = [round(107.1 + 0.8 * chance.random(), 4), round(16.1 + 0.8 * chance.random(), 4)]
        geo = f"georel=near;maxDistance=={near:.0f}&geometry=Point&coordinates=[{at[0]},{at[1]}]"
        requests.append(client.request("GET", f"entities?type=Vehicle&{geo}&limit=100"))
    return requests


def _q(client: Any, size: int, n: int) -> bytes:
    """A question for the values of twenty entities in a row."""
    first = n * (size // 100)
    low, high = f"75B-{first:07d}", f"75B-{first + 19:07d}"
    return client.request("GET", f"entities?type=Vehicle&q=plate==%22{low}%22..%22{high}%22&limit=20")  # type: ignore[no-any-return]


def _asks(client: Any, q: str, more: str = "count=false") -> bytes:
    return client.request("GET", f"entities?type=Vehicle&q={q}&limit=20&{more}")  # type: ignore[no-any-return]


def _until(n: int) -> str:
    return f"{_START + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}"


def _weeks_end(size: int, n: int) -> str:
    first = n * (size // 100)
    return f"until=={_until(first)}..{_until(first + 19)}"


def _accurate(size: int, n: int) -> str:
    first = n * (size // 100)
    return f"speed.accuracy=={first}..{first + 19}"


def _stored(n: int) -> Operation:
    """`entity(n)` as the document that the interface would make of it, and three values that conditions ask for: few are open."""
    from bench.graph import entity

    sent = entity(n, n % 20)
    doc: dict[str, Any] = {"id": sent["id"], "type": [NS + "Vehicle"]}
    for name in ("brandName", "speed", "isParked", "plate"):
        doc[NS + name] = [
            {(NS + k if k == "providedBy" else k): ([v] if k == "providedBy" else v) for k, v in sent[name].items()}
        ]
    doc[NS + "open"] = [{"type": "Property", "value": n < 10_000 and n % 500 == 7}]
    doc[NS + "until"] = [{"type": "Property", "value": _until(n)}]
    doc[NS + "speed"][0][NS + "accuracy"] = [{"type": "Property", "value": n}]
    doc[LOCATION] = [sent["location"]]
    return Operation(name="create", id=sent["id"], doc=doc)

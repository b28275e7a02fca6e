"""The live graph over HTTP: processor time of our process and of PostgreSQL for each request, as clients see it.

    .venv/bin/python -m bench.graph [--million | --many N] [--again] [--quick]

A node of its own (`nhip graph serve`, one process) on an embedded server of its own that syncs to disk as in service. The client
is another process; its time is not counted. Fixture: entities of about 550 bytes with five attributes. `--million` also fills a
tenant with 1,000,000 entities and asks it for places, values, counts and pages (`graph_many.py`). Microseconds are processor time
per request (per entity where it says so), as the machine is shared; `ms` is the median of the clock. Every write is durable and
has its history. `over_floor_us` is what is ours of it: without what the same HTTP server takes for an application that does
nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench import graph_many, results
from bench.results import HERE, WORK, record
from nhip import compiled
from nhip.db.embedded import EmbeddedServer

FOLDER = WORK / "graph"
PORT = 9699
CALLERS = 64
HUNDRED = 100
UPSERT = "batch upsert of 20, per entity, 4 clients"


def entity(n: int, speed: float = 30.0) -> dict[str, Any]:
    """Vehicle number `n` as a client sends it: about 550 bytes."""
    chance = random.Random(n)
    point = [round(107 + chance.random(), 5), round(16 + chance.random(), 5)]
    return {
        "id": f"urn:ngsi-ld:Vehicle:{n:07d}",
        "type": "Vehicle",
        "brandName": {"type": "Property", "value": f"Brand {n % 50}"},
        "speed": {"type": "Property", "value": speed, "unitCode": "KMH", "observedAt": _observed(n, speed)},
        "isParked": {
            "type": "Relationship",
            "object": f"urn:ngsi-ld:OffStreetParking:Downtown{n % 1000}",
            "providedBy": {"type": "Relationship", "object": "urn:ngsi-ld:Person:Bob"},
        },
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": point}},
        "plate": {"type": "Property", "value": f"75B-{n:07d}"},
    }


def _observed(n: int, speed: float) -> str:
    return f"2026-11-22T{n % 24:02d}:{int(speed) % 60:02d}:00.{n % 1000:03d}Z"


class Client:
    """Keep-alive connections that ask as fast as they are answered."""

    def __init__(self, tenant: str = "", address: tuple[str, int] = ("127.0.0.1", PORT), headers: str = "") -> None:
        self._address = address
        self._headers = headers + (f"NGSILD-Tenant: {tenant}\r\n" if tenant else "")
        self.seconds: list[float] = []

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The bytes of a request."""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method != "GET" else ""
        host, port = self._address
        head = f"{method} /ngsi-ld/v1/{path} HTTP/1.1\r\nHost: {host}:{port}\r\n{self._headers}{kind}\r\n"
        return head.encode() + body

    async def run(self, requests: list[bytes], callers: int) -> None:
        """Send all, `callers` at a time. Raises RuntimeError for an answer that is no success."""
        waiting = iter(requests)
        self.seconds = []

        async def caller() -> None:
            reader, writer = await asyncio.open_connection(*self._address, limit=1 << 20)
            for one in waiting:
                started = time.perf_counter()
                writer.write(one)
                await self._answer(reader)
                self.seconds.append(time.perf_counter() - started)
            writer.close()

        await asyncio.gather(*(caller() for _ in range(callers)))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of one answer, whatever it says."""
        reader, writer = await asyncio.open_connection(*self._address, limit=1 << 20)
        writer.write(request)
        head, body = await _read(reader)
        writer.close()
        return int(head[9:12]), body

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        head, body = await _read(reader)
        if head[9:10] != b"2":
            raise RuntimeError((head + body)[:400].decode())
        return body


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of an answer that says its length, or comes in chunks as some brokers send it."""
    head = await reader.readuntil(b"\r\n\r\n")
    names = head.lower()
    place = names.find(b"content-length:")
    if place >= 0:
        return head, await reader.readexactly(int(head[place + 15 :].split(b"\r\n", 1)[0]))
    body = b""
    while b"transfer-encoding: chunked" in names:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if not size:
            break
    return head, body


class Node:
    """The node and its database server, with their processor time."""

    def __init__(self, *, fresh: bool, folder: Path = FOLDER) -> None:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        WORK.mkdir(exist_ok=True)
        self.server = EmbeddedServer(folder / "postgres")
        command = [sys.executable, "-m", "nhip", "--data-dir", str(folder), "graph", "serve", "--open"]
        self._log = (WORK / "graph.log").open("wb")
        command += ["--port", str(PORT), "--node", "bench"]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=HERE.parent)

    async def ready(self) -> None:
        """Until it answers."""
        await _answering()

    def url(self) -> str:
        """The node's database."""
        return self.server.url("nhip_node_bench")

    def cpu(self) -> tuple[float, float]:
        """Seconds so far, of ours and of PostgreSQL."""
        return _family(self._process.pid), _family(self.server.pid() or 0)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


class Floor:
    """The same HTTP server with an application that reads the body and answers at once."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.floor", str(PORT)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE.parent)

    def cpu(self) -> tuple[float, float]:
        """Seconds so far; no database."""
        return _family(self._process.pid), 0.0

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


async def _answering() -> None:
    for _ in range(600):
        try:
            await Client().run([Client().request("GET", "info/sourceIdentity")], 1)
            return
        except (OSError, RuntimeError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.2)
    raise RuntimeError(f"the node does not answer; see {WORK / 'graph.log'}")


async def floor(figures: Measured, size: int) -> None:
    """What the HTTP server takes: its part of each of the figures that follow."""
    server, client = Floor(), Client()
    try:
        await _answering()
        body, many = orjson.dumps(entity(0)), orjson.dumps([entity(n) for n in range(20)])
        for name, request, callers in (
            ("GET of 500 B", client.request("GET", "550"), CALLERS),
            ("GET of 11 kB", client.request("GET", "11000"), 16),
            ("write of 500 B", client.request("POST", "0", body), CALLERS),
            ("write of 11 kB", client.request("POST", "0", many), 4),
        ):
            await measure(server, client, figures, f"floor: {name}", [request] * size, callers)
    finally:
        server.stop()


def _family(pid: int) -> float:
    total = 0.0
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error, OSError):
            total += sum(_of_thread(task) for task in Path(f"/proc/{one.pid}/task").iterdir())
            ended = one.cpu_times()
            total += ended.children_user + ended.children_system
    return total


def _of_thread(task: Path) -> float:
    """Seconds to the nanosecond; what `cpu_times` tells moves by hundredths of a second."""
    with suppress(OSError):
        return int((task / "schedstat").read_bytes().split()[0]) / 1e9
    return 0.0


Measured = dict[str, dict[str, float]]


async def measure(
    node: Node | Floor,
    client: Client,
    figures: Measured,
    name: str,
    requests: list[bytes],
    callers: int,
    per: int = 1,
    floor: str = "",
) -> None:
    """Warm up, run three parts, and note what a request of the cheapest took, as neighbours on the host only make it dearer.

    `floor` is the figure to compare with.
    """
    await client.run(requests[: max(len(requests) // 20, callers)], callers)
    some = requests[max(len(requests) // 20, callers) :]
    third = -(-len(some) // 3)
    parts = [await _part(node, client, some[n : n + third], callers, per) for n in range(0, len(some), third)]
    figures[name] = min(parts, key=lambda part: part["cpu_us"] + part["database_cpu_us"])
    if floor:
        under = figures[f"floor: {floor}"]["cpu_us"] / per
        figures[name]["over_floor_us"] = round(figures[name]["cpu_us"] - under, 1)
    print(f"{name:44} {figures[name]}", flush=True)


async def _part(node: Node | Floor, client: Client, requests: list[bytes], callers: int, per: int) -> dict[str, float]:
    ours, theirs = node.cpu()
    started = time.perf_counter()
    await client.run(requests, callers)
    wall = time.perf_counter() - started
    after = node.cpu()
    count = len(requests) * per
    return {
        "cpu_us": round((after[0] - ours) / count * 1e6, 1),
        "database_cpu_us": round((after[1] - theirs) / count * 1e6, 1),
        "per_s": round(count / wall),
        "ms": round(statistics.median(client.seconds) * 1e3, 2),
    }


async def small(node: Node, figures: Measured, size: int) -> None:
    """Single requests and batches on a few thousand entities; reads by id are of the first hundred."""
    client, chance = Client(), random.Random(1)
    bodies = [orjson.dumps(entity(n)) for n in range(size)]
    print(f"entities of {statistics.mean(map(len, bodies)):.0f} bytes")
    creates = [client.request("POST", "entities", body) for body in bodies]
    await measure(node, client, figures, "POST create, 64 clients", creates, CALLERS, floor="write of 500 B")
    ids = [f"urn:ngsi-ld:Vehicle:{chance.randrange(size):07d}" for _ in range(size * 4)]
    gets = [client.request("GET", f"entities/urn:ngsi-ld:Vehicle:{n % HUNDRED:07d}") for n in range(size * 4)]
    await measure(node, client, figures, "GET by id, 64 clients", gets, CALLERS, floor="GET of 500 B")
    pages = [client.request("GET", f"entities?type=Vehicle&limit=20&offset={n % 80}") for n in range(size)]
    await measure(node, client, figures, "GET a page of 20, 16 clients", pages, 16, floor="GET of 11 kB")
    patches = [client.request("PATCH", f"entities/{id}/attrs", _speed(n)) for n, id in enumerate(ids[: size * 2])]
    name = "PATCH one attribute, 64 clients"
    await measure(node, client, figures, name, patches, CALLERS, floor="write of 500 B")
    for many, name in ((HUNDRED, UPSERT), (size, f"{UPSERT}, of thousands")):
        upserts = []
        for n in range(size // 4):
            batch = [entity((n * 20 + k) % many, n % 57 + 1) for k in range(20)]
            upserts.append(client.request("POST", "entityOperations/upsert", orjson.dumps(batch)))
        await measure(node, client, figures, name, upserts, 4, per=20, floor="write of 11 kB")


def _speed(n: int) -> bytes:
    value = {"type": "Property", "value": n % 120, "observedAt": f"2026-11-22T{n % 24:02d}:{n % 60:02d}:00.000Z"}
    return orjson.dumps({"speed": value})


async def temporal(node: Node, figures: Measured) -> None:
    """An aggregate over 10,000 points."""
    client = Client("history")
    body = orjson.dumps(entity(0))
    await client.run([client.request("POST", "entities", body)], 1)
    points = []
    for n in range(10_000):
        at = f"2026-11-{n // 1440 % 20 + 1:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00Z"
        value = {"type": "Property", "value": n % 97, "observedAt": at}
        points.append(
            client.request("PATCH", "entities/urn:ngsi-ld:Vehicle:0000000/attrs", orjson.dumps({"speed": value}))
        )
    await client.run(points, CALLERS)
    period = "timerel=between&timeAt=2026-11-01T00:00:00Z&endTimeAt=2026-11-30T00:00:00Z"
    asked = "attrs=speed&options=aggregatedValues&aggrMethods=avg,max,min&aggrPeriodDuration=PT6H"
    path = f"temporal/entities/urn:ngsi-ld:Vehicle:0000000?{period}&{asked}"
    await measure(node, client, figures, "temporal aggregate over 10,000 points", [client.request("GET", path)] * 60, 1)


def matching(figures: Measured) -> None:
    """Finding the subscriptions that a change is about, among 10,000."""
    from bench.subscriptions import match_us

    figures["subscription match, 10,000 subscriptions"] = match_us()
    print("subscription match", figures["subscription match, 10,000 subscriptions"], flush=True)


async def measure_all(size: int, many: int, *, again: bool = False) -> Measured:
    """Everything, on a fresh node; `again`: only what is asked of many, on the node of the last run."""
    figures: Measured = {}
    if not again:
        await floor(figures, size)
    node = Node(fresh=not again)
    try:
        await node.ready()
        if not again:
            matching(figures)
            await small(node, figures, size)
            await temporal(node, figures)
        if many:
            await graph_many.measure_many(node, figures, many)
    finally:
        node.stop()
    return figures


def run(quick: bool, many: int = 0, *, again: bool = False) -> None:
    """Measure and record; results.json takes what was measured after `make fast`."""
    if not compiled.take():
        print("The inner loop is not compiled (make fast): these figures are not recorded.")
        results.kept = False
    figures = asyncio.run(measure_all(600 if quick else 4000, many, again=again))
    durable = "fsync on, synchronous_commit on, history in the same commit; one process of ours"
    record("graph", {"rows": many or (600 if quick else 4000), "durability": durable, **figures})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", action="store_true", help="also with 1,000,000 entities")
    parser.add_argument("--many", type=int, default=0, help="also with so many entities")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true", help="only ask the many entities of the last run")
    asked = parser.parse_args()
    results.kept = asked.million and not asked.quick
    run(asked.quick, 1_000_000 if asked.million else asked.many, again=asked.again)


if __name__ == "__main__":
    os.environ.setdefault("NHIP_REQUESTS_PER_MINUTE", "0")
    main()

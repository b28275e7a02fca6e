"""Another NGSI-LD broker beside ours: the same requests to both in turn, and what each takes of the processor.

    .venv/bin/python -m bench.peer --name NAME --url http://127.0.0.1:1026 --pid N [--database-pid M]
        --version V --built HOW --durability WHAT --history WHAT [--writers 1] [--header "Authorization: …"] [--quick]
    .venv/bin/python -m bench.peer --name NAME --url http://127.0.0.1:1026 --start "COMMAND" …

The peer runs on this machine with an empty store: either it runs already (`--pid`: its processes; their children count too) or
`--start` starts and ends it. Ours is a node of its own on a PostgreSQL server of its own, as in `bench.graph`. Both hold the same
100 entities; each kind of request goes to both in turn, several rounds, the first of a round changing; the cheapest round counts.
Before a kind is measured, one answer of each is compared (status, ids of the entities); at the end all entities are.
What the peer promises about a write that it acknowledged cannot be seen from here: say it, it stands beside the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from bench import results
from bench.graph import CALLERS, HUNDRED, Client, Node, _family, _part, _speed, entity
from bench.results import WORK, record
from nhip import compiled

ROUNDS = 5
OURS = "every acknowledged write is on disk (fsync on, synchronous_commit on), with its history in the same commit; one process"
Sent = tuple[str, str, bytes]
"""Method, path, body."""
_FRACTION = re.compile(rb"(?<=:\d\d)(?:\.0+|(\.\d*[1-9])0*)Z")


class Kind(NamedTuple):
    """A kind of request. `made`: round and number of requests -> these; `undo`: one of them -> what takes it back, unmeasured."""

    name: str
    callers: int
    made: Callable[[int, int], list[Sent]]
    share: int = 1  # one request for so many of the number asked for
    per: int = 1  # entities in a request
    writes: bool = False
    undo: Callable[[Sent], Sent] | None = None


class Peer:
    """The processes of the other broker."""

    def __init__(self, pids: list[int], database: list[int], command: str) -> None:
        self._started = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL) if command else None
        self._pids = [*pids, self._started.pid] if self._started else pids
        self._database = database

    def cpu(self) -> tuple[float, float]:
        """Seconds so far, of the broker and of its database."""
        return sum(map(_family, self._pids)), sum(map(_family, self._database))

    def stop(self) -> None:
        """End it, if it was started here."""
        if self._started:
            self._started.terminate()
            self._started.wait(30)


class Side(NamedTuple):
    """One of the two: who is asked, and whose time is read."""

    client: Client
    processes: Any

    async def ask(self, sent: Sent) -> tuple[int, Any]:
        """Status and what the body says."""
        status, body = await self.client.ask(self.client.request(*sent))
        return status, _said(body)


def _said(body: bytes) -> Any:
    """What the JSON says, without its @context, which differs by version, and without zeros at the end of a time."""
    try:
        found = orjson.loads(_FRACTION.sub(rb"\1Z", body)) if body else None
    except orjson.JSONDecodeError:
        return body[:200].decode(errors="replace")
    if isinstance(found, dict):
        found.pop("@context", None)
    return found


def _gets(_turn: int, size: int) -> list[Sent]:
    return [("GET", f"entities/urn:ngsi-ld:Vehicle:{n % HUNDRED:07d}", b"") for n in range(size)]


def _pages(_turn: int, size: int) -> list[Sent]:
    return [("GET", f"entities?type=Vehicle&limit=20&offset={n % 80}", b"") for n in range(size)]


def _values(_turn: int, size: int) -> list[Sent]:
    """Twenty entities whose plates follow each other."""
    asked = "entities?type=Vehicle&limit=20&q=plate>=%2275B-{:07d}%22;plate<=%2275B-{:07d}%22"
    return [("GET", asked.format(n % 80, n % 80 + 19), b"") for n in range(size)]


def _places(_turn: int, size: int) -> list[Sent]:
    """What is within 20 km of an entity."""
    near = "entities?type=Vehicle&limit=100&georel=near;maxDistance==20000&geometry=Point&coordinates=%5B{},{}%5D"
    return [("GET", near.format(*entity(n % HUNDRED)["location"]["value"]["coordinates"]), b"") for n in range(size)]


def _creates(turn: int, size: int) -> list[Sent]:
    first = HUNDRED * 10 + turn * size
    return [("POST", "entities", orjson.dumps(entity(n))) for n in range(first, first + size)]


def _deleted(sent: Sent) -> Sent:
    return "DELETE", f"entities/{orjson.loads(sent[2])['id']}", b""


def _patches(turn: int, size: int) -> list[Sent]:
    return [("PATCH", f"{path}/attrs", _speed(n + turn * 7)) for n, (_get, path, _none) in enumerate(_gets(turn, size))]


def _upserts(turn: int, size: int) -> list[Sent]:
    batches = [[entity((n * 20 + k) % HUNDRED, (n + turn) % 57 + 1) for k in range(20)] for n in range(size)]
    return [("POST", "entityOperations/upsert", orjson.dumps(batch)) for batch in batches]


KINDS = (
    Kind("GET by id", CALLERS, _gets),
    Kind("GET a page of 20", 16, _pages, share=4),
    Kind("q, 20 hits of 100", 16, _values, share=4),
    Kind("geo query, near, of 100", 16, _places, share=4),
    Kind("POST create", CALLERS, _creates, share=4, writes=True, undo=_deleted),
    Kind("PATCH one attribute", CALLERS, _patches, share=2, writes=True),
    Kind("batch upsert of 20, per entity", 4, _upserts, share=16, per=20, writes=True),
)


def _differ(ours: tuple[int, Any], peer: tuple[int, Any]) -> str:
    """How two answers differ; nothing if they do not."""
    if ours[0] != peer[0]:
        return f"{ours[0]}, the peer {peer[0]}"
    ids = [sorted(one["id"] for one in said) if isinstance(said, list) else said for _status, said in (ours, peer)]
    if ids[0] == ids[1]:
        return ""
    return f"{len(ids[0])} entities, the peer {len(ids[1])}" if isinstance(ids[0], list) else "other bodies"


async def _compared(ours: Side, peer: Side, kind: Kind) -> tuple[str, bool]:
    """What is to be said of the answers to the first request of a kind, and whether the peer answers it at all."""
    sent = kind.made(ROUNDS, 1)[0]
    answers = [await side.ask(sent) for side in (ours, peer)]
    if kind.undo:
        await asyncio.gather(*(side.ask(kind.undo(sent)) for side in (ours, peer)))
    found = f", {len(answers[0][1])} entities" if isinstance(answers[0][1], list) else ""
    return _differ(*answers) or f"same: {answers[0][0]}{found}", answers[1][0] < 300


async def _turn(side: Side, kind: Kind, turn: int, size: int, callers: int) -> dict[str, float]:
    sent = kind.made(turn, size // kind.share)
    requests = [side.client.request(*one) for one in sent]
    took = await _part(side.processes, side.client, requests, callers, kind.per)
    if kind.undo:
        await side.client.run([side.client.request(*kind.undo(one)) for one in sent], callers)
    return took


async def measure(ours: Side, peer: Side, kind: Kind, size: int, writers: int) -> dict[str, Any]:
    """The cheapest round of each side, and what its answers were."""
    answers, can = await _compared(ours, peer, kind)
    sides = {"ours": (ours, kind.callers)}
    if can:
        sides["peer"] = peer, min(kind.callers, writers) if kind.writes else kind.callers
    took: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name in sorted(sides, reverse=turn % 2 == 1):
            side, callers = sides[name]
            took[name].append({"callers": callers, **await _turn(side, kind, turn, size, callers)})
    best = {name: min(parts, key=lambda part: part["cpu_us"] + part["database_cpu_us"]) for name, parts in took.items()}
    print(f"{kind.name:32} {answers:24} {best}", flush=True)
    return {"answers": answers, **best}


async def _filled(side: Side) -> None:
    """Give it the hundred entities as soon as it answers. Ends the run if it has something of their type already."""
    status, found = 0, None
    for _ in range(300):
        with suppress(OSError, asyncio.IncompleteReadError):
            status, found = await side.ask(("GET", "entities?type=Vehicle&limit=1", b""))
            break
        await asyncio.sleep(0.2)
    if not status or found:
        sys.exit(f"the broker's store is not empty: {status} {found}" if status else "the broker does not answer")
    await side.client.run([side.client.request("POST", "entities", orjson.dumps(entity(n))) for n in range(HUNDRED)], 1)


async def _alike(ours: Side, peer: Side) -> int:
    """How many of the hundred entities read the same after the same last batches."""
    for side in (ours, peer):
        await side.client.run([side.client.request(*sent) for sent in _upserts(ROUNDS, HUNDRED // 20)], 1)
    return sum([await ours.ask(one) == await peer.ask(one) for one in _gets(0, HUNDRED)])


async def compare(asked: argparse.Namespace) -> dict[str, Any]:
    """Every kind of request, to both in turn."""
    address, size = urlsplit(asked.url), 400 if asked.quick else 2000
    headers = "".join(f"{line}\r\n" for line in asked.header)
    other = Peer(asked.pid, asked.database_pid, asked.start)
    node = Node(fresh=True, folder=WORK / "peer")
    ours, peer = Side(Client(), node), Side(Client("", (address.hostname or "", address.port or 80), headers), other)
    try:
        await node.ready()
        for side in (peer, ours):
            await _filled(side)
        found: dict[str, Any] = {kind.name: await measure(ours, peer, kind, size, asked.writers) for kind in KINDS}
        return {"requests": found, "alike": await _alike(ours, peer)}
    finally:
        node.stop()
        other.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("name", "url"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("version", "built", "durability", "history"):
        parser.add_argument(f"--{name}", default="not told")
    parser.add_argument("--pid", type=int, action="append", default=[], help="a process of the peer")
    parser.add_argument("--database-pid", type=int, action="append", default=[], help="its database's first process")
    parser.add_argument("--start", default="", help="command that starts the peer in the foreground")
    parser.add_argument("--header", action="append", default=[], help="in every request to the peer")
    parser.add_argument("--writers", type=int, default=CALLERS, help="at most so many writes to the peer at once")
    parser.add_argument("--quick", action="store_true", help="a fifth of the requests; not recorded")
    asked = parser.parse_args()
    if not asked.pid and not asked.start:
        parser.error("--pid or --start: whose processor time is to be read?")
    results.kept = not asked.quick and compiled.take()
    found = asyncio.run(compare(asked))
    told = {name: getattr(asked, name) for name in ("name", "version", "built", "durability", "history")}
    how = {"peer": told, "ours": {"durability": OURS}, "rows": HUNDRED, "rounds": ROUNDS}
    record(f"peer {asked.name}", {**how, **found})


if __name__ == "__main__":
    main()

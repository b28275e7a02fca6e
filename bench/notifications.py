"""What a notification costs our process: real subscriptions, real writes, a receiver that answers at once in another process.

.venv/bin/python -m bench.notifications
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.results import WORK, record
from bench.subscriptions import match_us
from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.service import Contexts
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.graph.subscriptions.service import Subscriptions
from nhip.parts import prepare_database
from nhip.settings import Settings

NS = "https://uri.etsi.org/ngsi-ld/default-context/"
SUBSCRIPTIONS = 50
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def _receive(port: int) -> None:
    """A receiver that answers each request, until it is killed."""

    async def serve() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                    await reader.readexactly(length)
                    writer.write(_ANSWER)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


def _change(n: int) -> Operation:
    values = {NS + name: [{"type": "Property", "value": n}] for name in ("speed", "load", "heading", "doors")}
    return Operation(name="upsert-replace", id="urn:x:bus:1", doc={"id": "urn:x:bus:1", "type": [NS + "Bus"], **values})


async def _subscribe(subscriptions: Subscriptions, contexts: Contexts, kind: str, port: int, **told: Any) -> None:
    context = await contexts.resolve(1, None)
    for n in range(SUBSCRIPTIONS):
        endpoint = {"uri": f"http://127.0.0.1:{port}/{kind}/{n}", **told}
        asked = {"type": "Subscription", "entities": [{"type": "Bus"}], "notification": {"endpoint": endpoint}}
        await subscriptions.create(1, {**asked, "id": f"urn:x:{kind}:{n}"}, None, context)


async def _measure(url: str, folder: Path, port: int, changes: int) -> dict[str, dict[str, float]]:
    settings = Settings(data_dir=folder, outgoing_private="127.0.0.0/8")
    db, graph = Database(url, size=2), Graph(url)
    await db.open()
    await prepare_database(db)
    await graph.open()
    contexts = Contexts(settings, db)
    subscriptions = Subscriptions(graph, contexts, settings, Hosting(contexts, "http://here"))
    await subscriptions.open()
    figures = {}
    for kind, told in (("usual", {}), ("certain", {"notifierInfo": [{"key": "Delivery", "value": "certain"}]})):
        await _subscribe(subscriptions, contexts, kind, port, **told)
        await _write(subscriptions, graph, kind, 5)
        started, cpu = time.perf_counter(), time.process_time()
        await _write(subscriptions, graph, kind, changes)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - started
        told_of = changes * SUBSCRIPTIONS
        figures[f"notification, {kind}"] = {
            "cpu_us": round(cpu / told_of * 1e6, 1),
            "per_cpu_second": round(told_of / cpu),
            "per_second": round(told_of / wall),
        }
        for one in list(subscriptions.index.all()):
            await subscriptions.delete(one.tenant, one.id)
    await subscriptions.close()
    await graph.close()
    await contexts.close()
    await db.close()
    return figures


async def _write(subscriptions: Subscriptions, graph: Graph, kind: str, changes: int) -> None:
    """Changes one after the other, so that each is a notification of its own to each receiver."""
    for n in range(changes):
        await graph.write(1, [_change(n)])
        if kind == "certain":
            while (await graph.fetch("select exists (select from graph.letter)"))[0][0]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        else:
            await asyncio.gather(*(one.last_work for one in subscriptions._outlets.values() if one.last_work))


def notification_us(folder: Path, *, changes: int = 100, port: int = 9697) -> dict[str, dict[str, float]]:
    """Microseconds of processor time of our process for each notification, the write that it tells of shared among them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    receiver = os.fork()
    if receiver == 0:
        _receive(port)
        os._exit(0)
    server = EmbeddedServer(folder / "postgres")
    try:
        return asyncio.run(_measure(server.start(), folder, port, changes))
    finally:
        server.stop()
        os.kill(receiver, 9)
        os.waitpid(receiver, 0)


def run() -> None:
    """Measure, print and record: finding who is to be told, and telling."""
    figures: dict[str, object] = {
        "match, 10,000 subscriptions": match_us(),
        "match, 10,000 subscriptions, each condition asked": match_us(ladder=False),
        **notification_us(WORK / "notifications"),
    }
    for name, figure in figures.items():
        print(name, figure)
    record("subscriptions", figures)


if __name__ == "__main__":
    run()

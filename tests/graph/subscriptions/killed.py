"""A process of the graph that writes one change and is killed before its notification is sent: `python -m ... URL FOLDER`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from nhip.db import Database
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.service import Contexts
from nhip.graph.model import Operation
from nhip.graph.service import Graph
from nhip.graph.subscriptions import receivers
from nhip.graph.subscriptions.service import Subscriptions
from nhip.settings import Settings

NS = "https://uri.etsi.org/ngsi-ld/default-context/"


async def main(url: str, folder: str, tenant: int, when: str) -> None:
    """Write entity `urn:x:bus:1`; die `before` its notification is sent, or `after` the receiver has it."""
    settings = Settings(data_dir=Path(folder), outgoing_private="127.0.0.0/8")
    db, graph = Database(url, size=1), Graph(url)
    await db.open()
    await graph.open()
    contexts = Contexts(settings, db)
    subscriptions = Subscriptions(graph, contexts, settings, Hosting(contexts, "http://here"))
    sent = receivers.sender_of

    class Deadly:
        """Sends, or not, and dies."""

        def __init__(self, *given: object) -> None:
            self.inner = sent(*given)  # type: ignore[arg-type]

        async def send(self, *given: object) -> int:
            if when == "after":
                await self.inner.send(*given)  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        def close(self) -> None:
            self.inner.close()

    receivers.sender_of = Deadly  # type: ignore[assignment]
    await subscriptions.open()
    doc = {"id": "urn:x:bus:1", "type": [NS + "Bus"], NS + "n": [{"type": "Property", "value": 1}]}
    await graph.write(tenant, [Operation(name="create", id="urn:x:bus:1", doc=doc)])
    await asyncio.sleep(120)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))

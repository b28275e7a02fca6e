"""What the HTTP server takes by itself: an application that reads the body and answers at once, served as a node of the graph is.

    .venv/bin/python -m bench.floor PORT

The last part of the path says how many bytes to answer with.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from nhip.graph.http.serving import run


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with as many bytes as asked for."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    message = await receive() if scope["method"] != "GET" else {}
    while message.get("more_body"):
        message = await receive()
    last = scope["path"].rpartition("/")[2]
    body = b" " * (int(last) if last.isdigit() else 0)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def create() -> Any:
    """The application, with the collector as a node sets it."""
    gc.set_threshold(100_000, 50, 100)
    return application


if __name__ == "__main__":
    run("bench.floor:create", "127.0.0.1", int(sys.argv[1]))

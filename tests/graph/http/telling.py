"""An application for processes of their own, quickly imported."""

from __future__ import annotations

import os
from typing import Any


def create() -> Any:
    """An application that tells which process it is in."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % os.getpid()})

    return application

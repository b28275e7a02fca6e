"""An application for processes of their own, quickly imported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def create() -> Any:
    """An application that tells which process it is in. While there is the file TELLING_AWAY it cannot start."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            if Path(os.environ.get("TELLING_AWAY", "/nowhere")).exists():
                await send({"type": "lifespan.startup.failed"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % os.getpid()})

    return application

"""Has the embedded server running as long as somebody needs it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nhip.db.embedded import EmbeddedServer
from nhip.errors import NhipError

log = logging.getLogger(__name__)
_LOOK_S = 1.0
_LONGEST_PAUSE_S = 30.0


@contextmanager
def kept_running(server: EmbeddedServer | None) -> Iterator[None]:
    """Start the server again whenever it died, for as long as the block lasts: killed, or given up because the disk was full.
    Connections are made anew by whoever holds them. None: the database is somebody else's to look after."""
    if server is None:
        yield
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(server, ended), name="keeper of the database")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep(server: EmbeddedServer, ended: threading.Event) -> None:
    pause = _LOOK_S
    while not ended.wait(pause):
        try:
            if server.running():
                pause = _LOOK_S
                continue
            log.warning("the embedded database died; starting it again")
            server.start()
            pause = _LOOK_S
        except (NhipError, OSError) as error:
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            log.error("%s Trying again in %d s.", error, pause)
        except Exception:
            pause = _LONGEST_PAUSE_S
            log.exception("the embedded database could not be looked after")

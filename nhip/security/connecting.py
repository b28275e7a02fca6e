"""Connecting to the first of several addresses that answers: one that is dead does not use up the time of those that live.

The next address is tried when one refuses, or has not answered for a moment (RFC 8305, section 5).
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nhip.security.addresses import CheckedAddress

STAGGER_S = 0.25
MOST_TRIED = 8
"""A name with more addresses has that many tried."""


def connect(addresses: Iterable[CheckedAddress], timeout_s: float) -> socket.socket:
    """A TCP connection to the first that answers. Raises OSError: TimeoutError, or why the last one refused."""
    waiting, until, next_at = deque(_different(addresses)), time.monotonic() + timeout_s, 0.0
    last: OSError = TimeoutError()
    with selectors.DefaultSelector() as trying:
        try:
            while waiting or trying.get_map():
                at = time.monotonic()
                if at >= until:
                    raise TimeoutError
                if waiting and (at >= next_at or not trying.get_map()):
                    try:
                        trying.register(_begun(waiting.popleft()), selectors.EVENT_WRITE)
                    except OSError as error:
                        last = error
                        continue
                    next_at = at + STAGGER_S
                for key, _events in trying.select(max(0.0, (min(until, next_at) if waiting else until) - at)):
                    tried = key.fileobj
                    assert isinstance(tried, socket.socket)
                    trying.unregister(tried)
                    if (code := tried.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) == 0:
                        tried.settimeout(timeout_s)
                        return tried
                    tried.close()
                    last = OSError(code, os.strerror(code))
            raise last
        finally:
            for key in list(trying.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]


async def connected(addresses: Iterable[CheckedAddress]) -> socket.socket:
    """As `connect`, on the loop; without a time of its own. The socket does not block."""
    waiting = deque(_different(addresses))
    trying: set[asyncio.Task[socket.socket]] = set()
    last: OSError = TimeoutError()
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.get_running_loop().create_task(_reached(waiting.popleft())))
            done, trying = await asyncio.wait(
                trying, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            good = [task.result() for task in done if task.exception() is None]
            if good:
                for other in good[1:]:
                    other.close()
                return good[0]
            for task in done:
                error = task.exception()
                if not isinstance(error, OSError):
                    assert error is not None
                    raise error
                last = error
        raise last
    finally:
        for task in trying:
            task.add_done_callback(_close)
            task.cancel()


def _different(addresses: Iterable[CheckedAddress]) -> list[CheckedAddress]:
    return list(dict.fromkeys(addresses))[:MOST_TRIED]


def _new(address: CheckedAddress) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address.ip else socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def _begun(address: CheckedAddress) -> socket.socket:
    made = _new(address)
    try:
        made.connect((address.ip, address.port))
    except BlockingIOError:
        pass
    except OSError:
        made.close()
        raise
    return made


async def _reached(address: CheckedAddress) -> socket.socket:
    made = _new(address)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address.ip, address.port))
    except BaseException:
        made.close()
        raise
    return made


def _close(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()  # it came just before it was given up

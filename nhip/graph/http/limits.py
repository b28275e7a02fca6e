"""How much of a process strangers may take."""

from __future__ import annotations

import msgspec

from nhip.graph.api.limits import Limits


class HttpLimits(msgspec.Struct, frozen=True):
    """How much of a process strangers may take. Sizes of heads are exact to a piece (`PIECE`), times to a second."""

    connections: int = 1024
    address_bytes: int = 65_536
    head_bytes: int = 98_304
    headers: int = 100
    body_bytes: int = Limits().body_bytes
    bodies_bytes: int = 256_000_000
    """Large bodies that are in memory at the same time, of all connections."""
    head_s: float = 20.0
    """From the first byte of a request to the end of its head."""
    body_s: float = 60.0
    idle_s: float = 75.0
    """Between an answer and the next request."""
    unread_s: float = 60.0
    """While the peer does not take its answer."""
    linger_s: float = 5.0
    """After a refusal, so that a peer that is still sending gets to read it."""
    ending_s: int = 20
    """Time of what was begun when the process is told to end."""


PIECE = 16_384
"""Bytes parsed at a time: what a piece holds is bounded, however many requests a peer sends ahead."""
RETRY_AFTER_S = 2
AHEAD = 16
"""Requests of one connection that wait before no more are read."""
SMALL = 65_536
"""Bodies up to this size are not counted with the large ones."""

"""A network that went silent: neither end hears that it is parted from the other."""

from __future__ import annotations

import socket

import asyncpg

_SILENT_S = 30
"""A server that the network has parted from us counts as away after this."""


def notice_silence(connection: asyncpg.Connection) -> None:
    """Have the system notice when the network drops what goes to the server and comes from it, without a word to anybody."""
    found = connection._transport.get_extra_info("socket")
    if found.family == socket.AF_UNIX:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, number in (
        ("TCP_KEEPIDLE", _SILENT_S // 2),
        ("TCP_KEEPINTVL", _SILENT_S // 6),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", _SILENT_S * 1000),
    ):
        if hasattr(socket, option):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), number)

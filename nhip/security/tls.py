"""TLS of lines that we open: the one place that says whom we believe and whether a line is sealed."""

from __future__ import annotations

import socket
import ssl

Believed = ssl.SSLContext


def believed_context() -> ssl.SSLContext:
    """TLS 1.2 or later whose other end is vouched for by an authority that this machine believes, under the name we asked for."""
    return ssl.create_default_context()


def believed_under(name: str) -> ssl.SSLContext:
    """TLS whose other end is vouched for under `name`, where a library knows but the address that was judged."""
    context = believed_context()
    wrap = context.wrap_socket
    context.wrap_socket = lambda line, **told: wrap(line, **{**told, "server_hostname": name})  # type: ignore[method-assign]
    return context


def is_sealed(line: socket.socket | None) -> bool:
    """Whether what goes over `line` is encrypted."""
    return isinstance(line, ssl.SSLSocket)

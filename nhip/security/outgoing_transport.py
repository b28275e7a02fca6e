"""The wire: httpcore with a network layer that connects to checked addresses only and keeps to deadlines."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from nhip.security.addresses import open_socket
from nhip.security.outgoing_errors import AnswerCutShort, OutgoingError, TimedOut, TlsFailed, Unreachable
from nhip.settings import Settings


class _Stream(httpcore.NetworkStream):
    """A socket whose every read and write also ends at the guard's deadline: dripping bytes do not hold a worker."""

    def __init__(self, sock: socket.socket, guard: _Guard) -> None:
        self._sock = sock
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _mapped(httpcore.ReadTimeout, httpcore.ReadError):
            self._sock.settimeout(self._guard.remaining(timeout))
            return self._sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _mapped(httpcore.WriteTimeout, httpcore.WriteError):
            while buffer:
                self._sock.settimeout(self._guard.remaining(timeout))
                buffer = buffer[self._sock.send(buffer) :]

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(self._guard.remaining(timeout))
            return _Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname), self._guard)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout from error
        except (OSError, ValueError) as error:
            self.close()
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "handshake"
            raise TlsFailed(host=server_hostname or "", why=str(reason)[:120]) from error

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self._sock)
        return self._sock if info == "socket" else None


class _Guard(httpcore.NetworkBackend):
    """Opens connections. `deadline` is the monotonic time at which the running request must have moved on."""

    def __init__(self, settings: Settings, connect_s: float) -> None:
        self._settings = settings
        self._connect_s = connect_s
        self.deadline = float("inf")

    def remaining(self, timeout: float | None) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            sock = open_socket(host, port, self._settings, self.remaining(self._connect_s))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(sock, self)


def _is_readable(sock: socket.socket) -> bool:
    """Whether the peer closed or sent something while the connection was idle, so that it must not be used again."""
    try:
        sock.settimeout(0)
        sock.recv(1, 0 if isinstance(sock, ssl.SSLSocket) else socket.MSG_PEEK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except (OSError, ValueError):
        return True
    return True


@contextmanager
def _mapped(on_timeout: type[Exception], on_error: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise on_timeout from error
    except OSError as error:
        raise on_error(str(error)) from error


class GuardedTransport:
    """Sends requests; every failure of the wire comes out as an OutgoingError."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext, connect_s: float) -> None:
        self._guard = _Guard(settings, connect_s)
        self._stall_s = float(settings.fetch_timeout_s)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, network_backend=self._guard, max_connections=4, http1=True, http2=False
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def exchange(self, request: httpx.Request, first_byte_s: float, total_s: float) -> httpx.Response:
        """Send `request`; headers must be here within `first_byte_s`, the body within `total_s` seconds more."""
        self._guard.deadline = time.monotonic() + first_byte_s
        host = request.url.host
        with self._explained(host, request.url.port or 0):
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.content or None,
                    extensions=request.extensions,
                )
            )
        self._guard.deadline = time.monotonic() + total_s
        body = _Body(response, self, host)
        return httpx.Response(response.status, headers=response.headers, stream=body)

    @contextmanager
    def _explained(self, host: str, port: int) -> Iterator[None]:
        try:
            yield
        except OutgoingError:
            raise
        except httpcore.TimeoutException as error:
            raise TimedOut(host=host, seconds=round(self._stall_s)) from error
        except httpcore.ConnectError as error:
            raise Unreachable(host=host, port=port, why="") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise AnswerCutShort(host=host) from error


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, transport: GuardedTransport, host: str) -> None:
        self._response = response
        self._transport = transport
        self._host = host

    def __iter__(self) -> Iterator[bytes]:
        with self._transport._explained(self._host, 0):
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()

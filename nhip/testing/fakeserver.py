"""A small HTTP server on loopback that a test fills with answers, good and bad; each request is remembered."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from nhip.kernel.time import now


class Request(msgspec.Struct, frozen=True):
    """What was asked. `query` and `form` hold the last value of each parameter; header names are in lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] = {}
    """What was sent by POST, urlencoded."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `wire` writes to the socket itself, after the headers, for servers that misbehave."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    wire: Callable[[BufferedIOBase], None] | None = None


Route = Callable[[Request], Reply | None]


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """`value` as JSON; header names are given with underscores."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        status=status,
        body=msgspec.json.encode(value),
        headers={"Content-Type": "application/json; charset=utf-8", **names},
    )


def file_reply(request: Request, body: bytes, headers: Mapping[str, str]) -> Reply:
    """A file with ETag; 304 when the client already has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Reply(status=304, headers={"ETag": tag})
    return Reply(body=body, headers={"ETag": tag, **headers})


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up in the middle are what these tests are about."""


class FakeServer:
    """Serves `answer(request)`; `start` returns the address, `requests` is what was asked so far."""

    def __init__(self, answer: Route) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self.port = 0
        self._answer = answer
        self._server: ThreadingHTTPServer | None = None

    def start(self, port: int = 0, tls: Any = None) -> str:
        """Listen on 127.0.0.1 (a free port for 0; TLS with the given server context) and return the address."""
        server = _QuietServer(("127.0.0.1", port), self._handler())
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        self._server = server
        self.port = int(server.server_address[1])
        self.url = f"{'https' if tls is not None else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self.url

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        if self._server is None:
            self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                self._answer(_last(self.rfile.read(int(self.headers.get("content-length", "0"))).decode()))

            def _answer(self, form: dict[str, str]) -> None:
                parts = urlsplit(self.path)
                headers = {k.lower(): v for k, v in self.headers.items()}
                request = Request(unquote(parts.path), _last(parts.query), headers, form)
                fake.requests.append(request)
                self._send(fake._answer(request) or Reply(status=404, body=b"not here"))

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                headers = {"Last-Modified": format_datetime(now(), usegmt=True)} if reply.status == 200 else {}
                if reply.wire is None:
                    headers["Content-Length"] = str(len(reply.body))
                for name, value in {**headers, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(b"" if reply.status == 304 else reply.body)
                    if reply.wire is not None:
                        reply.wire(self.wfile)
                        self.close_connection = True
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                return None

        return Handler


def _last(encoded: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}

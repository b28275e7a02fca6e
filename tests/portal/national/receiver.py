"""A national portal on loopback that takes datasets as CKAN's Action API does: real HTTP, and away when a test says so.

Written after the behaviour of CKAN 2.11: deleted packages keep their name and can be updated back to active, names are unique,
tags have an alphabet, a wrong key is 403.
"""

from __future__ import annotations

import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

import msgspec

_TAG = re.compile(r"[\w .-]{2,100}")
_NAME = re.compile(r"[a-z0-9_-]{2,100}")


class Receiver:
    """`packages` by id. `mood`: `up`, `broken` (500), `busy` (429), `page` (HTML), `deaf` (takes it and hangs up)."""

    def __init__(self, key: str = "khoa-bi-mat") -> None:
        self.key, self.mood = key, "up"
        self.packages: dict[str, dict[str, Any]] = {}
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.graphs: dict[str, bytes] = {}
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def active(self) -> dict[str, dict[str, Any]]:
        """The packages that people find there, by name."""
        return {p["name"]: p for p in self.packages.values() if p["state"] == "active"}

    def act(self, action: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Status and answer of an action."""
        found = self._find(str(sent.get("id", "")))
        if action == "package_create":
            return self._create(sent)
        if found is None:
            return 404, {"success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}
        if action == "package_delete":
            found["state"] = "deleted"
            return 200, {"success": True, "result": None}
        if wrong := self._wrong(sent, found):
            return 409, wrong
        found |= {**sent, "id": found["id"], "state": "active"}
        return 200, {"success": True, "result": found}

    def _create(self, sent: dict[str, Any]) -> tuple[int, Any]:
        if wrong := self._wrong(sent, None):
            return 409, wrong
        made = {"state": "active", **sent, "id": str(uuid.uuid4())}
        self.packages[made["id"]] = made
        return 200, {"success": True, "result": made}

    def _find(self, given: str) -> dict[str, Any] | None:
        return self.packages.get(given) or next((p for p in self.packages.values() if p["name"] == given), None)

    def _wrong(self, sent: dict[str, Any], mine: dict[str, Any] | None) -> dict[str, Any] | None:
        errors: dict[str, Any] = {}
        other = self._find(sent.get("name", ""))
        if not _NAME.fullmatch(sent.get("name", "")) or (other is not None and other is not mine):
            errors["name"] = ["That URL is already in use."]
        if bad := [tag["name"] for tag in sent.get("tags", []) if not _TAG.fullmatch(tag["name"])]:
            errors["tags"] = [f"Tag {bad[0]} must be alphanumeric"]
        if not sent.get("license_id"):
            errors["license_id"] = ["Missing value"]
        return {"success": False, "error": {"__type": "Validation Error", **errors}} if errors else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sent = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
                if portal.mood in _MOODS:
                    return self._say(*_MOODS[portal.mood])
                if self.headers.get("authorization") != portal.key:
                    error = {"__type": "Authorization Error", "message": "Access denied"}
                    return self._say(403, msgspec.json.encode({"success": False, "error": error}))
                action = self.path.rpartition("/")[2]
                portal.taken.append((action, sent))
                status, told = portal.act(action, sent)
                if portal.mood == "deaf":
                    self.close_connection = True
                    return None
                return self._say(status, msgspec.json.encode(told))

            def do_PUT(self) -> None:
                portal.graphs[unquote(self.path)] = self.rfile.read(int(self.headers["content-length"]))
                self._say(201, b"")

            def do_DELETE(self) -> None:
                self._say(204 if portal.graphs.pop(unquote(self.path), None) is not None else 404, b"")

            def _say(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
                for name, value in told.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                return None

        return Handler


_MOODS = {
    "broken": (500, b"{}"),
    "busy": (429, b"{}"),
    "page": (200, b"<!doctype html><title>Dang nhap</title>"),
}

"""Static files: read once, addressed under the hash of them all, kept by browsers for ever.

Relative addresses between files (fonts in the style sheet, modules that import modules) stay right because the
hash is a folder. Litestar's and Granian's own static files answer no Range request; this route does (RFC 9110).
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

import msgspec
from litestar import asgi
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from nhip.errors import NotFound
from nhip.web.errors import MethodNotAllowed

PREFIX = "/static"
BUNDLES = {
    "nhip.css": (
        "css/tokens.css",
        "css/fonts.css",
        "css/base.css",
        "css/layout.css",
        "css/components.css",
        "css/tables.css",
        "css/forms.css",
        "css/patterns.css",
        "css/charts.css",
        "css/print.css",
    )
}
"""Files that are served as one: a request fewer on a slow line, and short files to work on."""
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".mjs": "text/javascript"}
_TEXT = ("text/", "image/svg+xml", "application/json")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class StaticFile(msgspec.Struct, frozen=True):
    """One file in memory, with its compressed form where that is smaller."""

    body: bytes
    media_type: str
    etag: str
    gzipped: bytes | None = None


class StaticFiles:
    """All static files of an installation by name."""

    def __init__(self, *folders: Path) -> None:
        """Read every file of `folders`; a later folder wins where names meet."""
        raw: dict[str, bytes] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    raw[path.relative_to(folder).as_posix()] = path.read_bytes()
        for name, parts in BUNDLES.items():
            if all(part in raw for part in parts):
                raw[name] = b"\n".join(raw.pop(part) for part in parts)
        self.files = {name: _static_file(name, body) for name, body in raw.items()}
        listing = "".join(f"{name} {file.etag}" for name, file in sorted(self.files.items()))
        self.version = hashlib.sha256(listing.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file. Raises NotFound for a name that is not there, so that a typing slip is seen at once."""
        if name not in self.files:
            raise NotFound(what=name)
        return f"{PREFIX}/{self.version}/{name}"

    def find(self, path: str) -> tuple[StaticFile | None, bool]:
        """The file at `path` (after the prefix) and whether the address carries the present version."""
        version, _, name = path.strip("/").partition("/")
        return self.files.get(name), version == self.version


def _static_file(name: str, body: bytes) -> StaticFile:
    suffix = Path(name).suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    gzipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(_TEXT) else None
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    return StaticFile(body, media_type, etag, gzipped if gzipped and len(gzipped) < len(body) else None)


@asgi(PREFIX, is_mount=True, copy_scope=True, permission="public", anonymous=True)
async def static_route(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer GET and HEAD for static files."""
    if scope["method"] not in ("GET", "HEAD"):  # type: ignore[typeddict-item]
        raise MethodNotAllowed(method=str(scope["method"]))  # type: ignore[typeddict-item]
    files: StaticFiles = scope["litestar_app"].state.static
    file, present = files.find(scope["path"].removeprefix(PREFIX))
    if file is None:
        raise NotFound(what=scope["path"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    status, answer, body = respond(file, headers, present)
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()],
    }
    end: HTTPResponseBodyEvent = {"type": "http.response.body", "body": body, "more_body": False}
    await send(start)
    await send(end)


def respond(file: StaticFile, request: dict[str, str], present: bool) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body for a file, given the request's headers (lower-case names)."""
    headers = {
        "etag": file.etag,
        "cache-control": "public, max-age=31536000, immutable" if present else "no-cache",
        "accept-ranges": "bytes",
        "vary": "accept-encoding",
        "content-type": file.media_type,
    }
    if file.etag.strip('"') in request.get("if-none-match", ""):
        return 304, headers, b""
    if (asked := _asked_range(file, request)) is not None:
        return _partial(file, headers, asked)
    body = file.body
    if file.gzipped and "gzip" in request.get("accept-encoding", ""):
        body = file.gzipped
        headers |= {"content-encoding": "gzip", "etag": f'{file.etag[:-1]}-gz"'}
    headers["content-length"] = str(len(body))
    return 200, headers, body


def _asked_range(file: StaticFile, request: dict[str, str]) -> tuple[str, str] | None:
    """The two numbers of a single byte range, unless If-Range says that the client's copy is old."""
    match = _RANGE.match(request.get("range", ""))
    if match is None or match.group() == "bytes=-" or request.get("if-range", file.etag) != file.etag:
        return None
    return match[1], match[2]


def _partial(file: StaticFile, headers: dict[str, str], asked: tuple[str, str]) -> tuple[int, dict[str, str], bytes]:
    total = len(file.body)
    if asked[0]:
        first, last = int(asked[0]), min(int(asked[1] or total - 1), total - 1)
    else:
        first, last = max(0, total - int(asked[1])), total - 1
    if first > last or first >= total:
        return 416, {**headers, "content-range": f"bytes */{total}"}, b""
    body = file.body[first : last + 1]
    return 206, {**headers, "content-range": f"bytes {first}-{last}/{total}", "content-length": str(len(body))}, body

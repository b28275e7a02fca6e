"""Bytes to requests. What could be understood in two ways (RFC 9112, 11.2) is refused, mostly by the parser: llhttp, strict."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools

from nhip.graph.errors import MethodNotAllowed, TooLarge
from nhip.graph.http.errors import AddressTooLong, HeadTooLarge, NotHttp, TooMuchAtOnce, UnknownCoding, UnknownVersion
from nhip.graph.http.limits import RETRY_AFTER_S, SMALL
from nhip.kernel.i18n import _

if TYPE_CHECKING:
    from nhip.graph.http.serving import Front

NOTHING, HEAD, BODY = 0, 1, 2
"""What is being read: nothing yet of the next request, its head, its body."""
Scope = dict[str, Any]
Asked = Callable[[Scope, bytes, bool, int], None]
"""Takes a whole request: its scope, its body, whether the connection is kept after it, its weight among the large bodies."""
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_SLASH = 0x2F
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: ([0-9]{1,9})(?:\r\n|\Z)")


class Reader:
    """Parses the bytes of one connection. The methods `on_…` are the parser's to call."""

    def __init__(self, front: Front, told: Scope, asked: Asked, expected: Callable[[], None]) -> None:
        self.reading = NOTHING
        self.until = 0.0
        """When what is being read has to be there."""
        self._front = front
        self._told = told
        """What every scope of the connection says."""
        self._asked = asked
        self._expected = expected
        """Called when the peer waits with its body until it hears that it may send it."""
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._in_address = False
        self._again = b""
        """The head of a request for another protocol, without that wish: it is answered as if it had none."""
        self._pieces: list[bytes] = []
        self._weight = 0
        """Bytes of `_pieces` that count against the limit of large bodies."""

    def feed(self, data: bytes | memoryview) -> None:
        """Parse what came. Raises an NhipError for what is refused; nothing can be read after that."""
        data = bytes(data)
        try:
            if data.isascii() or (self.reading == NOTHING and _is_one(data)):
                self._parse(data)
            else:
                self._parse_foreign(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            raise NotHttp(what=_why(error)) from None
        if self.reading:
            self._bound(len(data))

    def _parse(self, data: bytes) -> None:
        assert self._parser is not None
        while True:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._parser, head, self._again = httptools.HttpRequestParser(self), self._again, b""
                self._parser.feed_data(head)

    def _parse_foreign(self, data: bytes) -> None:
        """What is not ASCII in an address, as many send it, is parsed as if it were percent-encoded; elsewhere as it is. Nothing
        is understood so that could not be said in ASCII: no such byte ends an address, a line or a head."""
        done = 0
        while (found := _NOT_ASCII.search(data, done + self._body_left())) is not None:
            start, end = found.span()
            if start > done:
                self._parse(data[done:start])
            if self.reading == HEAD and self._is_in_address():
                self._parse(f"%{found[0].hex('%').upper()}".encode())
            elif self._body_left():
                end = start
            else:  # the next address stands behind an empty line
                empty = data.find(b"\r\n\r\n", start)
                end = len(data) if empty < 0 else empty + 4
                self._parse(data[start:end])
            done = end
        if done < len(data):
            self._parse(data[done:])

    def _is_in_address(self) -> bool:
        """Whether what was parsed ends within an address: then the parser tells of a piece of it that is empty."""
        assert self._parser is not None
        self._in_address = False
        self._parser.feed_data(b"")
        return self._in_address

    def _body_left(self) -> int:
        """How much of the body is to come; 0 where that was not told, or it is another part's turn."""
        return max(self._length - self._size, 0) if self.reading == BODY else 0

    def close(self) -> None:
        """Forget what was read by half."""
        self._front.held -= self._weight
        self._weight = 0
        self._pieces = []
        self._parser = None  # the two hold each other

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.reading = HEAD
        self.until = self._front.until_head
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = self._length = self._without = 0
        """`_length`: of the body, where it is told.
        `_without`: bytes since the request, its body or the last piece of its body began."""

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._url += url
        self._in_address = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; also one of a trailer, which nobody reads."""
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Look at the head. Raises an NhipError for what is refused."""
        assert self._parser is not None
        known, version, limits = dict(self._headers), self._parser.get_http_version(), self._front.limits
        if self._parser.should_upgrade():
            self._again = self._not_upgraded(version)
            return
        count = len(self._headers)
        if count != len(known) or count > limits.headers or len(self._url) > limits.address_bytes:
            self._require_bounds()
        if version != "1.1" or b"host" not in known:
            self._require_version(version)
        path, _mark, query = self._url.partition(b"?")
        if path[0] != _SLASH or b"#" in self._url:
            path, query = _target(self._url)
        text = path.decode("ascii")
        self._scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "headers": self._headers,
            **self._told,
        }
        self._keep = self._parser.should_keep_alive()
        self.reading = BODY
        if b"content-length" in known or b"transfer-encoding" in known:
            self._announced(version, known)

    def on_body(self, piece: bytes) -> None:
        """A piece of the body. Raises TooLarge, TooMuchAtOnce."""
        self._pieces.append(piece)
        self._size += len(piece)
        self._without = 0
        if self._size > SMALL:
            self._weigh()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._again:
            return
        pieces, weight = self._pieces, self._weight
        self.reading, self._pieces, self._weight = NOTHING, [], 0
        self._asked(self._scope, pieces[0] if len(pieces) == 1 else b"".join(pieces), self._keep, weight)

    def _not_upgraded(self, version: str) -> bytes:
        """Another protocol may be wished for, and need not be spoken (RFC 9110, 7.8); the parser would not read the body then."""
        assert self._parser is not None
        method = self._parser.get_method()
        if method == b"CONNECT":
            raise MethodNotAllowed(what="CONNECT")
        lines = [b"%b: %b\r\n" % pair for pair in self._headers if pair[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self._url, version.encode(), b"".join(lines))

    def _require_bounds(self) -> None:
        limits, names = self._front.limits, [name for name, _value in self._headers]
        if len(self._url) > limits.address_bytes:
            raise AddressTooLong(bytes=limits.address_bytes)
        if len(names) > limits.headers:
            raise HeadTooLarge(headers=limits.headers, bytes=limits.head_bytes)
        for once in (b"host", b"transfer-encoding"):
            if names.count(once) > 1:
                raise NotHttp(what=f"{once.decode()}: {_('told twice')}")

    def _require_version(self, version: str) -> None:
        if version == "1.1":
            raise NotHttp(what=_("the Host header is missing"))
        if version != "1.0":
            raise UnknownVersion(what=f"HTTP/{version}")

    def _announced(self, version: str, known: dict[bytes, bytes]) -> None:
        """A body is to come. Raises for one that is too long or coded otherwise."""
        length, coding = known.get(b"content-length"), known.get(b"transfer-encoding")
        self.until, self._without = self._front.until_body, 0
        if coding is not None:
            if version != "1.1":
                raise NotHttp(what="Transfer-Encoding, HTTP/1.0")
            if coding.lower() != b"chunked":
                raise UnknownCoding(what=coding.decode("latin-1")[:40])
            self._headers = []  # what a trailer says does not come among the headers
        elif length is not None:
            self._length = int(length)
            if self._length > self._front.limits.body_bytes:
                raise TooLarge(what=_("more than the limit"))
        if known.get(b"expect", b"").lower() == b"100-continue" and version == "1.1" and length != b"0":
            self._expected()

    def _weigh(self) -> None:
        """Large bodies count together. Raises TooLarge, TooMuchAtOnce."""
        limits = self._front.limits
        if self._size > limits.body_bytes:
            raise TooLarge(what=_("more than the limit"))
        self._front.held += self._size - self._weight
        self._weight = self._size
        if self._front.held > limits.bodies_bytes:
            raise TooMuchAtOnce(seconds=RETRY_AFTER_S)

    def _bound(self, length: int) -> None:
        """What the parser holds by itself may not grow for ever: long heads, chunk extensions, trailers."""
        limits = self._front.limits
        self._without += length
        if self._without > limits.head_bytes or len(self._headers) > limits.headers:
            if self.reading == HEAD and not self._headers and len(self._url) > limits.address_bytes:
                raise AddressTooLong(bytes=limits.address_bytes)
            raise HeadTooLarge(headers=limits.headers, bytes=limits.head_bytes)


def _why(error: httptools.HttpParserError) -> str:
    """What the parser says, in words that help where people err: `q=name=="Thừa Thiên"` as it was typed."""
    text = str(error)
    return _("a blank in an address is written as %20") if text.startswith("Expected HTTP/") else text


def _is_one(data: bytes) -> bool:
    """Whether it is one whole request whose head is ASCII, as nearly all are: then nothing but its body is not."""
    end = data.find(b"\r\n\r\n")
    head = data[:end]
    told = _LENGTH.search(head)
    return told is not None and head.isascii() and int(told[1]) == len(data) - end - 4


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of an address that is not in the usual form (RFC 9112, 3.2)."""
    if url == b"*":
        return url, b""
    if b"#" in url:
        raise NotHttp(what="#")
    parsed = httptools.parse_url(url)
    return parsed.path or b"/", parsed.query or b""

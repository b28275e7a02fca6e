"""Public answers are made once for all strangers and kept until the catalogue changes, at most a minute.

Kept are good answers of at most 1 MB to a GET without cookies (language and theme apart), credentials, ranges or a body: so
nobody's name can be in them. Whether they still hold is asked of the database with each request
(`nhip.portal.epoch`); what was recalled or withdrawn is gone with its commit. The minute bounds words like "3 hours ago".
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip.errors import DatabaseAway
from nhip.kernel.time import monotonic
from nhip.portal.epoch import Epoch
from nhip.portal.reads import AGAIN
from nhip.settings import Settings
from nhip.web import metrics
from nhip.web.i18n import negotiate
from nhip.web.preferences import LANGUAGE_COOKIE, THEME_COOKIE, cookies

PATHS = re.compile(
    r"/|/(open-data|datasets|agencies|about-data|sitemap\.xml|openapi\.json|catalog\.[a-z]+)|/(agency|licences)/[^/]+"
    r"|/dataset/[^/]+(/rows)?|/api(/3)?/action/[a-z_]+"
)
LONGEST_S = 60.0
MOST_BYTES, MOST_OF_ONE = 64 << 20, 1 << 20
_NOT_KEPT = {b"authorization", b"range", b"if-range", b"if-modified-since", b"hx-request"}
_LONGEST_HEADER, _LONGEST_QUERY = 300, 1_000
_AGAIN = b"public, no-cache"
_OF_THE_BODY = (b"content-length", b"content-type", b"content-encoding")
ANSWERS = metrics.Counter("nhip_kept_answers_total", "Public answers, by whether they were kept (hit) or made (miss).")

Key = tuple[str, ...]
Headers = list[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """An answer as it was given: under which number of the catalogue, when, its headers with ETag, its body."""

    epoch: int
    at: float
    headers: Headers
    etag: bytes
    body: bytes
    again: Callable[[], None] | None = None
    """What counts that it was given once more."""


class Kept:
    """Answers in this process's memory; when there are too many bytes, the one unused for the longest goes."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._size = 0

    def find(self, key: Key, epoch: int) -> Answer | None:
        """The answer, if it still holds."""
        found = self._answers.get(key)
        if found is None:
            return None
        if found.epoch != epoch or monotonic() - found.at > LONGEST_S:
            self._forget(key)
            return None
        self._answers.move_to_end(key)
        return found

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer in the place of the one before."""
        self._forget(key)
        self._answers[key] = answer
        self._size += len(answer.body)
        while self._size > MOST_BYTES:
            self._forget(next(iter(self._answers)))

    def _forget(self, key: Key) -> None:
        gone = self._answers.pop(key, None)
        self._size -= len(gone.body) if gone else 0


class KeptAnswers:
    """ASGI layer around the application, below the protection of `nhip.security.protect`."""

    def __init__(self, app: ASGIApp, settings: Settings, epoch: Callable[[], Epoch]) -> None:
        """`epoch` is asked for when a request comes, as the database is opened after the layers are put together."""
        self.app, self._language, self._epoch = app, settings.language, epoch
        self._kept = Kept()
        self._making: dict[tuple[Key, int], asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the kept answer, or make and keep it."""
        key = self._key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        try:
            epoch = await self._epoch().now()
        except DatabaseAway:
            await self.app(scope, receive, send)
            return
        await self._answer(scope, receive, send, key, epoch)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, key: Key, epoch: int) -> None:
        if (turn := self._making.get((key, epoch))) is not None:
            await turn.wait()  # the same is being made for somebody else
        found = self._kept.find(key, epoch)
        ANSWERS.add(kept="miss" if found is None else "hit")
        if found is not None:
            if found.again is not None and not _is_held(scope, found):
                found.again()
            await _give(scope, send, found)
            return
        mine = self._making.setdefault((key, epoch), asyncio.Event())
        recorder = _Recorder(send)
        try:
            await self.app(scope, receive, recorder)
            again: Any = scope.get(AGAIN)
            if (made := recorder.answer(epoch, again)) is not None:
                self._kept.keep(key, made)
        finally:
            self._making.pop((key, epoch), None)
            mine.set()
        if made is not None:
            await _give(scope, send, made)

    def _key(self, scope: Scope) -> Key | None:
        """What the answer depends on; None for what is not kept."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or not PATHS.fullmatch(scope["path"]):
            return None
        told: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _NOT_KEPT or (name == b"content-length" and value != b"0") or name == b"transfer-encoding":
                return None
            told[name] = value.decode("latin-1")
        accept, query = told.get(b"accept", ""), scope["query_string"].decode("latin-1")
        chosen = cookies(told[b"cookie"]) if b"cookie" in told else {}
        if (
            chosen.keys() - {LANGUAGE_COOKIE, THEME_COOKIE}
            or len(accept) > _LONGEST_HEADER
            or len(query) > _LONGEST_QUERY
        ):
            return None
        lang = negotiate("", chosen.get(LANGUAGE_COOKIE, ""), told.get(b"accept-language", ""), self._language)
        packed = "gzip" if "gzip" in told.get(b"accept-encoding", "") else ""
        address = (scope["scheme"], told.get(b"host", ""), scope["path"], query)
        return (*address, accept, lang, chosen.get(THEME_COOKIE, ""), packed)


class _Recorder:
    """`send` that holds a whole good answer back; what streams or is large passes on as it comes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Any = None
        self.held: bytes | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _keepable(message):
            self._start = message
        elif self._start is not None and self.held is None and message["type"] == "http.response.body":
            if message.get("more_body") or len(message.get("body", b"")) > MOST_OF_ONE:
                await self._send(self._start)
                self._start = None
                await self._send(message)
            else:
                self.held = message.get("body", b"")
        else:
            await self._send(message)

    def answer(self, epoch: int, again: Callable[[], None] | None) -> Answer | None:
        """What was recorded, as it is kept."""
        if self.held is None:
            return None
        headers = [(name.lower(), value) for name, value in self._start["headers"]]
        given = next((value for name, value in headers if name == b"etag"), b"")
        etag = given or b'"' + hashlib.sha256(self.held).hexdigest()[:32].encode() + b'"'
        ours = {b"etag": etag, b"cache-control": _AGAIN, **{n: v for n, v in headers if n == b"cache-control"}}
        kept = [pair for pair in headers if pair[0] not in ours]
        return Answer(epoch, monotonic(), [*kept, *ours.items()], etag, self.held, again)


def _keepable(message: Any) -> bool:
    if message["status"] != 200:
        return False
    told = {name.lower(): value for name, value in message["headers"]}
    return b"set-cookie" not in told and b"no-store" not in told.get(b"cache-control", b"")


def _is_held(scope: Scope, answer: Answer) -> bool:
    """Whether the client holds it already."""
    held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    return held.strip() == b"*" or answer.etag in [part.strip().removeprefix(b"W/") for part in held.split(b",")]


async def _give(scope: Scope, send: Send, answer: Answer) -> None:
    """The answer, or 304 to whoever holds it (RFC 9110, 13.1.2)."""
    if _is_held(scope, answer):
        headers = [pair for pair in answer.headers if pair[0] not in _OF_THE_BODY]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})

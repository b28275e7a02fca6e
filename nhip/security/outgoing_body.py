"""The body of an answer: read in pieces, unpacked under control, never more than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

from nhip.security.outgoing_errors import AnswerCutShort, AnswerTooLarge, NotTheAnswer, PackedTooTightly
from nhip.settings import Settings

MAX_GROWTH = 200
"""Most times that compressed data may grow; real tables stay under a hundred."""
GROWTH_FREE = 16 << 20
"""Bytes below which growth is not judged: little text may be very regular."""
_PIECE = 1 << 20


class Answer:
    """A good answer. `status` is 2xx or 304; `content` holds the body after `read`."""

    def __init__(self, response: httpx.Response, url: httpx.URL, settings: Settings) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.url = url
        self.content = b""
        self._response = response
        self._limit = settings.max_file_mb << 20

    @property
    def host(self) -> str:
        """Name of the system that answered, after redirects."""
        return self.url.host

    @property
    def media_type(self) -> str:
        """Media type in lower case without parameters; empty when the system names none."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    def iter_bytes(self, max_bytes: int = 0) -> Iterator[bytes]:
        """The unpacked body in pieces of at most about 1 MB.

        Raises AnswerTooLarge past `max_bytes` (default: `Settings.max_file_mb`), PackedTooTightly, AnswerCutShort, TimedOut.
        """
        limit = min(max_bytes, self._limit) if max_bytes else self._limit
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
            raise self._too_large(limit)
        total = 0
        for piece in self._unpacked():
            total += len(piece)
            if total > limit:
                raise self._too_large(limit)
            yield piece

    def read(self, max_bytes: int) -> bytes:
        """The whole body, kept in `content`."""
        self.content = b"".join(self.iter_bytes(max_bytes))
        return self.content

    def _too_large(self, limit: int) -> AnswerTooLarge:
        return AnswerTooLarge(host=self.host, limit_mb=max(1, limit >> 20))

    def _unpacked(self) -> Iterator[bytes]:
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("identity", ""):
            yield from self._response.iter_raw(_PIECE)
        elif encoding in ("gzip", "x-gzip", "deflate"):
            yield from self._inflated()
        else:
            raise NotTheAnswer(host=self.host, what=f"Content-Encoding {encoding[:20]}", url=self.host)

    def _inflated(self) -> Iterator[bytes]:
        """Unpack at most 1 MB at a time, so that a bomb is met by the counters and not by memory."""
        unpack = zlib.decompressobj(wbits=47)
        packed = grown = 0
        try:
            for piece in self._response.iter_raw(_PIECE):
                packed += len(piece)
                rest = piece
                while rest and not unpack.eof:
                    out = unpack.decompress(rest, _PIECE)
                    rest = unpack.unconsumed_tail
                    grown += len(out)
                    if grown > GROWTH_FREE and grown > packed * MAX_GROWTH:
                        raise PackedTooTightly(host=self.host, times=MAX_GROWTH)
                    if out:
                        yield out
        except zlib.error as error:
            raise AnswerCutShort(host=self.host) from error
        if packed and not unpack.eof:
            raise AnswerCutShort(host=self.host)

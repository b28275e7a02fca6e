"""@context documents from other servers: guarded addresses, little time, little size, failures remembered for a moment."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import orjson

from nhip.errors import NhipError
from nhip.graph.contexts.chain import checked
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.graph.query.narrowing import asker
from nhip.graph.subscriptions.turns import Threads
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing
from nhip.settings import Settings

TIMEOUT_S = 2
MAX_BYTES = 2 << 20
_ACCEPT = {"Accept": "application/ld+json, application/json;q=0.9"}
_FAILED_FOR_S = 5.0
_REMEMBERED = 1000
_AT_ONCE = 16


class Fetcher:
    """Gets the `@context` of documents by their address, each one once at a time. Whose addresses never answer, even long after
    the time is over as a name that nobody resolves, leaves threads for other askers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = msgspec.structs.replace(settings, fetch_timeout_s=TIMEOUT_S)
        self._threads = Threads(_AT_ONCE)
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._failed: dict[str, float] = {}

    def close(self) -> None:
        """End the threads; what they wait for is given up."""
        self._threads.close()

    async def get(self, url: str, *, again: bool = False) -> Any:
        """The `@context` member of the document at `url`. Raises LdContextNotAvailable, within some seconds at most;
        BadRequestData when it holds none.

        `again` asks although it failed a moment ago.
        """
        if not again and time.monotonic() < self._failed.get(url, 0):
            raise LdContextNotAvailable(what=url)
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = asyncio.ensure_future(self._fetched(url, remember=not again))
            task.add_done_callback(lambda _task: self._under_way.pop(url, None))
        return await asyncio.shield(task)

    async def _fetched(self, url: str, *, remember: bool) -> Any:
        try:
            place = url.split("/", 3)[2] if url.count("/") > 1 else url
            body = await asyncio.wait_for(self._threads.run_at(asker(), place, self._body, url), TIMEOUT_S + 1)
        except (NhipError, TimeoutError) as error:
            if len(self._failed) >= _REMEMBERED:
                self._failed.clear()
            if remember:
                self._failed[url] = time.monotonic() + _FAILED_FOR_S
            raise LdContextNotAvailable(what=url) from error
        self._failed.pop(url, None)
        return context_in(body, url)

    def _body(self, url: str) -> bytes:
        with Outgoing(self._settings, connect_s=TIMEOUT_S, total_s=TIMEOUT_S) as out:
            return out.get(url, headers=_ACCEPT, max_bytes=MAX_BYTES, tries=1).content


def context_in(body: bytes, url: str) -> Any:
    """The `@context` of a JSON-LD document. Raises BadRequestData naming `url` when there is none (5.5.6)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestData(what=url) from error
    if not isinstance(document, dict) or "@context" not in document:
        raise BadRequestData(what=_("the document at the address of an @context holds none"))
    checked(document["@context"])
    return document["@context"]

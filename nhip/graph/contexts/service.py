"""The @contexts of a broker: compiled chains at hand, their documents found, their uses counted."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg

from nhip.db.database import Database
from nhip.errors import NhipError
from nhip.graph.contexts import store
from nhip.graph.contexts.addresses import local_id, new_id
from nhip.graph.contexts.chain import Chain, echo_of
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.fetch import Fetcher, context_in
from nhip.graph.contexts.model import CORE, Context, Given
from nhip.graph.contexts.shelf import Shelf
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.kernel.i18n import _
from nhip.kernel.time import monotonic, now
from nhip.settings import Settings

_MOST_TERMS = 200_000
"""Of all compiled contexts: each takes some 300 bytes."""
_MOST_JSON = 16 << 20
"""Bytes of all documents at hand; as Python's objects some ten times that."""
_LEAST_WEIGHT = 400
"""Of any context in terms, so that no more than some hundreds are kept."""
_MAX_INLINE_BYTES = 1 << 20
_FRESH_FOR = timedelta(days=1)
_LOOKED_AFTER_EVERY_S = 10.0
log = logging.getLogger(__name__)


class Contexts:
    """Finds and compiles @contexts. `preloaded`: address -> file with the document, for places without the Internet.

    Without `db` nothing is kept and nothing hosted. A process that changes what is stored tells the others within seconds.
    """

    def __init__(
        self, settings: Settings, db: Database | None = None, *, preloaded: Mapping[str, Path] | None = None
    ) -> None:
        self.db = db
        self._preloaded = dict(preloaded or {})
        self._fetcher = Fetcher(settings)
        self._compiled: Shelf[tuple[int, str | bytes], Context] = Shelf(_MOST_TERMS)
        self._documents: Shelf[str, tuple[float, Any]] = Shelf(_MOST_JSON)
        self._uses: Counter[tuple[int, str]] = Counter()
        self._stamps: dict[tuple[int, str], datetime | None] = {}
        self._caretaker: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Give up what is being fetched; write the counts."""
        self._fetcher.close()
        if self._caretaker is not None:
            self._caretaker.cancel()
        await self.write_counts()

    def cached(self, given: Given, tenant: int) -> Context | None:
        """The compiled chain when it is at hand, without waiting; None: `resolve` has to find it."""
        if given is None:
            return CORE
        found = self._compiled.get((tenant, given if isinstance(given, str) else _key(given)))
        if found is not None:
            found.uses += 1
        return found

    async def resolve(self, tenant: int, given: Given) -> Context:
        """The compiled chain of `given`. Raises BadRequestData, LdContextNotAvailable."""
        if given is None:
            return CORE
        found = self.cached(given, tenant)
        return found if found is not None else await self._compile(tenant, given)

    async def _compile(self, tenant: int, given: str | list[Any] | dict[str, Any]) -> Context:
        async def load(url: str) -> Any:
            return await self.document(tenant, url)

        chain = Chain(load)
        await chain.walk(given)
        context = compile_context(
            chain.definitions, echo_of(given), frozenset(chain.sources), holds_core=chain.holds_core
        )
        context.uses = 1
        name = given if isinstance(given, str) else _key(given)
        weight = max(len(context.terms), len(name) // 50, _LEAST_WEIGHT)
        for (of, _name), dropped in self._compiled.put((tenant, name), context, weight):
            self._uses.update({(of, url): dropped.uses for url in dropped.sources})
        if self._caretaker is None and self.db is not None:
            self._caretaker = asyncio.create_task(self._look_after(self.db))
        return context

    async def document(self, tenant: int, url: str, *, again: bool = False) -> Any:
        """What stands under `@context` in the document at `url`, which may be one of our own. Raises LdContextNotAvailable.

        `again`: from its origin, whatever is known of it.
        """
        if not again and (identifier := local_id(url)) and (entry := await self._entry(tenant, identifier)):
            return entry.body
        since, known = self._documents.get(url) or (0.0, None)
        if not again and known is not None and monotonic() - since < _FRESH_FOR.total_seconds():
            await self._keep(tenant, url, known, new=False)
            return known
        found = await self._from_origin(tenant, url, again)
        self._documents.put(url, (monotonic(), found), len(orjson.dumps(found)))
        return found

    async def _from_origin(self, tenant: int, url: str, again: bool) -> Any:
        if (file := self._preloaded.get(url)) is not None:
            found = context_in(await asyncio.to_thread(file.read_bytes), url)
        else:
            entry = None if again else await self._entry(tenant, url)
            if entry is not None and now() - entry.created_at < _FRESH_FOR:
                return entry.body
            try:
                found = await self._fetcher.get(url, again=again)
            except LdContextNotAvailable:
                if entry is None:
                    raise
                return entry.body  # old, but better than to refuse what worked yesterday
        await self._keep(tenant, url, found, new=True)
        return found

    async def _entry(self, tenant: int, name: str) -> store.Entry | None:
        if self.db is None:
            return None
        async with self.db.read() as tx:
            return await store.find(tx, tenant, name)

    async def _keep(self, tenant: int, url: str, body: Any, *, new: bool) -> None:
        """A tenant's copy of a document; one that it has stays unless the document is `new`."""
        if self.db is not None and (new or await self._entry(tenant, url) is None):
            async with self.db.tx() as tx:
                await store.put_copy(tx, tenant, new_id(), url, body)

    def forget(self, *names: str) -> None:
        """Compile anew whatever was made from these documents, named by address or identifier."""
        for name in names:
            self._documents.take(name)
        for key, context in self._compiled.items():
            if any(url in names or local_id(url) in names for url in context.sources):
                self._uses.update({(key[0], url): context.uses for url in context.sources})
                self._compiled.take(key)

    def use(self, tenant: int, name: str) -> None:
        """Count a use that was no resolution."""
        self._uses[tenant, name] += 1

    async def write_counts(self) -> None:
        """Add to the stored counts what was counted since the last time."""
        for (tenant, _given), context in self._compiled.items():
            if context.uses:
                self._uses.update({(tenant, url): context.uses for url in context.sources})
                context.uses = 0
        counted = Counter({(tenant, local_id(name) or name): 0 for tenant, name in self._uses})
        for (tenant, name), uses in self._uses.items():
            counted[tenant, local_id(name) or name] += uses
        self._uses.clear()
        if counted and self.db is not None:
            try:
                async with self.db.tx() as tx:
                    await store.count_hits(tx, counted)
            except BaseException:
                self._uses.update(counted)  # the next time they are written with what came meanwhile
                raise

    async def notice(self, db: Database) -> None:
        """Forget what other processes deleted or loaded again since this was last asked."""
        names = {
            (tenant, local_id(url) or url) for (tenant, _), context in self._compiled.items() for url in context.sources
        }
        async with db.read() as tx:
            there = await store.stamps(tx, names)
        changed = [name for name in names if name in self._stamps and self._stamps[name] != there.get(name)]
        self._stamps = {name: there.get(name) for name in names}
        self.forget(*(name for _tenant, name in changed))

    async def _look_after(self, db: Database) -> None:
        while True:
            await asyncio.sleep(_LOOKED_AFTER_EVERY_S)
            try:
                await self.write_counts()
                await self.notice(db)
            except (NhipError, psycopg.Error):
                log.warning("stored @contexts could not be looked after")
            except Exception:
                log.exception("stored @contexts could not be looked after")


def _key(given: list[Any] | dict[str, Any]) -> bytes:
    """Contexts that come with the request are told apart by their text."""
    try:
        text = orjson.dumps(given)
    except orjson.JSONEncodeError as error:
        raise BadRequestData(what=_("the @context is nested too deeply")) from error
    if len(text) > _MAX_INLINE_BYTES:
        raise BadRequestData(what=_("the @context is too large"))
    return text

"""The @contexts of a broker: compiled chains at hand, their documents found, told apart and counted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from nhip.graph.contexts.chain import Chain, echo_of
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.fetch import Fetcher, context_in
from nhip.graph.contexts.model import CORE, Context, Given
from nhip.graph.errors import BadRequestData
from nhip.kernel.i18n import _
from nhip.settings import Settings

_COMPILED = 512
_DOCUMENTS = 512
_MAX_INLINE_BYTES = 1 << 20


class Contexts:
    """Finds and compiles @contexts. `preloaded`: address -> file with the document, for places without the Internet."""

    def __init__(self, settings: Settings, *, preloaded: Mapping[str, Path] | None = None) -> None:
        self.preloaded = dict(preloaded or {})
        self._fetcher = Fetcher(settings)
        self._compiled: OrderedDict[str | bytes, Context] = OrderedDict()
        self._documents: OrderedDict[str, Any] = OrderedDict()

    def close(self) -> None:
        """Give up what is being fetched."""
        self._fetcher.close()

    def cached(self, given: Given) -> Context | None:
        """The compiled chain when it is at hand, without waiting; None: `resolve` has to find it."""
        if given is None:
            return CORE
        return self._compiled.get(given if isinstance(given, str) else _key(given))

    async def resolve(self, tenant: int, given: Given) -> Context:
        """The compiled chain of `given`. Raises BadRequestData, LdContextNotAvailable."""
        if given is None or (found := self.cached(given)) is None:
            return CORE if given is None else await self._compile(given)
        return found

    async def _compile(self, given: str | list[Any] | dict[str, Any]) -> Context:
        chain = Chain(self._document)
        await chain.walk(given)
        echo = echo_of(given)
        context = CORE if echo is None else compile_context(chain.definitions, echo, frozenset(chain.sources))
        _remember(self._compiled, given if isinstance(given, str) else _key(given), context, _COMPILED)
        return context

    def forget(self, url: str) -> None:
        """Compile anew whatever was made from the document at `url`."""
        self._documents.pop(url, None)
        for key in [key for key, context in self._compiled.items() if url in context.sources]:
            del self._compiled[key]

    async def _document(self, url: str) -> Any:
        if (found := self._documents.get(url)) is not None:
            return found
        if (file := self.preloaded.get(url)) is not None:
            found = context_in(await asyncio.to_thread(file.read_bytes), url)
        else:
            found = await self._fetcher.get(url)
        _remember(self._documents, url, found, _DOCUMENTS)
        return found


def _remember(store: OrderedDict[Any, Any], key: str | bytes, value: Any, most: int) -> None:
    store[key] = value
    if len(store) > most:
        store.popitem(last=False)


def _key(given: list[Any] | dict[str, Any]) -> bytes:
    """Contexts that come with the request are told apart by their text."""
    try:
        text = orjson.dumps(given)
    except orjson.JSONEncodeError as error:
        raise BadRequestData(what=_("the @context is nested too deeply")) from error
    if len(text) > _MAX_INLINE_BYTES:
        raise BadRequestData(what=_("the @context is too large"))
    return text

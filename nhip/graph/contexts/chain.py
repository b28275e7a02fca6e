"""Which definitions an @context holds: addresses followed, cycles and depth bounded (JSON-LD 1.1, context processing)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

from nhip.graph.contexts import core
from nhip.graph.contexts.addresses import PATH
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.model import Given
from nhip.graph.errors import BadRequestData, LdContextNotAvailable
from nhip.kernel.i18n import _

MAX_DOCUMENTS = 64
MAX_DEPTH = 8

Load = Callable[[str], Awaitable[Any]]
"""Gives the `@context` member of the document at an address. Raises LdContextNotAvailable."""


class Chain:
    """What a walk through an @context found: `definitions` in order of application, `sources` the addresses on the way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.definitions: list[dict[str, Any] | None] = []
        self.sources: list[str] = []
        self.holds_core = False
        """Whether one of its documents names the core @context."""

    async def walk(self, given: Any, base: str = "", above: tuple[str, ...] = ()) -> None:
        """Take in `given`, found in the document `base`. Raises BadRequestData, LdContextNotAvailable."""
        if isinstance(given, list):
            for item in given:
                if isinstance(item, list):
                    raise BadRequestData(what=_("an @context holds a list within a list"))
                await self.walk(item, base, above)
        elif isinstance(given, dict):
            if isinstance(imported := given.get("@import"), str):
                await self.walk(imported, base, above)
            self.definitions.append(given)
        elif isinstance(given, str):
            await self._follow(_absolute(given, base), above)
        elif given is None:
            self.definitions.append(None)
        else:
            raise BadRequestData(what=_("an @context is an address, definitions or a list of both"))

    async def _follow(self, url: str, above: tuple[str, ...]) -> None:
        if core.is_core(url):
            self.holds_core = self.holds_core or bool(above)
            return
        if url in above:
            raise LdContextNotAvailable(what=_("its documents include each other"))
        if len(above) >= MAX_DEPTH or len(self.sources) >= MAX_DOCUMENTS:
            raise LdContextNotAvailable(what=_("it includes too many documents"))
        self.sources.append(url)
        await self.walk(await self._load(url), url, (*above, url))


def echo_of(given: Given) -> Given:
    """What answers show of `given`: without the core @context, which every reader adds, unless nothing else is there."""
    if isinstance(given, str):
        return None if core.is_core(given) else given
    if isinstance(given, list):
        own = [item for item in given if not (isinstance(item, str) and core.is_core(item))]
        return own[0] if len(own) == 1 and isinstance(own[0], str | dict) else own or None
    return given or None


def checked(given: Any, level: int = 0) -> None:
    """Refuse what cannot be an @context, without following its addresses. Raises BadRequestData."""
    if isinstance(given, list) and level == 0:
        for item in given:
            checked(item, level + 1)
    elif isinstance(given, dict):
        compile_context([given])
    elif isinstance(given, str):
        _absolute(given, "https://relative.invalid/")
    elif given is not None:
        raise BadRequestData(what=_("an @context is an address, definitions or a list of both"))


def _absolute(address: str, base: str) -> str:
    try:
        url = urljoin(base, address) if base else address
    except ValueError:  # brackets that hold no address
        url = ""
    if url.startswith(PATH):
        return url  # one of our own, by its path
    if not url.startswith(("http://", "https://")) or len(url) > 2000:
        raise BadRequestData(what=_("the address of an @context begins with http:// or https://"))
    return url

"""A compiled @context: from term to IRI and back. What of JSON-LD does not bear on names is not needed for that.

NGSI-LD keeps the shape of the documents to itself (the core @context is protected, scoped and nested contexts are forbidden:
ETSI GS CIM 009 v1.9.1, 5.5.7), so a chain of contexts comes down to one table of names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from nhip.graph.contexts import core
from nhip.graph.contexts.iris import is_name, is_uri
from nhip.graph.errors import BadRequestData
from nhip.kernel.i18n import _

Given = str | list[Any] | dict[str, Any] | None
"""An @context as requests hold it: address, list or definitions; None: only the core @context."""

_REMEMBERED = 4096


class _Memo(dict[str, str]):
    """Answers of a function, remembered; strangers' names cannot fill the memory."""

    def __init__(self, work: Callable[[str], str]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, name: str) -> str:
        found = self._work(name)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[name] = found
        return found


class Context:
    """A chain of @contexts with the core @context on top of it.

    `echo` is what a Link header names: the user's own part, or the core's address. `sources`: addresses that it was
    made from. `key` tells contexts apart in caches.
    """

    __slots__ = ("_holds_core", "_names", "_prefixes", "compact", "echo", "expand", "key", "sources", "terms", "uses")

    def __init__(
        self,
        terms: Mapping[str, str],
        prefixes: frozenset[str] = frozenset(),
        echo: Given = None,
        sources: frozenset[str] = frozenset(),
        *,
        holds_core: bool = False,
    ) -> None:
        self.terms = {**terms, **core.TERMS}
        self._prefixes = {**{name: terms[name] for name in prefixes if name in terms}, **core.PREFIXES}
        self._names = {**_shortest(terms), **core.IRIS}
        self.echo: str | list[Any] | dict[str, Any] = core.CORE_URL if echo is None else echo
        self.sources = sources
        self._holds_core = holds_core
        self.uses = 0
        """How often it was asked for since its uses were last counted."""
        self.key = hashlib.blake2b(
            orjson.dumps([terms, sorted(prefixes), self.echo], option=orjson.OPT_SORT_KEYS), digest_size=16
        ).hexdigest()
        self.expand: Callable[[str], str] = _Memo(self._expanded).__getitem__
        """Term, compact IRI or IRI -> IRI. Raises BadRequestData for what can be no name."""
        self.compact: Callable[[str], str] = _Memo(self._compacted).__getitem__
        """IRI -> the shortest name that expands to it again, the IRI itself where there is none."""

    def expand_value(self, value: Any) -> Any:
        """A value that is coerced as `@vocab` (vocab, objectType, valueType): every string in it becomes an IRI."""
        if isinstance(value, str):
            return self.expand(value)
        return [self.expand(item) for item in value]

    def expand_word(self, word: str) -> str:
        """A vocabulary's word as an IRI; words, unlike names of attributes, are of any characters that one sees."""
        if word in self.terms or ":" in word or is_name(word):
            return self.expand(word)
        if not is_uri(core.VOCAB + word):
            raise BadRequestData(what=_("a word of a vocabulary holds no blanks, quotes or brackets"))
        return core.VOCAB + word

    @property
    def whole(self) -> str | list[Any] | dict[str, Any]:
        """What JSON-LD holds as `@context`: `echo` with the core @context in the last place, unless its documents name it
        already, so that processors that know no NGSI-LD read it too (4.4)."""
        if self.is_core or self._holds_core:
            return self.echo
        return [*(self.echo if isinstance(self.echo, list) else [self.echo]), core.CORE_URL]

    @property
    def is_core(self) -> bool:
        """Whether nothing but the core @context is in it."""
        return self.echo == core.CORE_URL

    def _expanded(self, name: str) -> str:
        if (iri := self.terms.get(name)) is not None:
            return iri
        prefix, colon, rest = name.partition(":")
        if not colon:
            if not is_name(name):
                raise BadRequestData(what=_("a name begins with a letter and holds letters, digits and _ only"))
            return core.VOCAB + name
        iri = name
        if not rest.startswith("//") and (start := self._prefixes.get(prefix)) is not None:
            iri = start + rest
        if not is_uri(iri):
            raise BadRequestData(what=_("a name with a colon has to be a URI"))
        return iri

    def _compacted(self, iri: str) -> str:
        if (term := self._names.get(iri)) is not None:
            return term
        if iri.startswith(core.VOCAB) and ":" not in (name := iri[len(core.VOCAB) :]) and name not in self.terms:
            return name
        found = [
            f"{prefix}:{iri[len(start) :]}"
            for prefix, start in self._prefixes.items()
            if iri.startswith(start) and len(iri) > len(start)
        ]
        return min([*(name for name in found if self._leads_to(name, iri)), iri], key=_by_length)

    def _leads_to(self, name: str, iri: str) -> bool:
        try:
            return self._expanded(name) == iri
        except BadRequestData:
            return False


def _shortest(terms: Mapping[str, str]) -> dict[str, str]:
    """IRI -> its shortest term, the first in the alphabet among equally short ones (JSON-LD 1.1, inverse context)."""
    return {terms[name]: name for name in sorted(terms, key=_by_length, reverse=True)}


def _by_length(name: str) -> tuple[int, str]:
    return len(name), name


CORE = Context({})
"""The core @context alone."""

"""From JSON-LD context definitions to a table of names: what of JSON-LD 1.1 (W3C, API, section 4) NGSI-LD allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nhip.graph.contexts import core
from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.model import Context, Given
from nhip.graph.errors import BadRequestData
from nhip.kernel.i18n import _

MAX_TERMS = 20_000
_DEEPEST = 100
"""So many terms one term leads over at most."""
_GENERAL_DELIMITERS = frozenset(":/?#[]@")
_OWN_NAMES = frozenset({"id", "type", *core.TERMS, *core.PREFIXES})


def compile_context(
    definitions: Iterable[dict[str, Any] | None],
    echo: Given = None,
    sources: frozenset[str] = frozenset(),
    *,
    holds_core: bool = False,
) -> Context:
    """A Context of `definitions` applied in their order (None: begin anew). Raises BadRequestData."""
    table = _Table()
    for definition in definitions:
        if definition is None:
            table = _Table()
        else:
            table.apply(definition)
    return Context(table.terms, frozenset(table.prefixes), echo, sources, holds_core=holds_core)


class _Table:
    """Terms as the contexts so far define them; a context's own definitions may use each other in any order."""

    def __init__(self) -> None:
        self.terms: dict[str, str] = {}
        self.prefixes: set[str] = set()
        self._vocab = core.VOCAB
        self._local: dict[str, Any] = {}
        self._busy: set[str] = set()
        self._done: set[str] = set()

    def apply(self, local: dict[str, Any]) -> None:
        self._local, self._done = local, set()
        if len(self.terms) + len(local) > MAX_TERMS:
            raise BadRequestData(what=_("the @context defines too many terms"))
        if isinstance(vocab := local.get("@vocab", ""), str) and vocab:
            self._vocab = self._iri(vocab) if ":" in vocab else self._vocab + vocab
        for term in local:
            self._define(term)

    def _define(self, term: str) -> None:
        if term in self._done or term in _OWN_NAMES or term.startswith("@"):
            return
        if term in self._busy:
            raise BadRequestData(what=_("terms of the @context are defined by each other"))
        if len(self._busy) >= _DEEPEST:
            raise BadRequestData(what=_("a term of the @context leads over too many others"))
        self._busy.add(term)
        self.terms.pop(term, None)
        self.prefixes.discard(term)
        found = self._meaning(term, self._local[term])
        if found is not None and not found.startswith("@"):
            if not is_uri(found):
                raise BadRequestData(what=_("a term of the @context leads to something that is no IRI"))
            self.terms[term] = found
            if self._is_prefix(self._local[term], found):
                self.prefixes.add(term)
        self._busy.discard(term)
        self._done.add(term)

    def _meaning(self, term: str, value: Any) -> str | None:
        """IRI or keyword that the definition leads to; None when the term is to have no meaning."""
        if isinstance(value, str):
            return self._iri(value, inside=term)
        if isinstance(value, dict):
            if "@context" in value:
                raise BadRequestData(what=_("a term of the @context has an @context of its own, which NGSI-LD forbids"))
            if "@reverse" in value:
                return None
            identifier = value.get("@id", term)
            if isinstance(identifier, str):
                return self._iri(identifier, inside=term)
            if identifier is None:
                return None
        elif value is None:
            return None
        raise BadRequestData(what=_("a term of the @context is neither text nor a definition"))

    def _iri(self, value: str, inside: str = "") -> str:
        if value.startswith("@"):
            return value
        if value in self._local and value != inside:
            self._define(value)
        if value != inside and (known := self.terms.get(value) or core.TERMS.get(value)):
            return known
        prefix, colon, rest = value.partition(":")
        if not colon:
            return self._vocab + value
        if rest.startswith("//") or prefix == "_":
            return value
        if (start := core.PREFIXES.get(prefix)) is not None:
            return start + rest
        if prefix in self._local and prefix != inside:
            self._define(prefix)
        return self.terms[prefix] + rest if prefix in self.prefixes else value

    @staticmethod
    def _is_prefix(value: Any, iri: str) -> bool:
        """Only a term defined in one word up to a delimiter, or one that says so, shortens other IRIs (JSON-LD 1.1, 4.2.2)."""
        return value.get("@prefix") is True if isinstance(value, dict) else iri[-1] in _GENERAL_DELIMITERS

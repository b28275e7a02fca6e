"""A text that is read from left to right, with bounds that keep every parser quick."""

from __future__ import annotations

import re
from typing import NoReturn

from nhip.graph.query.errors import QueryUnreadable, TooLong
from nhip.graph.query.model import MEMBERS, Names
from nhip.kernel.i18n import _

MAX_LENGTH = 32_768
MAX_TERMS = 512
MAX_DEPTH = 32

_NAME = re.compile(r"""[^\s=!<>~;|()\[\]{}.,"'`&\\]+""")
_IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*://[^\s=!<>~;|()\[\]{},"'`&\\]+""")


class Cursor:
    """Where a parser stands in `text`; counts what it has seen."""

    def __init__(self, text: str, parameter: str) -> None:
        if len(text) > MAX_LENGTH:
            raise TooLong(parameter=parameter, what=_("it is too long"), limit=MAX_LENGTH)
        self.text, self.parameter = text, parameter
        self.at, self.depth, self.terms = 0, 0, 0

    def fail(self, what: str) -> NoReturn:
        """Raise QueryUnreadable for the place reached."""
        raise QueryUnreadable(parameter=self.parameter, position=self.at + 1, what=what)

    def peek(self) -> str:
        """The next character, or nothing at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, token: str) -> bool:
        """Go past `token` if it stands here."""
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def need(self, token: str) -> None:
        """Go past `token`, which must stand here."""
        if not self.take(token):
            self.fail(_("a bracket is missing"))

    def match(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` finds here, or nothing."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def enter(self) -> None:
        """One level deeper into brackets."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLong(parameter=self.parameter, what=_("its brackets are nested too deeply"), limit=MAX_DEPTH)

    def leave(self) -> None:
        """Back out of brackets."""
        self.depth -= 1

    def count(self) -> None:
        """One condition more."""
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise TooLong(parameter=self.parameter, what=_("it has too many conditions"), limit=MAX_TERMS)

    def end(self) -> None:
        """Nothing may follow."""
        if self.at != len(self.text):
            self.fail(_("something follows that does not belong here"))

    def name(self) -> str:
        """A term, a compact IRI or a full IRI; dots end a name, in a full IRI only those of its last segment."""
        start = self.at
        if iri := self.match(_IRI):
            tail = max(iri.rfind("/"), iri.rfind("#"))
            dot = iri.find(".", tail)
            if dot > 0:
                self.at, iri = start + dot, iri[:dot]
            return iri
        return self.match(_NAME) or self.fail(_("a name is missing"))


def expand_name(names: Names, term: str) -> str:
    """The IRI of an attribute's name; core members stay short, as in canonical documents."""
    return term if term in MEMBERS else names.expand(term)

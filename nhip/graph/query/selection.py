"""Type selections (CIM 009, 4.17) and scope queries (4.19): `(A;B),C` -> a tree, and a closure over a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from nhip.graph.model import Doc
from nhip.graph.query.model import And, Name, Names, Node, Or, Term, leaves
from nhip.graph.query.reading import Cursor
from nhip.kernel.i18n import _

_ELEMENT = re.compile(r"""[^\s;|,()"<>]+""")
_LEVEL = r"(?:[^\W\d_]\w*|\+)"
_LEVELS = re.compile(rf"/?{_LEVEL}(?:/{_LEVEL})*(?:/#)?|/?#")


def parse_types(text: str, names: Names) -> Node | None:
    """The tree of a type selection, types as IRIs; None for `*`. Raises QueryUnreadable, TooLong."""
    if text == "*":
        return None
    return _parse(Cursor(text, "type"), lambda cursor, element: names.expand(element))


def parse_scopes(text: str) -> Node:
    """The tree of a scope query; every name is a pattern of levels without the first slash. Raises QueryUnreadable, TooLong."""
    return _parse(Cursor(text, "scopeQ"), _scope)


def _scope(cursor: Cursor, element: str) -> str:
    if not _LEVELS.fullmatch(element):
        cursor.fail(_("this is no scope"))
    return element.removeprefix("/")


def _parse(cursor: Cursor, read: Callable[[Cursor, str], str]) -> Node:
    node = _any(cursor, read)
    cursor.end()
    return node


def _any(cursor: Cursor, read: Callable[[Cursor, str], str]) -> Node:
    parts = [_all(cursor, read)]
    while cursor.take(",") or cursor.take("|"):
        parts.append(_all(cursor, read))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _all(cursor: Cursor, read: Callable[[Cursor, str], str]) -> Node:
    parts = [_unit(cursor, read)]
    while cursor.take(";"):
        parts.append(_unit(cursor, read))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _unit(cursor: Cursor, read: Callable[[Cursor, str], str]) -> Node:
    if not cursor.take("("):
        cursor.count()
        return Name(read(cursor, cursor.match(_ELEMENT) or cursor.fail(_("a name is missing"))))
    cursor.enter()
    node = _any(cursor, read)
    cursor.need(")")
    cursor.leave()
    return node


def names_in(node: Node | None) -> list[str]:
    """All names of a tree, in the order they were read."""
    return [one.text for one in leaves(node) if isinstance(one, Name)]


def decide_names(
    node: Node, holds: Callable[[str], Callable[[Iterable[str]], bool]]
) -> Callable[[Iterable[str]], bool]:
    """The closure of a tree over the names an entity has; `holds` makes the test of one name."""
    match node:
        case Name(text):
            return holds(text)
        case And(parts):
            every = [decide_names(part, holds) for part in parts]
            return lambda names: all(decide(names) for decide in every)
        case Or(parts):
            some = [decide_names(part, holds) for part in parts]
            return lambda names: any(decide(names) for decide in some)
        case Term():
            raise TypeError("a condition of q is no name")


def decide_types(node: Node) -> Callable[[Doc], bool]:
    """Whether a document's types fit the selection."""
    if type(node) is Name:
        only = node.text
        return lambda doc: only in doc.get("type", ())
    decide = decide_names(node, lambda iri: lambda types: iri in types)
    return lambda doc: decide(doc.get("type", ()))


def decide_scopes(node: Node) -> Callable[[Doc], bool]:
    """Whether a document's scopes fit the query."""
    decide = decide_names(node, _scope_test)

    def fits(doc: Doc) -> bool:
        scopes = doc.get("scope") or ()
        return decide((scopes,) if isinstance(scopes, str) else scopes)

    return fits


def _scope_test(pattern: str) -> Callable[[Iterable[str]], bool]:
    if "+" not in pattern and "#" not in pattern:
        return lambda scopes: any(scope.removeprefix("/") == pattern for scope in scopes)
    fits = scope_pattern(pattern).fullmatch
    return lambda scopes: any(fits(scope.removeprefix("/")) for scope in scopes)


def scope_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of a scope pattern over scopes without their first slash: `+` is one level, `/#` the rest."""
    if pattern == "#":
        return re.compile(r".+", re.DOTALL)
    levels, rest = (pattern[:-2], r"(?:/.*)?") if pattern.endswith("/#") else (pattern, "")
    body = "/".join(r"[^/]+" if level == "+" else re.escape(level) for level in levels.split("/"))
    return re.compile(body + rest, re.DOTALL)

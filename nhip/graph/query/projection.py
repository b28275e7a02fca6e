"""Lists of members: attrs, and the trees of pick and omit (CIM 009, 4.21) that go on into linked entities."""

from __future__ import annotations

from collections.abc import Iterable

from nhip.graph.query.errors import BadParameter, TooLong
from nhip.graph.query.model import MEMBERS, Names, Tree
from nhip.graph.query.reading import MAX_TERMS, Cursor, expand_name
from nhip.kernel.i18n import _

_NOT_ATTRIBUTES = MEMBERS - {"createdAt", "modifiedAt", "deletedAt"}


def parse_attributes(terms: Iterable[str], names: Names) -> frozenset[str]:
    """The IRIs of attrs; raises BadParameter for members that are no attributes, BadRequestData for what is no name."""
    given = list(terms)
    if len(given) > MAX_TERMS:
        raise TooLong(parameter="attrs", what=_("it has too many conditions"), limit=MAX_TERMS)
    found = frozenset(expand_name(names, term) for term in given)
    if found & _NOT_ATTRIBUTES:
        raise BadParameter(parameter="attrs", what=_("it names a member that is no attribute"))
    return found


def parse_tree(text: str, names: Names, parameter: str) -> Tree:
    """The members of pick or omit; raises QueryUnreadable, TooLong."""
    cursor = Cursor(text, parameter)
    tree = _level(cursor, names)
    cursor.end()
    return tree


def _level(cursor: Cursor, names: Names) -> Tree:
    found: set[str] = set()
    below: dict[str, Tree] = {}
    while True:
        cursor.count()
        name = expand_name(names, cursor.name())
        if cursor.take("{"):
            cursor.enter()
            below[name] = _level(cursor, names)
            cursor.need("}")
            cursor.leave()
        else:
            found.add(name)
        if not (cursor.take(",") or cursor.take("|")):
            return Tree(frozenset(found), below)


def overlap(pick: Tree | None, omit: Tree | None) -> bool:
    """Whether a member is both to be given and to be left out."""
    if pick is None or omit is None:
        return False
    if pick.names & omit.names:
        return True
    return any(overlap(tree, omit.below.get(name)) for name, tree in pick.below.items())


def given_members(pick: Tree) -> frozenset[str]:
    """All members that a pick keeps at its first level: those whose linked entities are picked from stay too."""
    return pick.names | frozenset(pick.below)

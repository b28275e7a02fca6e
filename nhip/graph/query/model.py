"""What a query is made of once it was read: every name is an IRI, every literal has its type.

`build.build` makes a `Query` out of what was asked; `matching` decides with it, `narrow` makes SQL of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, Protocol, Union

import msgspec
from shapely.geometry.base import BaseGeometry

from nhip.graph.model import Doc


class Names(Protocol):
    """What the parsers need of a compiled @context (`nhip.graph.contexts.model.Context`)."""

    @property
    def key(self) -> Any:
        """Tells two contexts apart, for caches."""

    def expand(self, term: str, /) -> str:
        """The IRI of a term."""


Lookup = Callable[[str], "Doc | None"]
"""Gives the entity that a Relationship leads to, or None."""

MEMBERS = frozenset(
    {"id", "type", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt", "observedAt", "unitCode", "datasetId"}
)
"""Names that a canonical document keeps short; all others are IRIs."""
EVERYWHERE = frozenset({"id", "type", "createdAt", "modifiedAt"})
"""Members that every entity has."""
SYSTEM_NAMES = frozenset({"createdAt", "modifiedAt", "deletedAt"})


class Value(msgspec.Struct, frozen=True):
    """A literal of q. `word` is text without quotes: a URI, a time or an enumerated word."""

    kind: Literal["number", "string", "boolean", "word"]
    value: Any


class Path(msgspec.Struct, frozen=True):
    """The way to a target element: attribute, sub-attributes, then keys inside the value or a language, then other entities."""

    names: tuple[str, ...]
    keys: tuple[str, ...] = ()
    """Inside a compound value; or one language (`*`: any) of a LanguageProperty."""
    linked: Path | None = None
    """The path that goes on in the entities that the Relationship leads to."""
    hint: frozenset[str] = frozenset()
    """Types of which the linked entity must have one."""

    def depth(self) -> int:
        """How many Relationships are followed."""
        return 0 if self.linked is None else 1 + self.linked.depth()


Operator = Literal["exists", "absent", "==", "!=", ">", ">=", "<", "<=", "~=", "!~="]


class Term(msgspec.Struct, frozen=True):
    """One condition of q. Two values are a range when `range` is set, a list of alternatives otherwise."""

    path: Path
    operator: Operator
    values: tuple[Value, ...] = ()
    range: bool = False


class And(msgspec.Struct, frozen=True):
    """All parts hold."""

    parts: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple[Node, ...]


class Name(msgspec.Struct, frozen=True):
    """A type (IRI) of a type selection, or one scope pattern of a scope query."""

    text: str


Node = Union[Term, And, Or, Name]  # noqa: UP007 - the names are not defined yet where the structs use it


def leaves(node: Node | None) -> Iterator[Term | Name]:
    """The conditions and names of a tree, in the order they were read."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)
    elif node is not None:
        yield node


def terms_of(node: Node | None) -> list[Term]:
    """The conditions of a tree."""
    return [one for one in leaves(node) if isinstance(one, Term)]


def asked_names(node: Node | None) -> set[str]:
    """What the conditions of a tree begin with: attributes and members."""
    return {term.path.names[0] for term in terms_of(node)}


def any_type(iris: Iterable[str]) -> Node | None:
    """The selection of what has one of these types; None where there are none."""
    names = tuple(map(Name, iris))
    return Or(names) if len(names) > 1 else names[0] if names else None


Georel = Literal["near", "within", "contains", "intersects", "equals", "disjoint", "overlaps"]


class Geo(msgspec.Struct, frozen=True):
    """A geoquery (4.10): WGS 84 longitude and latitude, metres."""

    relation: Georel
    shape: BaseGeometry
    attribute: str
    least: float | None = None
    """minDistance in metres."""
    most: float | None = None
    """maxDistance in metres."""


class Selector(msgspec.Struct, frozen=True):
    """Which entities by identity (5.2.33). Identifiers go before the pattern; `types` None is any."""

    ids: frozenset[str] | None = None
    pattern: str = ""
    types: Node | None = None


class Tree(msgspec.Struct, frozen=True):
    """What pick or omit names: members of the entity (IRIs, `id`, `type`, `scope`), and below a Relationship the linked."""

    names: frozenset[str] = frozenset()
    below: Mapping[str, Tree] = {}

    def depth(self) -> int:
        """How many Relationships are followed."""
        return max((1 + tree.depth() for tree in self.below.values()), default=0)


class Order(msgspec.Struct, frozen=True):
    """One criterion of orderBy (4.23). `near` orders by the distance to the query's `origin`."""

    path: Path
    descending: bool = False
    near: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query that is ready to be run. Without any condition it finds everything."""

    selectors: tuple[Selector, ...] = ()
    """At least one must fit; none given: all fit."""
    attributes: frozenset[str] = frozenset()
    """The entity must have one of them (attrs); the answer shows these alone."""
    q: Node | None = None
    scope: Node | None = None
    geo: Geo | None = None
    csf: Node | None = None
    """The context source filter; it is about registrations, not entities."""
    datasets: frozenset[str] | None = None
    order: tuple[Order, ...] = ()
    origin: BaseGeometry | None = None
    collation: str = ""
    limit: int = 20
    offset: int = 0
    count: bool = False
    join: Literal["", "inline", "flat"] = ""
    join_level: int = 1
    contained_by: frozenset[str] = frozenset()
    pick: Tree | None = None
    omit: Tree | None = None
    local: bool = False
    within: frozenset[str] | None = None
    """The only entities that may be found (those of an entity map); None: all."""

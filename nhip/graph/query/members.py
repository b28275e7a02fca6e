"""Which members of documents a query looks at."""

from __future__ import annotations

from nhip.graph.query.matching import linked_steps
from nhip.graph.query.model import SYSTEM_NAMES, And, Node, Or, Path, Query, Term
from nhip.graph.query.projection import given_members


def members_of(query: Query) -> frozenset[str] | None:
    """The members by which a document is decided about and put in order; None: times that rest apart, or other entities too."""
    if needs_system(query) or linked_steps(query.q):
        return None
    found = {"id", "type", "scope", *query.attributes, *([] if query.pick is None else given_members(query.pick))}
    found.update(path.names[0] for path in _all_paths(query))
    return frozenset(found | ({query.geo.attribute} if query.geo is not None else set()))


def _all_paths(query: Query) -> list[Path]:
    return [*_paths(query.q), *(order.path for order in query.order)]


def needs_system(query: Query) -> bool:
    """Whether a condition or an order looks at createdAt or modifiedAt, which rest apart."""
    return any(_system_path(path) for path in _all_paths(query))


def _system_path(path: Path) -> bool:
    return bool(SYSTEM_NAMES.intersection(path.names)) or (path.linked is not None and _system_path(path.linked))


def _paths(node: Node | None) -> list[Path]:
    match node:
        case And(parts) | Or(parts):
            return [path for part in parts for path in _paths(part)]
        case Term(path):
            return [path]
        case _:
            return []

"""Whether a query looks at members that rest apart from the document."""

from __future__ import annotations

from nhip.graph.query.model import SYSTEM_NAMES, And, Node, Or, Path, Query, Term


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

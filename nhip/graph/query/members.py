"""Whether a query looks at members that rest apart from the document."""

from __future__ import annotations

from nhip.graph.query.model import SYSTEM_NAMES, Path, Query, terms_of


def needs_system(query: Query) -> bool:
    """Whether a condition or an order looks at createdAt or modifiedAt, which rest apart."""
    paths = [*(term.path for term in terms_of(query.q)), *(order.path for order in query.order)]
    return any(map(_system_path, paths))


def _system_path(path: Path) -> bool:
    return bool(SYSTEM_NAMES.intersection(path.names)) or (path.linked is not None and _system_path(path.linked))

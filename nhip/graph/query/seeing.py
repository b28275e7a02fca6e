"""Whether who asks now may see an entity that was not found by a query: one that is linked, told by a source, or written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from nhip.graph.document.pack import unpack
from nhip.graph.model import Doc, Operation, Stored
from nhip.graph.query.match import Check, matcher
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import clauses, narrowed
from nhip.graph.query.stores import Entities


def seeing() -> Check | None:
    """Decides for full documents; None: everything may be seen."""
    found = clauses()
    return matcher(narrowed(Query(), found)) if found else None


async def get_seen(graph: Entities, tenant: int, ids: Sequence[str]) -> list[Stored]:
    """Those of the entities that exist and that who asks may see, in the order of `ids`."""
    found, sees = await graph.get_many(tenant, ids), seeing()
    return found if sees is None else [one for one in found if sees(unpack(one.doc, one.sys))]


def within_sight(operations: list[Operation]) -> list[Operation]:
    """The operations, for which an entity that who asks may not see is as absent, though nothing is made in its place."""
    sees = seeing()
    if sees is None:
        return operations
    return [msgspec.structs.replace(one, only=_both(sees, one.only)) for one in operations]


def _both(sees: Check, only: Callable[[Doc], bool] | None) -> Check:
    return sees if only is None else lambda doc: sees(doc) and only(doc)

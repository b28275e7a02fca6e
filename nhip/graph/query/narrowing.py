"""The seam of sharing: what somebody may see narrows every query when it is compiled, so that no interface can forget it.

`build` passes each query through here: pages and counts, the temporal interface, entity maps, snapshots, purges, subscriptions
(whose matching and telling go on in the name of who answers for them), registrations, entities by their ids; so do the
discovery of types and attributes, and the console's pages. `seeing` holds single entities against it: those that are linked, that
sources tell, that are written to. Nobody is denied anything yet: part 7 decides.
"""

from __future__ import annotations

from contextvars import ContextVar
from hashlib import blake2b
from typing import Any

import msgspec

from nhip.graph.query.model import And, Node, Query, Selector


class Asker(msgspec.Struct, frozen=True):
    """In whose name something is asked, in which tenant."""

    tenant: int
    who: str = ""


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """What an entity has to be so that the asker may see it; names are IRIs. Every clause has to hold, by the entity alone:
    `q` follows no Relationships."""

    types: Node | None = None
    q: Node | None = None
    scope: Node | None = None


_asker: ContextVar[Asker | None] = ContextVar("asker", default=None)


def narrowing(asker: Asker) -> tuple[Clause, ...]:
    """The clauses for an asker; none: everything may be seen."""
    return ()


class asking:
    """Queries that are compiled inside the block are those of an asker."""

    __slots__ = ("_asker", "_token")

    def __init__(self, asker: Asker | None) -> None:
        """None: the house itself."""
        self._asker = asker

    def __enter__(self) -> None:
        self._token = _asker.set(self._asker)

    def __exit__(self, *_error: object) -> None:
        _asker.reset(self._token)


def begin_asking(asker: Asker) -> None:
    """From now on this task asks in the name of an asker."""
    _asker.set(asker)


def asker() -> Asker | None:
    """Who asks now; None: the house itself."""
    return _asker.get()


def clauses() -> tuple[Clause, ...]:
    """The clauses for who asks now; none where nobody does but the house itself."""
    who = _asker.get()
    return () if who is None else narrowing(who)


def rights() -> str:
    """What tells the clauses for who asks now from others; empty where there are none."""
    found = clauses()
    return blake2b(msgspec.json.encode(_spelled(found)), digest_size=16).hexdigest() if found else ""


def _spelled(part: Any) -> Any:
    """The same for the same clauses in every process, another for others."""
    if isinstance(part, msgspec.Struct):
        return [type(part).__name__, *map(_spelled, msgspec.structs.astuple(part))]
    if isinstance(part, frozenset):
        return sorted(map(_spelled, part))
    return list(map(_spelled, part)) if isinstance(part, tuple) else part


def narrowed(query: Query, found: tuple[Clause, ...]) -> Query:
    """The query with the clauses as conditions of its own."""
    for clause in found:
        query = msgspec.structs.replace(
            query,
            selectors=_selectors(query.selectors, clause.types),
            q=_both(query.q, clause.q),
            scope=_both(query.scope, clause.scope),
        )
    return query


def _selectors(selectors: tuple[Selector, ...], types: Node | None) -> tuple[Selector, ...]:
    if types is None:
        return selectors
    return tuple(msgspec.structs.replace(one, types=_both(one.types, types)) for one in selectors or (Selector(),))


def _both(one: Node | None, other: Node | None) -> Node | None:
    if one is None or other is None:
        return one or other
    return And((one, other))

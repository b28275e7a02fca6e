"""The subscriptions in memory: by tenant, type and watched attribute, so that a change meets few that it is not about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhip.graph.model import Outcome
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.telling import TRIGGER, concerns

Bucket = dict[str, Subscription]
_WHOLE = frozenset({"entityCreated", "entityDeleted"})


class Buckets:
    """Finds the subscriptions that a change triggers."""

    def __init__(self) -> None:
        self._by_attribute: dict[tuple[int, str, str], Bucket] = {}
        """Of one type, told of changes of one attribute only."""
        self._by_type: dict[tuple[int, str], Bucket] = {}
        self._any: dict[int, Bucket] = {}
        self._kinds: dict[tuple[int, str], int] = {}
        """How many subscriptions name a type."""

    def __bool__(self) -> bool:
        return bool(self._any or self._kinds)

    def put(self, one: Subscription) -> None:
        """Take in one that is not there."""
        for table, key in self._places(one):
            table.setdefault(key, {})[one.id] = one
        for kind in one.types or ():
            self._kinds[one.tenant, kind] = self._kinds.get((one.tenant, kind), 0) + 1

    def remove(self, one: Subscription) -> None:
        """Forget one that is there."""
        for table, key in self._places(one):
            del table[key][one.id]
            if not table[key]:
                del table[key]
        for kind in one.types or ():
            self._kinds[one.tenant, kind] -= 1
            if not self._kinds[one.tenant, kind]:
                del self._kinds[one.tenant, kind]

    def _places(self, one: Subscription) -> Iterator[tuple[dict[object, Bucket], object]]:
        if one.types is None:
            yield self._any, one.tenant  # type: ignore[misc]
        for kind in one.types or ():
            if one.watched and not one.triggers & _WHOLE:
                for name in one.watched:
                    yield self._by_attribute, (one.tenant, kind, name)  # type: ignore[misc]
            else:
                yield self._by_type, (one.tenant, kind)  # type: ignore[misc]

    def listens(self, tenant: int, types: Iterable[str]) -> bool:
        """Whether any may be about entities of these types."""
        return tenant in self._any or any((tenant, kind) in self._kinds for kind in types)

    def triggered(self, tenant: int, types: Iterable[str], outcome: Outcome) -> Iterable[Subscription]:
        """Those that the change triggers, as far as types, triggers and watched attributes decide; each once."""
        found: Bucket = {}
        wide = [self._any.get(tenant)]
        for kind in types:
            wide.append(self._by_type.get((tenant, kind)))
            if outcome.deleted:
                wide += [self._by_attribute.get((tenant, kind, name)) for name in outcome.before or ()]
            for change in outcome.changes:
                if bucket := self._by_attribute.get((tenant, kind, change.attribute)):
                    trigger = TRIGGER[change.kind]
                    updates = not outcome.created
                    for one in bucket.values():
                        if trigger in one.triggers or (updates and "entityUpdated" in one.triggers):
                            found[one.id] = one
        for bucket in wide:
            for one in bucket.values() if bucket else ():
                if one.id not in found and concerns(one, outcome):
                    found[one.id] = one
        return found.values()


class Index:
    """Every subscription, by what a change triggers: the usual ones, and those that are to be told for certain."""

    def __init__(self) -> None:
        self._all: dict[tuple[int, str], Subscription] = {}
        self.usual, self.certain = Buckets(), Buckets()

    def put(self, one: Subscription) -> None:
        """Take it in, in place of what had its id."""
        self.remove(one.tenant, one.id)
        self._all[one.tenant, one.id] = one
        self._side(one).put(one)

    def remove(self, tenant: int, id: str) -> None:
        """Forget it, if it is there."""
        if (one := self._all.pop((tenant, id), None)) is not None:
            self._side(one).remove(one)

    def _side(self, one: Subscription) -> Buckets:
        return self.certain if one.endpoint.certain else self.usual

    def get(self, tenant: int, id: str) -> Subscription | None:
        """The one with this id."""
        return self._all.get((tenant, id))

    def all(self) -> Iterator[Subscription]:
        """Every one."""
        return iter(list(self._all.values()))

    def listens(self, tenant: int, types: Iterable[str]) -> bool:
        """Whether any may be about entities of these types."""
        return self.usual.listens(tenant, types) or self.certain.listens(tenant, types)

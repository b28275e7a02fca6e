"""The subscriptions in memory: by tenant, by type; the few that could be about anything beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhip.graph.subscriptions.model import Subscription

Key = tuple[int, str]


class Index:
    """Finds the subscriptions that may be about an entity."""

    def __init__(self) -> None:
        self._all: dict[Key, Subscription] = {}
        self._by_type: dict[tuple[int, str], dict[str, Subscription]] = {}
        self._any: dict[int, dict[str, Subscription]] = {}

    def put(self, one: Subscription) -> None:
        """Take it in, in place of what had its id."""
        self.remove(one.tenant, one.id)
        self._all[one.tenant, one.id] = one
        if one.types is None:
            self._any.setdefault(one.tenant, {})[one.id] = one
        for kind in one.types or ():
            self._by_type.setdefault((one.tenant, kind), {})[one.id] = one

    def remove(self, tenant: int, id: str) -> None:
        """Forget it, if it is there."""
        one = self._all.pop((tenant, id), None)
        if one is None:
            return
        if one.types is None:
            del self._any[tenant][id]
            if not self._any[tenant]:
                del self._any[tenant]
        for kind in one.types or ():
            here = self._by_type[tenant, kind]
            del here[id]
            if not here:
                del self._by_type[tenant, kind]

    def get(self, tenant: int, id: str) -> Subscription | None:
        """The one with this id."""
        return self._all.get((tenant, id))

    def all(self) -> Iterator[Subscription]:
        """Every one."""
        return iter(list(self._all.values()))

    def listens(self, tenant: int, types: Iterable[str]) -> bool:
        """Whether any may be about entities of these types."""
        return tenant in self._any or any((tenant, kind) in self._by_type for kind in types)

    def candidates(self, tenant: int, types: Iterable[str]) -> list[Subscription]:
        """Those that may be about an entity of these types, each once."""
        found = dict(self._any.get(tenant, {}))
        for kind in types:
            found |= self._by_type.get((tenant, kind), {})
        return list(found.values())

"""A subscription to registrations as processes hold it in memory, and what it is told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from nhip.graph.registrations.matching import Match
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.temporal.model import Window

Reason = Literal["newlyMatching", "updated", "noLongerMatching"]
"""Why registrations are told of (5.3.3)."""


class Watch(Subscription, frozen=True, kw_only=True):
    """Of a subscription, `query` says which registrations are meant, `watched` which attributes they have to offer."""

    window: Window | None
    """The times that sources have to know (temporalQ); None: sources of the present are meant."""


class Told(msgspec.Struct, frozen=True):
    """Registrations that a subscription is to be told of."""

    reason: Reason
    matches: tuple[Match, ...]


class Index:
    """The subscriptions in memory, by tenant: registrations change seldom, so that all of a tenant's are looked at then."""

    def __init__(self) -> None:
        self._tenants: dict[int, dict[str, Watch]] = {}

    def put(self, one: Watch) -> None:
        """Take it in, in place of what had its id."""
        self._tenants.setdefault(one.tenant, {})[one.id] = one

    def remove(self, tenant: int, id: str) -> None:
        """Forget it, if it is there."""
        self._tenants.get(tenant, {}).pop(id, None)

    def get(self, tenant: int, id: str) -> Watch | None:
        """The one with this id."""
        return self._tenants.get(tenant, {}).get(id)

    def all(self) -> Iterator[Watch]:
        """Every one."""
        return iter([one for some in self._tenants.values() for one in some.values()])

    def of(self, tenant: int) -> list[Watch]:
        """A tenant's."""
        return list(self._tenants.get(tenant, {}).values())

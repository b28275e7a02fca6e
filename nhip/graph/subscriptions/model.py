"""A subscription as processes hold it in memory, and what was sent for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from nhip.graph.document.older import Version
from nhip.graph.model import Doc, View
from nhip.graph.query.model import Query
from nhip.graph.query.narrowing import Asker

Trigger = Literal[
    "entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted"
]
LONGEST_PATIENCE_S = 60.0
CERTAIN = ("Delivery", "certain")
"""The pair of notifierInfo that asks for delivery for certain."""
DEFAULT_TRIGGERS: tuple[Trigger, ...] = ("attributeCreated", "attributeUpdated")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where notifications go (5.2.15)."""

    uri: str
    accept: str = "application/json"
    receiver: tuple[tuple[str, str], ...] = ()
    """receiverInfo: headers that go along."""
    notifier: tuple[tuple[str, str], ...] = ()
    """notifierInfo: what the sender has to know."""
    timeout_s: float = 5.0
    cooldown_s: float = 0.0

    @property
    def patience_s(self) -> float:
        """How long an answer is waited for."""
        return min(self.timeout_s, LONGEST_PATIENCE_S)

    @property
    def context_in_body(self) -> bool:
        """Whether a notification's body holds the @context (6.3.8): JSON-LD does, GeoJSON unless it prefers plain JSON."""
        if self.accept != "application/geo+json":
            return self.accept == "application/ld+json"
        return not any(key.lower() == "prefer" and "body=json" in told.replace(" ", "") for key, told in self.receiver)

    @property
    def certain(self) -> bool:
        """Whether what it is to be told is kept until it has it."""
        return CERTAIN in self.notifier


class Limit(msgspec.Struct, frozen=True):
    """What alone decides about an entity of the right type: an attribute that compares with a number."""

    attribute: str
    operator: Literal[">", ">=", "<", "<="]
    number: float


class Counts(msgspec.Struct):
    """What was sent, since a moment or in all."""

    sent: int = 0
    failed: int = 0
    notified: datetime | None = None
    good: datetime | None = None
    bad: datetime | None = None

    def add(self, other: Counts) -> Counts:
        """Both together."""
        later = (
            max((one for one in pair if one is not None), default=None)
            for pair in ((self.notified, other.notified), (self.good, other.good), (self.bad, other.bad))
        )
        return Counts(self.sent + other.sent, self.failed + other.failed, *later)


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that matching and notifying need, read once."""

    tenant: int
    id: str
    asker: Asker
    """In whose name it asks: who is responsible for what it asks for."""
    doc: dict[str, Any]
    """The subscription with names as IRIs."""
    context: Any
    """The @context of notifications, as given."""
    rev: int
    query: Query
    matches: Callable[[Doc], bool] | None
    """Whether a full document is subscribed; None where that needs entities that are linked."""
    triggers: frozenset[str]
    watched: frozenset[str]
    """IRIs; empty: all attributes."""
    types: frozenset[str] | None
    """One of these types the entity has; None: types do not narrow."""
    view: View
    changes: bool
    """showChanges."""
    known: Version | None = None
    """ngsildConformance: the version of NGSI-LD that the receiver knows; None: ours."""
    endpoint: Endpoint
    active: bool
    made: datetime | None = None
    """When it came to be: another one with the same id is another subscription."""
    expires: datetime | None = None
    throttling_s: float = 0.0
    interval_s: float = 0.0
    limit: Limit | None = None
    """What `matches` comes to, where it is as simple as that."""
    counts: Counts
    """As they were in the table when it was read."""

    def live(self, at: datetime) -> bool:
        """Whether it is to be told of anything now."""
        return self.active and (self.expires is None or at < self.expires)


class Message(msgspec.Struct, frozen=True):
    """A notification that is ready."""

    body: bytes
    headers: list[tuple[str, str]]


class Event(msgspec.Struct, frozen=True):
    """An entity that a subscription is to be told of; `gone` says that it was deleted."""

    doc: Doc
    gone: bool = False

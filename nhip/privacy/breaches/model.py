"""A breach of the protection of personal data (vi phạm quy định về bảo vệ dữ liệu cá nhân)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from nhip.kernel.time import now
from nhip.web.model import State


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a breach; every change is a new edition. Times are aware."""

    title: str
    what: str
    """What happened, how it was found."""
    since: datetime
    """When it began, as far as is known."""
    until: datetime | None = None
    """When it was stopped; None while it goes on."""
    datasets: tuple[str, ...] = ()
    organisation: str = ""
    """Code of the controller that notifies."""
    data_kinds: str = ""
    harm: str = ""
    """What may come of it for the people."""
    measures: str = ""
    """What was done and will be done."""
    contact: str = ""
    """Whom the authority may ask."""


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A breach with the facts in force. `due_at`: when the authority must know, 72 hours after `found_at`."""

    id: uuid.UUID
    no: str
    found_at: datetime
    due_at: datetime
    no_edition: int
    notified_at: datetime | None
    informed_at: datetime | None
    closed_at: datetime | None
    facts: Facts

    @property
    def overdue(self) -> bool:
        """Whether the authority should know by now and does not."""
        return self.notified_at is None and self.closed_at is None and now() >= self.due_at

    @property
    def mark(self) -> State:
        """How it stands: alarm when overdue or within its last day, warn while the authority does not know."""
        if self.closed_at is not None:
            return "good"
        if self.notified_at is not None:
            return "busy"
        return "alarm" if (self.due_at - now()).total_seconds() <= 86_400 else "warn"


class Edition(msgspec.Struct, frozen=True):
    """What was known from `at` on."""

    no: int
    facts: Facts
    note: str
    at: datetime
    by_name: str


class BreachRow(msgspec.Struct, frozen=True):
    """A row of the table, its facts still as they are stored."""

    id: uuid.UUID
    no: str
    found_at: datetime
    due_at: datetime
    no_edition: int
    notified_at: datetime | None
    informed_at: datetime | None
    closed_at: datetime | None
    facts: dict[str, Any]


class EditionRow(msgspec.Struct, frozen=True):
    """A row of the editions, its facts still as they are stored."""

    no: int
    facts: dict[str, Any]
    note: str
    at: datetime
    by_name: str


class AffectedVersion(msgspec.Struct, frozen=True):
    """A version that was in force while the breach lasted. `subjects`: how many people it holds, None where that cannot be
    told (no citizen numbers, or deleted since)."""

    dataset: str
    title: str
    no: int
    rows: int
    subjects: int | None


class Affected(msgspec.Struct, frozen=True):
    """Whom a breach touches, as far as the data tell."""

    versions: list[AffectedVersion]
    people: int
    """Different people by citizen number in these versions."""
    looked_at: int
    """Different people whose data in these datasets were shown one by one in that time, by the ledger: what a misused account
    has seen."""

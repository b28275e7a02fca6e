"""A request of a data subject, what was done with it, the papers that belong to it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.web.model import State

Channel = Literal["desk", "online", "paper"]
RequestState = Literal["received", "confirmed", "done", "refused", "taken_back"]

CHANNELS = {"desk": _("At the desk"), "online": _("Online"), "paper": _("On paper")}
STATES = {
    "received": _("Waits for a first answer"),
    "confirmed": _("Being worked on"),
    "done": _("Done"),
    "refused": _("Refused"),
    "taken_back": _("Taken back by the person"),
}
STEPS = {
    "received": _("Request received"),
    "identity": _("Identity checked"),
    "confirmed": _("First answer given"),
    "extended": _("Time extended"),
    "gathered": _("Data looked up"),
    "exported": _("Copy made"),
    "noted": _("Noted"),
    "done": _("Done"),
    "refused": _("Refused"),
    "taken_back": _("Taken back"),
}


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks. `subject` is the keyed hash of their citizen number, `party_id` their own account, if they have one."""

    kind: str
    channel: Channel
    name: str
    contact: str = ""
    wanted: str = ""
    datasets: tuple[str, ...] = ()
    others: bool = False
    subject: bytes | None = None
    party_id: uuid.UUID | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `no` is the number on the receipt; `due_at` already counts an extension."""

    id: uuid.UUID
    no: str
    kind: str
    channel: Channel
    state: RequestState
    subject: bytes | None
    party_id: uuid.UUID | None
    name: str
    contact: str
    wanted: str
    datasets: list[str]
    others: bool
    received_at: datetime
    answer_due: datetime
    due_at: datetime
    extended_at: datetime | None
    confirmed_at: datetime | None
    closed_at: datetime | None

    @property
    def next_due(self) -> datetime:
        """The clock that runs out next."""
        return self.due_at if self.confirmed_at else min(self.answer_due, self.due_at)

    @property
    def overdue(self) -> bool:
        """Whether a clock has run out while it was open."""
        return self.closed_at is None and now() >= self.next_due

    @property
    def mark(self) -> State:
        """How it stands: alarm when overdue, warn within a day of it."""
        if self.closed_at is not None:
            return "good"
        left = (self.next_due - now()).total_seconds()
        return "alarm" if left <= 0 else "warn" if left <= 86_400 else "busy"


class Step(msgspec.Struct, frozen=True):
    """Something that was done with a request; `told` is for the person, `note` for the desk alone."""

    no: int
    kind: str
    told: str
    note: str
    at: datetime
    by_name: str


class Attachment(msgspec.Struct, frozen=True):
    """A paper of a request; its bytes lie in the object store."""

    id: uuid.UUID
    name: str
    media_type: str
    object: str
    size: int
    at: datetime
    by_name: str


class Counts(msgspec.Struct, frozen=True):
    """How the desk stands."""

    open: int
    answer_overdue: int
    overdue: int
    closed: int

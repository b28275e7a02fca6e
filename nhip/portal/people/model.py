"""The nouns: a wish (request for data), a remark (comment on a dataset), a subscription, a change, a letter."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from nhip.kernel.i18n import _
from nhip.kernel.time import now

WishState = Literal["received", "in_work", "published", "refused", "merged", "dropped"]
RemarkKind = Literal["question", "fault", "idea"]
Scope = Literal["catalogue", "agency", "dataset"]

WISH_STATES = {
    "received": ("busy", _("received")),
    "in_work": ("busy", _("in work")),
    "published": ("good", _("published")),
    "refused": ("unknown", _("refused")),
    "merged": ("unknown", _("joined to another request")),
    "dropped": ("unknown", _("not shown")),
}
"""State of a wish -> mark and words."""
OPEN_STATES = ("received", "in_work")
WISH_ACTS = {
    "received": _("Sent by a reader"),
    "shown": _("Looked at and shown"),
    "dropped": _("Not shown"),
    "routed": _("Given to an agency"),
    "begun": _("Taken into work"),
    "extended": _("Time extended"),
    "published": _("Published"),
    "refused": _("Refused"),
    "merged": _("Joined to another request"),
}
"""Steps of a wish in words."""
REMARK_KINDS = {
    "question": _("A question"),
    "fault": _("Something is wrong in the data"),
    "idea": _("An idea, or how I use the data"),
}
"""What a remark is about."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A request for data. `title`, `text`, `purpose`, `name` and `email` are as they were typed and never shown to the public."""

    id: uuid.UUID
    no: int
    title: str
    text: str
    purpose: str
    name: str
    email: str
    lang: str
    agency_id: uuid.UUID | None
    agency_code: str
    agency_name: str
    agency_name_en: str
    state: WishState
    received_at: datetime
    look_due: datetime
    due_at: datetime
    extended: bool
    shown_title: str
    shown_text: str
    shown_at: datetime | None
    answer: str
    dataset_name: str
    merged_into: int | None
    closed_at: datetime | None
    votes: int

    @property
    def open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state in OPEN_STATES

    @property
    def next_due(self) -> datetime:
        """By when the next step is due: looking at it, then answering it."""
        return self.due_at if self.shown_at else self.look_due

    @property
    def overdue(self) -> bool:
        """Whether that is over."""
        return self.open and now() >= self.next_due


class WishStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a wish; the public reads `told`, officials `note` and `by_name` too."""

    at: datetime
    act: str
    by_name: str
    told: str
    note: str


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a dataset, with the dataset's names for officials."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    dataset_name: str
    dataset_title: str
    dataset_title_en: str
    release_no: int
    kind: RemarkKind
    text: str
    name: str
    email: str
    lang: str
    made_at: datetime
    due_at: datetime
    state: Literal["held", "shown", "dropped"]
    shown_text: str
    shown_at: datetime | None
    reply: str
    replied_by: str
    replied_at: datetime | None
    task: str
    task_row: int | None
    task_by: str
    task_at: datetime | None
    task_done_at: datetime | None

    @property
    def waiting(self) -> bool:
        """Whether an official has something to do: look at it, or answer it."""
        return self.state == "held" or (self.state == "shown" and self.replied_at is None)

    @property
    def overdue(self) -> bool:
        """Whether its time is over."""
        return self.waiting and now() >= self.due_at


class Rating(msgspec.Struct, frozen=True):
    """What readers give a dataset, 1 to 5: how many did, and their mean. Nothing is ordered by it."""

    readers: int
    mean: float | None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to be told of changes of what."""

    id: uuid.UUID
    email: str
    scope: Scope
    target: str
    lang: str
    confirmed_at: datetime | None
    told_at: datetime | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to an open dataset. `why` is the reason of a recall or withdrawal; titles are empty once closed."""

    what: Literal["released", "recalled", "withdrawn"]
    dataset_id: uuid.UUID
    name: str
    title: str
    title_en: str
    agency_code: str
    no: int
    rows: int
    at: datetime
    why: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to send; `leave` is the address at which its reader ends the subscription that it belongs to."""

    id: uuid.UUID
    to_address: str
    subject: str
    body: str
    leave: str
    attempts: int
    subscription_id: uuid.UUID | None

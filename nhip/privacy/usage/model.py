"""One use of a person's data, as the person is told."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from nhip.kernel.i18n import _

ACTIONS = {
    "personal.read": _("Looked at your data"),
    "personal.exported": _("Downloaded a table that you are in"),
    "personal.changed": _("Changed your data"),
    "personal.searched": _("Looked for you in all data, to answer a request"),
    "usage.asked": _("Asked who used your data"),
}
"""Kinds of events that are told, and how."""

UNSURE = _("Downloaded a table in which you may have been; it has been deleted since, so nobody can tell any more")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Who used a person's data, when, what for. An officer is told by organisation and position, not by name: `seq` is the
    number under which the ledger knows the officer, for a complaint."""

    seq: int
    at: datetime
    kind: str
    organisation: str
    """Code; empty for Nhịp itself."""
    organisation_name: str
    role: str
    """Name of the role or roles that the officer holds, with blanks between; empty where there is none."""
    via: str
    """`session` (a person), `key`, `token` (a program), `job`, `system`."""
    dataset: str = ""
    dataset_title: str = ""
    version: int | None = None
    purpose: str = ""
    processing: str = ""
    legal_basis: str = ""
    sure: bool = True


class Page(msgspec.Struct, frozen=True):
    """A page of uses, newest first, and how many there are."""

    total: int
    usages: list[Usage]


class Span(msgspec.Struct, frozen=True):
    """From when on, and up to when, the ledger can be asked; microseconds since 1970."""

    since_us: int
    until_us: int


class NewWithholding(msgspec.Struct, frozen=True, kw_only=True):
    """The law delays telling: looks by `organisation` between `from_at` and `until_at`, at one person (keyed hash) or
    anybody, are told from `release_at` on."""

    organisation: str
    subject: bytes | None = None
    from_at: datetime
    until_at: datetime
    release_at: datetime
    ground: str
    document: str


class Withholding(msgspec.Struct, frozen=True, kw_only=True):
    """A delay that was entered; it can neither be changed nor taken away."""

    id: uuid.UUID
    organisation: str
    of_one: bool
    from_at: datetime
    until_at: datetime
    release_at: datetime
    ground: str
    document: str
    made_at: datetime
    made_by: str

"""A consent, its withdrawal, and who must be told of that."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from nhip.web.i18n import language

Channel = Literal["desk", "online", "paper"]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person agreed to. `text` are the exact words, `text_digest` their SHA-256, `processing_no` the edition they came
    from; `withdrawn_at` None while it is in force."""

    id: uuid.UUID
    processing: str
    title: str
    title_en: str
    processing_no: int
    data_types: list[str]
    text: str
    text_digest: bytes
    language: str
    channel: Channel
    document: str
    given_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None
    withdrawn_channel: str
    withdrawn_by: str

    @property
    def shown_title(self) -> str:
        """The processing's title in the language of the page."""
        return self.title_en if language() == "en" and self.title_en else self.title


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient who must be told, by `due_at`, that a consent was withdrawn."""

    id: uuid.UUID
    consent_id: uuid.UUID
    recipient: str
    due_at: datetime
    told_at: datetime | None
    told_by: str | None
    processing: str
    title: str
    withdrawn_at: datetime


class Counted(msgspec.Struct, frozen=True):
    """How many consents a processing has."""

    processing: str
    in_force: int
    withdrawn: int

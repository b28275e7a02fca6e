"""A processing of personal data: what the register says of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import msgspec

from nhip.web.i18n import language


class LegalBasis(msgspec.Struct, frozen=True):
    """Why the law allows it: a basis of `policy.toml` (`consent`, `public_task`…) and the provision it rests on."""

    basis: str
    article: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the person responsible says of a processing. Texts are Vietnamese; those ending in `_en` English, or empty."""

    title: str
    title_en: str = ""
    purpose: str
    purpose_en: str = ""
    legal_basis: tuple[LegalBasis, ...]
    controller: str
    """Code of the organisation that decides why and how (bên kiểm soát)."""
    processors: tuple[str, ...] = ()
    """Who works on the data for it (bên xử lý)."""
    subject_categories: tuple[str, ...] = ()
    data_categories: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    """Names of the datasets that it covers."""
    recipients: tuple[str, ...] = ()
    """Who else is given the data."""
    abroad: str = ""
    """Where they go abroad and on what ground; empty: nowhere."""
    retention_months: int | None = None
    """How long they are kept, None where a law names no time."""
    security: str = ""
    assessed_on: date | None = None
    """Date of the impact assessment dossier (hồ sơ đánh giá tác động), as last brought up to date."""
    responsible: str = ""


class Processing(Entry, frozen=True, kw_only=True):
    """A registered processing in its edition in force."""

    id: uuid.UUID
    name: str
    """For addresses and programs."""
    no: int
    """Number of the edition, from 1."""
    controller_name: str = ""
    controller_name_en: str = ""
    review_on: date | None = None
    """When the impact assessment is due again; None before the first."""
    made_at: datetime
    changed_at: datetime
    changed_by: str
    ended_at: datetime | None = None

    @property
    def shown_title(self) -> str:
        """The title in the language of the page."""
        return self.title_en if language() == "en" and self.title_en else self.title

    @property
    def shown_purpose(self) -> str:
        """The purpose in the language of the page."""
        return self.purpose_en if language() == "en" and self.purpose_en else self.purpose

    @property
    def shown_controller(self) -> str:
        """The controller's name in the language of the page, its code where nobody has that code."""
        name = self.controller_name_en if language() == "en" and self.controller_name_en else self.controller_name
        return name or self.controller


class Edition(msgspec.Struct, frozen=True):
    """What a processing said from `made_at` on."""

    no: int
    entry: Entry
    note: str
    made_at: datetime
    made_by: str


class Gap(msgspec.Struct, frozen=True):
    """A dataset with personal columns that no processing covers."""

    dataset: str
    title: str
    agency: str
    columns: tuple[str, ...]

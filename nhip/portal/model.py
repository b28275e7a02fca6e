"""The nouns of open data: a publication and its treatment, an open release, an entry of the catalogue, a licence."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec

ActName = Literal["keep", "drop", "mask", "round", "year", "month", "unit", "prefix"]
"""What can be done to a column before it is open."""


class Act(msgspec.Struct, frozen=True):
    """What is done to one column: `keep` as it is, `drop`, `mask` with •••, `round` to a multiple of `to`, `year` or `month` of a
    date, `unit` of an address (its commune alone), `prefix` of the first `to` characters."""

    act: ActName = "keep"
    to: float = 0


Treatment = dict[str, Act]
"""Column -> act; a column that is not named is kept when it is nobody's personal data, else dropped."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """The decision about one dataset."""

    dataset_id: uuid.UUID
    state: Literal["proposed", "published", "withdrawn"]
    licence: str
    basis: str
    """The legal ground, in words."""
    treatment: Treatment
    keywords: list[str]
    contact: str
    """E-mail address or page where people ask about the data."""
    cadence: str
    """How often it is renewed, a code of the EU frequency vocabulary (`DAILY`, `MONTHLY`…); empty: not said."""
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    first_published_at: datetime | None
    withdrawn_at: datetime | None
    reason: str
    proposed_party: uuid.UUID | None = None
    """Who proposed it and so does not decide on it; None: Nhịp's command line."""


class OpenColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a release as people are told: what it means, of which type, in which unit, what was done to it."""

    name: str
    type: str
    """text, integer, number, boolean, date, timestamp, time"""
    kind: str = ""
    title: str = ""
    title_en: str = ""
    description: str = ""
    unit: str = ""
    act: ActName = "keep"
    to: float = 0
    """What the act was given: the multiple, the number of characters."""


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found in a column: recogniser, number of cells, one masked example."""

    column: str
    what: str
    cells: int
    example: str = ""


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a table may be open: `blocks` are marked reasons that stop it, `warns` what a person should know."""

    open: bool
    blocks: list[str] = []
    warns: list[str] = []
    suspicions: list[Suspicion] = []
    k: int | None = None
    """The smallest group of rows that share all quasi-identifiers; None where there are none."""
    l: int | None = None  # noqa: E741 - the letter of l-diversity
    policy: str = ""
    """Name and date of the policy that was applied."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """An open, immutable table: Parquet in the object store, made from version `no` by the treatment then in force."""

    dataset_id: uuid.UUID
    no: int
    object: str
    digest: str
    row_count: int
    bytes: int
    columns: list[OpenColumn]
    gate: GateReport
    as_of: datetime
    made_at: datetime
    recalled_at: datetime | None = None
    recall_reason: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A published dataset as the catalogue shows it."""

    dataset_id: uuid.UUID
    name: str
    title: str
    title_en: str
    description: str
    agency_code: str
    agency_name: str
    agency_name_en: str
    theme: str
    keywords: list[str]
    formats: list[str]
    places: list[str]
    """Codes of the administrative units that it covers."""
    licence: str
    contact: str
    cadence: str
    release_no: int
    row_count: int
    bytes: int
    columns: list[OpenColumn]
    virtues: dict[str, float | None]
    score: int
    """Points of data.europa.eu's MQA, of 405."""
    issued: datetime
    modified: datetime
    as_of: datetime


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """A licence to choose: `uri` is what catalogues name, `authority` its URI in the EU vocabulary where there is one."""

    code: str
    title: str
    title_en: str
    uri: str
    authority: str = ""
    open: bool = True


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision about a publication."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    act: str
    by_name: str
    at: datetime
    basis: str
    note: str
    gate: dict[str, Any]

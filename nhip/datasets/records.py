"""Rows of the `datasets` schema as structs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that holds data. Part of Party; its code follows Circular 24/2011 (000.00.14.H57)."""

    id: uuid.UUID
    code: str
    name: str
    name_en: str = ""


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A governed table and the version of it that is in force."""

    id: uuid.UUID
    name: str
    agency_id: uuid.UUID
    agency_code: str
    agency_name: str
    agency_name_en: str
    title: str
    title_en: str
    description: str
    theme: str
    contract_no: int | None
    version_no: int | None
    made_at: datetime


class ContractRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of a dataset's contract, as ODCS YAML."""

    dataset_id: uuid.UUID
    no: int
    yaml: str
    digest: str
    note: str
    made_at: datetime
    made_by: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach an agency's system. The secret is never read back except by the connector's run."""

    id: uuid.UUID
    name: str
    kind: str
    dataset_id: uuid.UUID | None
    agency_id: uuid.UUID
    settings: dict[str, Any]
    state: dict[str, Any]
    every_s: int | None
    enabled: bool
    has_secret: bool
    last_run_at: datetime | None
    last_ok_at: datetime | None
    next_run_at: datetime | None
    problem: dict[str, Any] | None


class Vanished(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that a portal offered and offers no longer; what was fetched from it stays."""

    dataset_id: uuid.UUID
    dataset_name: str
    title: str
    source_name: str
    vanished_at: datetime


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One received payload. Its raw bytes stay for ever under their SHA-256."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    source_id: uuid.UUID | None
    sha256: str
    size: int
    filename: str
    as_of: datetime
    received_at: datetime
    received_by: str
    confirmed_at: datetime
    state: str
    state_at: datetime
    problem: dict[str, Any] | None
    decoded: dict[str, Any] | None
    base_id: uuid.UUID | None
    """The delivery that this one changes; None when it is whole."""
    key: list[str]
    """Delivered columns by which changed rows replace earlier ones."""
    titles: dict[str, str] = {}
    """What the source calls the delivered columns, where it has a dictionary of them."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable state of a dataset: Parquet plus manifest."""

    dataset_id: uuid.UUID
    no: int
    delivery_id: uuid.UUID
    contract_no: int
    digest: str
    object: str
    row_count: int
    quarantined: int
    finding_count: int
    mended_count: int
    by_rule: dict[str, int]
    manifest: dict[str, Any]
    as_of: datetime
    made_at: datetime
    made_by: str
    restored_from: int | None


class VirtueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The six scores of a dataset at one time; None where nothing can be said."""

    dataset_id: uuid.UUID
    at: datetime
    version_no: int | None
    accurate: float | None
    complete: float | None
    clean: float | None
    clean_delivered: float | None
    live: float | None
    consistent: float | None
    shared: float | None
    facts: dict[str, Any]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """What another dataset says differently of the same things; `columns` as `compare.ColumnResult`."""

    dataset_id: uuid.UUID
    other_id: uuid.UUID
    other_name: str
    other_title: str
    other_title_en: str
    version_no: int
    other_version_no: int
    compared: int
    conflicts: int
    columns: list[dict[str, Any]]
    object: str | None
    at: datetime


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A virtue that dropped."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    dataset_name: str
    dataset_title: str
    virtue: str
    was: float
    now: float
    at: datetime
    seen_at: datetime | None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that an officer put right. It is applied to its delivery by row, and to later ones by key and delivered value."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    delivery_id: uuid.UUID
    row_no: int
    column_name: str
    was: str | None
    now: str | None
    key: dict[str, str] | None
    made_at: datetime
    made_by: str

"""The contract as the rest of Nhịp uses it. The stored form is ODCS v3.1 YAML; `yaml.py` beside this file maps the two."""

from __future__ import annotations

from typing import Literal

import msgspec

from nhip.datasets.model import Severity

LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "time"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A column. `format` set: the delivered text must have exactly that form (ODCS `logicalTypeOptions.format`, e.g.
    `yyyy-MM-dd`); empty: every unambiguous Vietnamese form is accepted and conformed."""

    name: str
    type: LogicalType = "string"
    kind: str = ""
    """What it means: phone, plate, citizen_id, tax_code, email, url, person_name, address, commune, district, province,
    latitude, longitude, x, y, money, quantity, code, geometry, or empty. (`nhip.kind` in the YAML.)"""
    delivered: tuple[str, ...] = ()
    """Header texts under which agencies deliver this column; compared folded. (`nhip.delivered`)"""
    title: str = ""
    title_en: str = ""
    description: str = ""
    required: bool = False
    unique: bool = False
    primary_key: int = 0
    """Position in the primary key from 1; 0 when not part of it."""
    pattern: str = ""
    enum: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    exclusive_minimum: float | str | None = None
    exclusive_maximum: float | str | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    format: str = ""
    order: str = ""
    """Order of day, month and year in the delivered dates: dmy, mdy or ymd; empty: unknown, so that 03/04/2024 is a finding.
    (`nhip.order`)"""
    unit: str = ""
    """Unit of the stored number (`nhip.unit`, e.g. `m2`, `ha`, `VND`); delivered numbers with another unit are converted."""
    crs: str = ""
    """For x and y: `EPSG:9214`, or `VN-2000` for the province's own meridian. (`nhip.crs`)"""
    classification: str = ""
    """public, internal, personal, sensitive (ODCS `classification`)."""
    severity: dict[str, Severity] = {}
    """Severity by rule where it differs from the default (`nhip.severity`)."""


class RowRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule over one row. `holds` is a DuckDB expression over the contract's columns that is true for a good row;
    a NULL result counts as holding."""

    name: str
    holds: str
    description: str = ""
    severity: Severity = "error"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign key: every value of `columns` must be among `to_columns` of the version in force of `to_dataset`."""

    columns: tuple[str, ...]
    to_dataset: str
    to_columns: tuple[str, ...]


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One table's contract."""

    id: str
    version: str
    dataset: str
    """Name (slug) of the dataset, ODCS `schema[0].name`."""
    table: str = ""
    """Name or sheet of the delivered table when a file has several; empty means the largest. (`nhip.table`)"""
    title: str = ""
    title_en: str = ""
    description: str = ""
    status: str = "active"
    fields: tuple[Field, ...]
    row_rules: tuple[RowRule, ...] = ()
    references: tuple[Reference, ...] = ()
    duplicate_keys: tuple[tuple[str, ...], ...] = ()
    """Sets of columns whose equal (folded) values mean the same real thing. (`nhip.duplicates`)"""
    min_rows: int | None = None
    max_rows: int | None = None
    drift_rows_percent: float | None = None
    """Largest change of the row count against the last version, percent. (`nhip.drift.rows`)"""
    cadence_days: float | None = None
    """Days within which a new delivery is due (ODCS `slaProperties` frequency)."""
    province: str = ""
    """Province code for places and meridians; empty means the installation's. (`nhip.province`)"""
    classification: str = ""
    owner: str = ""
    """The agency that answers for the data (ODCS `team.name`)."""
    licence: str = ""
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Primary key columns in order."""
        parts = sorted((f.primary_key, f.name) for f in self.fields if f.primary_key)
        return tuple(name for _, name in parts)

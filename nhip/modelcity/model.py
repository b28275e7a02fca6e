"""The nouns of the model city: agencies, datasets, columns, deliveries, and the plants that are its ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nhip.datasets.contract.model import Contract, LogicalType

Values = list[Any]
"""One column of good values: str, int, float, bool, date, datetime or None."""

Table = dict[str, Values]
"""Good or delivered values by column name; every list has the same length."""


@dataclass(slots=True)
class Draw:
    """What a maker of values may use: its own stream of random numbers, the columns made before it, other datasets' keys."""

    rng: np.random.Generator
    rows: int
    as_of: date
    table: Table
    keys: Mapping[str, Table]


Maker = Callable[[Draw], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as the city means it: how good values are made and what the contract says of it."""

    name: str
    title: str
    make: Maker
    title_en: str = ""
    type: LogicalType = "string"
    kind: str = ""
    required: bool = True
    key: int = 0
    enum: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    digits: int = 0
    unit: str = ""
    crs: str = ""
    refers: tuple[str, str] | None = None
    repeats: tuple[str, str] | None = None
    """Dataset and column of another agency that say the same of the thing that this row refers to."""
    classification: str = "public"
    order: str = "dmy"
    header: str = ""
    """Header in the delivered file where it is not the title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row rule and how a plant breaks it: `wrong(row)` is a value of `column` for which `holds` is false."""

    name: str
    holds: str
    column: str
    wrong: Callable[[Mapping[str, Any]], Any]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySpec:
    """One of the 32 agencies. `code` has the form that Circular 24/2011 gives agencies: 000.00.NN.H57."""

    slug: str
    code: str
    title: str
    title_en: str
    kind: str
    """department, district-level body, commune, company, national."""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a dataset reaches the city: `channel` is drop, sqlite, postgres, ckan, dkan, dcat, danang, hue or http; `format` the
    form of the file, or the name of the database (SQLite) or schema (PostgreSQL)."""

    channel: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    """What is wrong with a dataset on purpose."""

    rate: float = 0.02
    """Share of rows that get one fault each."""
    encodings: Mapping[str, str] = field(default_factory=dict)
    """Column name (or `*` for every text column) to tcvn3, vni, viqr or viscii."""
    file_encoding: str = "utf-8"
    layout: tuple[str, ...] = ()
    """Of sheets: title, header2, merged, total, notes, hidden, tables, blank."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """Logical type or column name to the form in which the whole column is delivered."""
    only: tuple[str, ...] = ()
    """Kinds of cell faults; empty means every kind that fits."""
    never: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Column name to a header that the contract does not know (last delivery only)."""
    dropped: tuple[str, ...] = ()
    """Columns that are absent from the last delivery."""
    shrink: float = 1.0
    """Share of the rows that the last delivery still has."""
    stale: float = 0.0
    """How many cadences ago the last delivery came; 0 means on time."""
    grain: float = 0.0
    """Share of records that are listed twice, as Hue's places to eat are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """One of the 115 datasets."""

    slug: str
    title: str
    title_en: str
    agency: str
    theme: str
    rows: int
    cadence: int
    """Days."""
    way: Way
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()
    """Sets of columns that identify the same real thing."""
    dirt: Dirt = field(default_factory=Dirt)
    deliveries: int = 1
    licence: str = "CC-BY-4.0"
    classification: str = "public"
    copy_of: str = ""
    """Another dataset whose file this one repeats byte for byte."""

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        return next((c for c in self.columns if c.name == name), None) or _no_column(self.slug, name)


def _no_column(slug: str, name: str) -> Column:
    raise KeyError(f"{slug} has no column {name}")


@dataclass(slots=True, kw_only=True)
class Plant:
    """One planted fault. `row` is the number that a person sees in the delivered file, 0 for the whole table."""

    dataset: str
    delivery: int
    kind: str
    row: int = 0
    column: str = ""
    value: str | None = None
    right: str | None = None
    twin: int = 0
    """For duplicates: the row that this one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One file, table or resource as an agency hands it over."""

    number: int
    on: date
    rows: int
    path: Path | None = None
    """The file; None for a database table."""
    table: str = ""
    """Table of a database, or sheet of a workbook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset of the generated city with its contract and what was delivered, oldest first."""

    spec: DatasetSpec
    contract: Contract
    deliveries: tuple[Delivered, ...]
    source: Mapping[str, Any] = field(repr=False)
    """`kind`, `settings` and perhaps `secret` of its source; not in the repr because of the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """What `generate` wrote."""

    folder: Path
    seed: int
    as_of: date
    agencies: tuple[AgencySpec, ...]
    datasets: tuple[Dataset, ...]
    truth: Path
    rows: int
    planted: Mapping[str, int]

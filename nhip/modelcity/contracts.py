"""The contract of each dataset, built from the same columns that its good values are made of."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from nhip.datasets.contract.model import Contract, Field, Reference, RowRule
from nhip.modelcity.forms import form_of
from nhip.modelcity.model import Column, DatasetSpec
from nhip.modelcity.writers.grid import GROUPS

_SPACE = uuid.UUID("6b6e8c0a-3c0e-5f6e-9b6b-4e6869700046")
"""Name space of the contracts' UUIDs (RFC 9562 version 5), so that they never change."""

_TOLD = 6
"""Columns that a description names."""


def contract(spec: DatasetSpec, province: str = "46") -> Contract:
    """ODCS 3.1 as Nhịp's struct. References name the columns of the referred dataset's contract."""
    return Contract(
        id=str(uuid.uuid5(_SPACE, spec.slug)),
        version="1.0.0",
        dataset=spec.slug,
        title=spec.title,
        title_en=spec.title_en,
        description=_description(spec),
        fields=tuple(_field(spec, column) for column in spec.columns),
        row_rules=tuple(RowRule(name=r.name, holds=r.holds, description=r.description) for r in spec.rules),
        references=tuple(
            Reference(columns=(c.name,), to_dataset=c.refers[0], to_columns=(c.refers[1],))
            for c in spec.columns
            if c.refers
        ),
        duplicate_keys=spec.same,
        min_rows=max(1, int(spec.rows * 0.85)),
        drift_rows_percent=20,
        cadence_days=spec.cadence,
        province=province,
        classification=spec.classification,
        licence=spec.licence,
        tags=(spec.theme,),
    )


def _description(spec: DatasetSpec) -> str:
    told = [_within(column.title) for column in spec.columns if column.classification == "public"]
    more = "…" if len(told) > _TOLD else "."
    return f"Mỗi dòng ghi {', '.join(told[:_TOLD])}{more} Dữ liệu giả định của thành phố mẫu."


def _within(title: str) -> str:
    """A title as it stands within a sentence: "Phường/Xã" is "phường/xã"."""
    return "/".join(part[:1].lower() + part[1:] for part in title.split("/"))


def _field(spec: DatasetSpec, column: Column) -> Field:
    return Field(
        name=column.name,
        type=column.type,
        kind=column.kind,
        delivered=_headers(column),
        title=column.title,
        title_en=column.title_en,
        required=column.required or bool(column.key),
        primary_key=column.key,
        pattern=column.pattern,
        enum=column.enum,
        minimum=column.minimum,
        maximum=column.maximum,
        order=column.order if column.type == "date" and form_of(spec, column) != "native" else "",
        unit=column.unit,
        crs=column.crs,
        classification=_classification(spec, column),
    )


def _classification(spec: DatasetSpec, column: Column) -> str:
    """An address beside a person's name is that person's."""
    of_a_person = column.kind == "address" and any(other.kind == "person_name" for other in spec.columns)
    return "personal" if of_a_person else column.classification


def _headers(column: Column) -> tuple[str, ...]:
    texts = dict.fromkeys((column.title, *(f"{group} {column.title}" for group in GROUPS)))
    return tuple(texts)


def headers(spec: DatasetSpec, last: bool) -> list[str]:
    """Header texts of a delivered file: titles in files for people, names in files for machines; renamed ones in the last."""
    by_name = spec.way.format not in ("csv", "tsv", "xlsx", "xls", "ods") or "*" in spec.dirt.encodings
    renamed: Mapping[str, str] = spec.dirt.renamed if last else {}
    return [renamed.get(c.name, c.name if by_name else c.header or c.title) for c in spec.columns]

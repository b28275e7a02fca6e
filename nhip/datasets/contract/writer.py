"""From a Contract to ODCS v3.1 YAML: always the same order, only what is set."""

from __future__ import annotations

from typing import Any

import yaml

from nhip.datasets.contract import options, relations
from nhip.datasets.contract.model import Contract, Field, RowRule

API_VERSION = "v3.1.0"


def to_odcs(contract: Contract) -> dict[str, Any]:
    """The contract as the ODCS document, in plain Python types."""
    return _set(
        {
            "apiVersion": API_VERSION,
            "kind": "DataContract",
            "id": contract.id,
            "version": contract.version,
            "status": contract.status,
            "name": contract.title,
            "tags": list(contract.tags),
            "description": _set({"purpose": contract.description}),
            "schema": [_table(contract)],
            "team": _set({"name": contract.owner}),
            "slaProperties": _sla(contract),
            "customProperties": _custom(
                {
                    "nhip.table": contract.table,
                    "nhip.title_en": contract.title_en,
                    "nhip.duplicates": [list(key) for key in contract.duplicate_keys],
                    "nhip.drift.rows": options.plain(contract.drift_rows_percent),
                    "nhip.province": contract.province,
                    "nhip.classification": contract.classification,
                    "nhip.licence": contract.licence,
                    "nhip.references": _own_references(contract),
                }
            ),
        },
        keep=("id", "version", "status"),
    )


def to_yaml(contract: Contract) -> str:
    """The contract as YAML text."""
    return yaml.dump(
        to_odcs(contract), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Equal values are written out: an alias is hard to read and to edit."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # PyYAML folds these line ends away outside double quotes
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029\ufeff") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _table(contract: Contract) -> dict[str, Any]:
    own = _own_references(contract)
    return _set(
        {
            "name": contract.dataset,
            "logicalType": "object",
            "physicalType": "table",
            "businessName": contract.title,
            "properties": [_property(field) for field in contract.fields],
            "relationships": [] if own else [relations.relationship(contract, r) for r in contract.references],
            "quality": _row_counts(contract) + [_rule(rule) for rule in contract.row_rules],
        }
    )


def _property(field: Field) -> dict[str, Any]:
    standard, own = options.split(field)
    return _set(
        {
            "name": field.name,
            "businessName": field.title,
            "description": field.description,
            "logicalType": field.type,
            "logicalTypeOptions": standard,
            "required": field.required,
            "unique": field.unique,
            "primaryKey": bool(field.primary_key),
            "primaryKeyPosition": field.primary_key,
            "classification": field.classification,
            "quality": _enum(field),
            "customProperties": _custom(
                {
                    "nhip.kind": field.kind,
                    "nhip.delivered": list(field.delivered),
                    "nhip.title_en": field.title_en,
                    "nhip.order": field.order,
                    "nhip.unit": field.unit,
                    "nhip.crs": field.crs,
                    "nhip.severity": dict(field.severity),
                    "nhip.options": own,
                }
            ),
        },
        keep=("name",),
    )


def _enum(field: Field) -> list[dict[str, Any]]:
    """ODCS has `enum` from 3.2 on only; in 3.1 the valid values are a quality check."""
    if not field.enum:
        return []
    return [{"type": "library", "metric": "invalidValues", "arguments": {"validValues": list(field.enum)}, "mustBe": 0}]


def _row_counts(contract: Contract) -> list[dict[str, Any]]:
    limits = (("mustBeGreaterOrEqualTo", contract.min_rows), ("mustBeLessOrEqualTo", contract.max_rows))
    return [{"type": "library", "metric": "rowCount", name: value} for name, value in limits if value is not None]


def _rule(rule: RowRule) -> dict[str, Any]:
    head = {"name": rule.name, "description": rule.description, "type": "custom", "engine": "nhip"}
    severity = "" if rule.severity == "error" else rule.severity
    return _set({**head, "implementation": rule.holds, "severity": severity}, keep=("implementation",))


def _sla(contract: Contract) -> list[dict[str, Any]]:
    if contract.cadence_days is None:
        return []
    return [{"property": "frequency", "value": options.plain(contract.cadence_days), "unit": "d"}]


def _own_references(contract: Contract) -> list[dict[str, Any]]:
    """All foreign keys in our own form if ODCS cannot name one of them (all, so that they keep their order)."""
    if all(relations.is_standard(contract, r) for r in contract.references):
        return []
    return [
        {"columns": list(r.columns), "dataset": r.to_dataset, "to": list(r.to_columns)} for r in contract.references
    ]


def _custom(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in values.items() if value not in (None, "", [], {})]


def _set(values: dict[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """`values` without what is empty, except the names to keep."""
    return {k: v for k, v in values.items() if k in keep or v not in (None, "", [], {}, False)}

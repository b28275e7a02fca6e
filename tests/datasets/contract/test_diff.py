"""Diff: every kind of change, and whom it breaks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from nhip.datasets.contract.diff import diff
from nhip.datasets.contract.model import Contract, Field, Reference, RowRule

from .strategies import contracts

BASE = Field(
    name="a", type="integer", delivered=("Cột A",), minimum=0.0, maximum=10.0, enum=("1", "2"), pattern="^x$", unit="m"
)
OLD = Contract(
    id="x", version="1", dataset="x", fields=(BASE, Field(name="k", primary_key=1, required=True, unique=True)),
    row_rules=(RowRule(name="r", holds="a > 1"),), min_rows=5, max_rows=50, cadence_days=7,
    references=(Reference(columns=("a",), to_dataset="d", to_columns=("b",)),),
)  # fmt: skip

MORE = Reference(columns=("k",), to_dataset="d", to_columns=("b",))


def column(**changes: Any) -> Contract:
    field = msgspec.structs.replace(BASE, **changes)
    return msgspec.structs.replace(OLD, fields=(field, OLD.fields[1]))


def table(**changes: Any) -> Contract:
    return msgspec.structs.replace(OLD, **changes)


@pytest.mark.parametrize(
    ("new", "kind", "breaks"),
    [
        (table(fields=OLD.fields[1:]), "column.removed", "consumer"),
        (table(fields=(*OLD.fields, Field(name="n"))), "column.added", ""),
        (table(fields=(*OLD.fields, Field(name="n", required=True))), "column.added", "supplier"),
        (column(name="b"), "column.renamed", "consumer"),
        (column(type="number"), "type.widened", "consumer"),
        (column(type="date", minimum=None, maximum=None), "type.narrowed", "supplier"),
        (column(required=True), "required.added", "supplier"),
        (column(unique=True), "unique.added", "supplier"),
        (table(fields=(BASE, Field(name="k", primary_key=1, required=True))), "unique.removed", "consumer"),
        (table(fields=(BASE, Field(name="k", primary_key=1, unique=True))), "required.removed", "consumer"),
        (column(enum=("1",)), "enum.removed", "supplier"),
        (column(enum=("1", "2", "3")), "enum.extended", ""),
        (column(enum=()), "enum.dropped", "consumer"),
        (column(pattern="^y$"), "pattern.changed", "supplier"),
        (column(pattern=""), "pattern.changed", ""),
        (column(minimum=1.0), "range.tightened", "supplier"),
        (column(minimum=-1.0), "range.loosened", ""),
        (column(minimum=None), "range.loosened", ""),
        (column(maximum=9.0), "range.tightened", "supplier"),
        (column(maximum=11.0), "range.loosened", ""),
        (column(minimum=None, exclusive_minimum=0.0), "range.tightened", "supplier"),
        (column(exclusive_minimum=0.0), "range.tightened", "supplier"),
        (column(max_length=5), "range.tightened", "supplier"),
        (column(min_length=1), "range.tightened", "supplier"),
        (column(unit="km"), "unit.changed", "consumer"),
        (column(kind="quantity"), "kind.changed", ""),
        (table(fields=(msgspec.structs.replace(BASE, primary_key=2, required=False), OLD.fields[1])), "key.changed", "consumer"),
        (table(dataset="y"), "dataset.renamed", "consumer"),
        (table(min_rows=6), "min_rows.changed", "supplier"),
        (table(min_rows=4), "min_rows.changed", ""),
        (table(max_rows=None), "max_rows.changed", ""),
        (table(cadence_days=30.0), "cadence_days.changed", "consumer"),
        (table(cadence_days=1.0), "cadence_days.changed", "supplier"),
        (table(row_rules=()), "rule.removed", ""),
        (table(row_rules=(RowRule(name="r", holds="a > 2"),)), "rule.changed", "supplier"),
        (table(row_rules=(*OLD.row_rules, RowRule(name="s", holds="a > 2"))), "rule.added", "supplier"),
        (table(references=()), "reference.removed", ""),
        (table(references=(*OLD.references, MORE)), "reference.added", "supplier"),
        (column(delivered=()), "delivered.removed", "supplier"),
        (column(delivered=("Cột A", "Cot B")), "delivered.added", ""),
        (column(severity={"enum": "fatal"}), "severity.changed", "supplier"),
        (column(severity={"enum": "warning"}), "severity.changed", ""),
        (table(row_rules=(RowRule(name="r", holds="a > 1", severity="fatal"),)), "severity.changed", "supplier"),
        (table(row_rules=(RowRule(name="r", holds="a > 1", severity="warning"),)), "severity.changed", ""),
        (table(duplicate_keys=(("a", "k"),)), "duplicates.added", "supplier"),
        (table(table="Bảng 2"), "table.changed", "supplier"),
        (table(province="48"), "province.changed", ""),
        (table(licence="CC-BY-4.0"), "licence.changed", ""),
        (table(owner="Sở Y tế"), "owner.changed", ""),
        (table(classification="internal"), "classification.changed", ""),
        (column(order="dmy"), "order.changed", ""),
    ],
)  # fmt: skip
def test_one_change_is_named_with_whom_it_breaks(new: Contract, kind: str, breaks: str) -> None:
    changes = diff(OLD, new)
    assert [(change.kind, change.breaks) for change in changes] == [(kind, breaks)]
    assert changes[0].breaking == bool(breaks)
    assert changes[0].message.format(column="c", was="w", now="n")


def test_a_renamed_key_column_is_no_new_key() -> None:
    old = table(fields=(BASE, msgspec.structs.replace(OLD.fields[1], delivered=("Mã số",))))
    new = table(fields=(BASE, msgspec.structs.replace(OLD.fields[1], name="ma", delivered=("MÃ SỐ",))))
    assert [change.kind for change in diff(old, new)] == ["column.renamed"]


@pytest.mark.parametrize(
    ("before", "after", "kind", "breaks"),
    [
        ({"order": "dmy"}, {"order": "mdy"}, "order.changed", "supplier"),
        ({"order": "dmy"}, {"order": ""}, "order.changed", "supplier"),
        ({"kind": "commune"}, {"kind": "province"}, "kind.changed", "consumer"),
        ({"crs": "EPSG:9214"}, {"crs": "EPSG:9213"}, "crs.changed", "consumer"),
        ({"severity": {"enum": "fatal"}}, {"severity": {}}, "severity.changed", "consumer"),
    ],
)
def test_what_was_stated_and_changes(before: dict[str, Any], after: dict[str, Any], kind: str, breaks: str) -> None:
    changes = diff(column(**before), column(**after))
    assert [(change.kind, change.breaks) for change in changes] == [(kind, breaks)]


def test_doubles_that_are_allowed_again() -> None:
    old = table(duplicate_keys=(("a", "k"),))
    assert [(c.kind, c.breaks) for c in diff(old, OLD)] == [("duplicates.removed", "consumer")]
    assert [(c.kind, c.breaks) for c in diff(table(province="46"), table(province="48"))] == [
        ("province.changed", "consumer")
    ]


def test_dates_are_compared_as_dates() -> None:
    def make(low: str) -> Contract:
        return Contract(id="x", version="1", dataset="x", fields=(Field(name="d", type="date", minimum=low),))

    assert [change.kind for change in diff(make("2024-01-02"), make("2023-12-31"))] == ["range.loosened"]


@given(contracts())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_contract_does_not_differ_from_itself(contract: Contract) -> None:
    assert diff(contract, contract) == []


@given(contracts(), contracts())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_two_contracts_can_be_compared(old: Contract, new: Contract) -> None:
    for change in diff(old, new):
        assert change.breaks in ("", "consumer", "supplier")
        assert change.message.format(column=change.column, was=change.was, now=change.now)

"""ODCS YAML <-> Contract: round trips, the forms of ODCS 3.0 and 3.1, and what is left out."""

from __future__ import annotations

import json
import textwrap
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings
from open_data_contract_standard.model import OpenDataContractStandard

from nhip.datasets.contract.document import parse
from nhip.datasets.contract.errors import ContractInvalid, ContractUnreadable
from nhip.datasets.contract.model import Contract, Reference, RowRule
from nhip.datasets.contract.reader import read
from nhip.datasets.contract.yaml import dump, load

from .strategies import contracts


@cache
def validator() -> Any:
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft201909Validator(schema)


@given(contracts())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_read_back(contract: Contract) -> None:
    text = dump(contract)
    assert load(text) == contract
    assert dump(load(text)) == text


@given(contracts())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_odcs(contract: Contract) -> None:
    document = pyyaml.safe_load(dump(contract))
    assert document["apiVersion"] == "v3.1.0"
    OpenDataContractStandard(**document)
    assert [error.message for error in validator().iter_errors(document)] == []


def odcs(columns: str = "- name: ma", table: str = "", head: str = "") -> str:
    parts = ["apiVersion: v3.1.0\nkind: DataContract\nid: c1\nversion: 1.0.0\n", textwrap.dedent(head)]
    parts += ["schema:\n- name: truong\n  properties:\n", textwrap.indent(textwrap.dedent(columns), "  ")]
    return "".join(parts) + "\n" + textwrap.indent(textwrap.dedent(table), "  ")


def notes(text: str) -> list[tuple[str, str, str]]:
    _contract, found = read(parse(text))
    return [(note.severity, note.code, note.path) for note in found.problems]


def test_numbers_and_answers_in_enums_stay_the_text_that_was_written() -> None:
    text = odcs("""
        - name: ma
          quality:
          - metric: invalidValues
            mustBe: 0
            severity: warning
            arguments: {validValues: [01, 1.10, NO, true, 2024-01-01, 12:30, 0x1F]}
    """)
    field = load(text).fields[0]
    assert field.enum == ("01", "1.10", "NO", "true", "2024-01-01", "12:30", "0x1F")
    assert field.severity == {"enum": "warning"}


def test_enum_of_odcs_3_2_is_read_too() -> None:
    assert load(odcs("- name: loai\n  enum: [{value: 01, label: Một}, {value: B}]")).fields[0].enum == ("01", "B")


@pytest.mark.parametrize(
    ("check", "attribute", "value"),
    [
        ("{metric: nullValues, mustBe: 0}", "required", True),
        ("{metric: nullValues, mustBeLessThan: 1}", "required", True),
        ("{metric: nullValues, mustBeLessThan: 1, unit: percent}", "required", False),
        ("{metric: nullValues, mustBeLessThan: 5}", "required", False),
        ("{type: library, metric: missingValues, mustBe: 0, arguments: {missingValues: [null, '']}}", "required", True),
        ("{metric: duplicateValues, mustBeLessOrEqualTo: 0}", "unique", True),
        ("{metric: duplicateValues, mustBeLessThan: 10}", "unique", False),
        ("{rule: duplicateCount, mustBe: 0}", "unique", True),
        ("{rule: nullCheck}", "required", True),
        ("{rule: validValues, validValues: [a, b], mustBe: 0}", "enum", ("a", "b")),
        ("{metric: invalidValues, mustBe: 0, arguments: {pattern: '^[A-Z]+$'}}", "pattern", "^[A-Z]+$"),
        ("{metric: invalidValues, mustBeLessThan: 9, arguments: {validValues: [a]}}", "enum", ()),
    ],
)
def test_library_checks_of_a_column(check: str, attribute: str, value: object) -> None:
    assert getattr(load(odcs(f"- name: ma\n  quality: [{check}]")).fields[0], attribute) == value


def test_a_check_with_tolerance_is_left_out_and_told() -> None:
    text = odcs("- name: ma\n  quality: [{metric: nullValues, mustBeLessThan: 5}]")
    assert notes(text) == [("warning", "contract.left_out", "schema[0].properties[0].quality[0]")]


@pytest.mark.parametrize(
    ("operator", "limits"),
    [
        ("mustBeGreaterThan: 10", (11, None)),
        ("mustBeLessThan: 10", (None, 9)),
        ("mustBeGreaterOrEqualTo: 10", (10, None)),
        ("mustBe: 10", (10, 10)),
        ("mustBeBetween: [5, 9]", (5, 9)),
        ("mustNotBe: 10", (None, None)),
        ("mustBe: 10, unit: percent", (None, None)),
    ],
)
def test_row_counts(operator: str, limits: tuple[int | None, int | None]) -> None:
    contract = load(odcs(table=f"quality: [{{metric: rowCount, {operator}}}]"))
    assert (contract.min_rows, contract.max_rows) == limits


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("SELECT count(*) FROM {object} WHERE so < 0", "NOT (so < 0)"),
        ("select COUNT( * )\n from ${table}\n where so < 0 ;", "NOT (so < 0)"),
        ("SELECT COUNT(1) FROM {model} WHERE NOT (so >= 0)", "so >= 0"),
        ("SELECT count(*) FROM public.truong WHERE NOT (so >= 0) OR (so = 1)", "NOT (NOT (so >= 0) OR (so = 1))"),
    ],
)
def test_sql_row_checks(query: str, holds: str) -> None:
    table = f"quality:\n- type: sql\n  name: r1\n  query: {json.dumps(query)}\n  mustBe: 0\n  severity: critical"
    contract = load(odcs("- name: so\n  logicalType: integer", table))
    assert contract.row_rules == (RowRule(name="r1", holds=holds, severity="fatal"),)


def test_sql_check_of_a_column_names_it() -> None:
    check = "{type: sql, query: 'SELECT count(*) FROM {object} WHERE {property} < 0', mustBe: 0}"
    rule = load(odcs(f"- name: so\n  logicalType: integer\n  quality: [{check}]")).row_rules[0]
    assert rule.holds == 'NOT ("so" < 0)'


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sum(so) FROM {object} WHERE so < 0",
        "SELECT count(*) FROM other_table WHERE so < 0",
        "SELECT count(*) FROM {object} WHERE so < (SELECT max(so) FROM {object})",
        "SELECT count(*) FROM {object} WHERE so < 0 GROUP BY so",
        "SELECT count(*) FROM {object} WHERE so < 0; DROP TABLE x",
    ],
)
def test_other_queries_are_left_out_and_told(query: str) -> None:
    table = f"quality:\n- type: sql\n  query: {json.dumps(query)}\n  mustBe: 0"
    text = odcs("- name: so\n  logicalType: integer", table)
    assert load(text).row_rules == ()
    assert [path for _severity, _code, path in notes(text)] == ["schema[0].quality[0]"]


def test_a_rule_for_our_engine_that_cannot_run_refuses_the_contract() -> None:
    text = odcs(table='quality:\n- type: custom\n  engine: nhip\n  implementation: "khong_co > 3"')
    with pytest.raises(ContractInvalid, match="khong_co"):
        load(text)


def test_foreign_keys_of_columns_and_tables() -> None:
    text = odcs(
        """
        - name: ma_xa
          relationships: [{to: xa-phuong.ma}]
        - name: nam
        """,
        "relationships:\n- {from: [truong.ma_xa, truong.nam], to: [quy.ma, quy.nam]}",
    )
    assert load(text).references == (
        Reference(columns=("ma_xa",), to_dataset="xa-phuong", to_columns=("ma",)),
        Reference(columns=("ma_xa", "nam"), to_dataset="quy", to_columns=("ma", "nam")),
    )


def test_foreign_keys_by_id_are_found_in_the_same_file_only() -> None:
    far = "- {id: t2, name: xa, properties: [{id: p9, name: ma}]}"
    text = (
        odcs("- name: ma_xa\n  relationships: [{to: schema/t2/properties/p9}, {to: x.yaml#/schema/a/properties/b}]")
        + far
    )
    contract, found = read(parse(text))
    assert contract is not None
    assert contract.references == (Reference(columns=("ma_xa",), to_dataset="xa", to_columns=("ma",)),)
    assert "contract.reference" in {note.code for note in found.problems}


@pytest.mark.parametrize(
    ("value", "days"),
    [("1, unit: d", 1), ("6, unit: h", 0.25), ("1, unit: month", 31), ("2, unit: weeks", 14), ("1, unit: y", 366),
     ("30, unit: min", 30 / 1440), ("5", 5), ("3, unit: moons", None)],
)  # fmt: skip
def test_cadence(value: str, days: float | None) -> None:
    text = odcs(head=f"slaProperties: [{{property: frequency, value: {value}}}]\n")
    found = load(text).cadence_days
    assert found == pytest.approx(days) if days else found is None


def test_formats_of_text_become_kinds_and_are_no_form_of_dates() -> None:
    text = odcs("- {name: thu, logicalType: string, logicalTypeOptions: {format: email}}")
    assert (load(text).fields[0].kind, load(text).fields[0].format) == ("email", "")
    text = odcs("- {name: so, logicalType: integer, logicalTypeOptions: {format: i32}}")
    assert load(text).fields[0].format == ""
    assert ("warning", "contract.left_out", "schema[0].properties[0].logicalTypeOptions.format") in notes(text)


def test_the_other_tables_of_a_contract_are_told() -> None:
    assert notes(odcs() + "- {name: khac, properties: [{name: a}]}") == [("warning", "contract.left_out", "schema[1]")]


def test_every_mistake_is_told_at_once_with_line_and_path() -> None:
    text = odcs("- name: ma\n  required: maybe\n- name: MA\n- name: _row\n- logicalType: string")
    with pytest.raises(ContractInvalid) as caught:
        load(text)
    assert {problem.path for problem in caught.value.problems} == {
        "schema[0].properties[0].required", "schema[0].properties[1].name", "schema[0].properties[2].name",
        "schema[0].properties[3].name",
    }  # fmt: skip
    assert "line 9, schema[0].properties[0].required: expected true or false, found `maybe`" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a: [1, 2", "closed"),
        ("a: !!python/object/apply:os.system [id]", "tag"),
        ("a: 1\na: 2", "twice"),
        ("? [a, b]\n: c", "key"),
        ("[" * 60 + "]" * 60, "deeper"),
        ("a: " + "- " * 2000 + "x", "deeper|cannot stand"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(f'*{p}' for _ in range(10))}]\n"
         for p, c in zip("abcdefg", "bcdefgh", strict=True)), "unfold"),
        ("a: &a [*a]", "unfold"),
        ("x" * 2_000_001, "2,000,000"),
        ("a: \x00", "cannot be seen"),
    ],
)  # fmt: skip
def test_unsafe_or_broken_yaml_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ContractUnreadable, match=says) as caught:
        parse(text)
    assert "(line " in str(caught.value)


@pytest.mark.parametrize(
    "text", ["5", "[]", "a: b", "kind: DataContract\nschema: x", "schema: [1]", odcs(head="kind: Other\n")]
)
def test_what_is_no_contract_is_refused(text: str) -> None:
    with pytest.raises((ContractInvalid, ContractUnreadable)):
        load(text)

"""Lint: one broken contract a row, with the code and the path that must be told."""

from __future__ import annotations

import pytest

from nhip.datasets.contract.lint import lint, lint_contract
from nhip.datasets.contract.model import Contract, Field, RowRule
from nhip.datasets.contract.notes import ContractProblem, render
from nhip.datasets.contract.patterns import pattern_differences, pattern_problem
from nhip.datasets.contract.yaml import dump, load

GOOD = """
apiVersion: v3.1.0
kind: DataContract
id: truong-hoc
version: 1.0.0
status: active
name: Trường học
description: {purpose: Danh sách trường học của thành phố}
team: {name: Sở Giáo dục và Đào tạo}
slaProperties:
- {property: frequency, value: 1, unit: month}
customProperties:
- {property: nhip.licence, value: CC-BY-4.0}
schema:
- name: truong-hoc
  businessName: Trường học
  properties:
  - {name: ma, businessName: Mã, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
  - {name: so, businessName: Số học sinh, logicalType: integer}
"""


def with_column(text: str) -> str:
    return GOOD + f"  - {text}\n"


def found(text: str) -> set[tuple[str, str, str]]:
    return {(problem.severity, problem.code, problem.path) for problem in lint(text)}


def test_a_good_contract_has_no_problem() -> None:
    assert lint(GOOD) == []


C = "schema[0].properties[2]"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 3}}", ("error", "contract.range", C)),
        ("logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 5, maximum: 5}}",
         ("error", "contract.range", C)),
        ("logicalType: date, logicalTypeOptions: {minimum: '2024-13-01'}}", ("error", "contract.range", C)),
        ("logicalType: string, logicalTypeOptions: {minLength: 5, maxLength: 3}}", ("error", "contract.range", C)),
        ("logicalType: integer, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [1, x]}}]}",
         ("error", "contract.enum", C)),
        ("logicalType: string, logicalTypeOptions: {pattern: '(?=x)y'}}", ("error", "contract.pattern", C)),
        ("logicalType: string, logicalTypeOptions: {pattern: 'abc'}}", ("warning", "contract.pattern", C)),
        ("primaryKey: true, primaryKeyPosition: 2}", ("error", "contract.key", C)),
        ("primaryKey: true, primaryKeyPosition: 1, required: true}", ("error", "contract.key", "schema[0]")),
        ("logicalType: array}", ("error", "contract.type", C + ".logicalType")),
        ("requird: true}", ("error", "contract.unknown", C + ".requird")),
        ("description: [x]}", ("fatal", "contract.type", C + ".description")),
        ("examples: x}", ("error", "contract.schema", C + ".examples")),
        ("customProperties: [{property: nhip.colour, value: x}]}",
         ("warning", "contract.left_out", C + ".customProperties")),
        ("customProperties: [{property: nhip.kind, value: colour}]}", ("error", "contract.kind", C)),
        ("customProperties: [{property: nhip.kind, value: phone}]}", ("warning", "contract.personal", C)),
        ("customProperties: [{property: nhip.order, value: dym}]}", ("error", "contract.order", C)),
        ("customProperties: [{property: nhip.crs, value: WGS}]}", ("error", "contract.crs", C)),
        ("customProperties: [{property: nhip.unit, value: parsec}]}", ("error", "contract.unit", C)),
        ("logicalType: date, logicalTypeOptions: {format: jj.mm}}", ("error", "contract.format", C)),
        ("relationships: [{to: nowhere}]}", ("error", "contract.reference", C + ".relationships[0]")),
        ("}", ("warning", "contract.missing", C)),
        ("name: SO}", ("fatal", "contract.name", C + ".name")),
    ],
)  # fmt: skip
def test_a_mistake_in_a_column_is_told_with_its_place(column: str, expected: tuple[str, str, str]) -> None:
    head = {"}": "{name: a", "name: SO}": "{"}.get(column, "{name: a, businessName: A, ")
    assert expected in found(with_column(head + column))


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("team:", "tema:", ("error", "contract.unknown", "tema")),
        ("team:", "domain: x\nxteam:", ("warning", "contract.missing", ".")),
        ("unit: month", "unit: m", ("warning", "contract.cadence", "slaProperties[0].unit")),
        ("unit: month", "unit: moon", ("error", "contract.cadence", "slaProperties[0]")),
        ("version: 1.0.0", "version: 1.0", ("error", "contract.schema", "version")),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.0", ("fatal", "contract.version", "apiVersion")),
        ("kind: DataContract", "kind: Data", ("fatal", "contract.kind", "kind")),
        ("required: true, primaryKey: true, primaryKeyPosition: 1", "required: true",
         ("warning", "contract.key", "schema[0]")),
        ("TABLE", "  quality: [{type: custom, engine: nhip, implementation: 'x > 1'}]\n",
         ("fatal", "contract.expression", "schema[0].quality[0]")),
        ("TABLE", "  quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [ma, x]}}]\n",
         ("error", "contract.column", "schema[0].quality[0]")),
        ("TABLE", "  quality: [{type: custom, engine: soda, implementation: x}]\n",
         ("warning", "contract.left_out", "schema[0].quality[0]")),
        ("TABLE", "  quality: [{metric: rowCount, mustBeBetween: [9, 5]}]\n", ("error", "contract.range", "schema[0]")),
        ("description: {purpose: Danh sách trường học của thành phố}\n", "", ("warning", "contract.missing", ".")),
    ],
)  # fmt: skip
def test_a_mistake_in_the_table_is_told_with_its_place(was: str, now: str, expected: tuple[str, str, str]) -> None:
    was = {"TABLE": "  businessName: Trường học\n"}.get(was, was)
    assert was in GOOD
    problems = found(GOOD.replace(was, now))
    assert expected in {(severity, code, path or ".") for severity, code, path in problems}


def test_lines_are_those_of_the_file_and_sorted() -> None:
    text = with_column("{name: a, logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 3}}")
    problem = next(problem for problem in lint(text) if problem.code == "contract.range")
    assert "minimum: 5" in text.splitlines()[problem.line - 1]
    lines = [problem.line for problem in lint(text)]
    assert lines == sorted(lines)


def test_what_is_no_yaml_is_one_fatal_problem() -> None:
    problems = lint("a: [")
    assert [(problem.severity, problem.code) for problem in problems] == [("fatal", "contract.yaml")]


def test_every_message_can_be_filled_and_translated() -> None:
    text = with_column("{name: a, logicalType: array, requird: 1, logicalTypeOptions: {pattern: '\\w{x', zzz: 1}}")
    problems: list[ContractProblem] = lint(text)
    assert problems
    for problem in problems:
        said = render(problem, lambda message: message)
        assert f"line {problem.line}" in said
        assert not any("{" + place + "}" in said for place in problem.values)


def test_structs_are_linted_without_yaml() -> None:
    contract = Contract(
        id="x", version="1", dataset="x", fields=(Field(name="a", minimum=3.0, primary_key=1),),
        row_rules=(RowRule(name="r", holds="a > 1"), RowRule(name="r", holds="a > 2")), min_rows=4, max_rows=2,
        duplicate_keys=(("b",),),
    )  # fmt: skip
    codes = {(problem.code, problem.path) for problem in lint_contract(contract)}
    assert {
        ("contract.range", "a"),
        ("contract.key", "a"),
        ("contract.rule", ""),
        ("contract.range", ""),
        ("contract.column", ""),
    } <= codes


def test_what_dump_writes_passes_its_own_lint() -> None:
    assert lint(dump(load(GOOD))) == []


@pytest.mark.parametrize("pattern", ["^(?!a)b$", r"^(a)\1$", "^[a-", "(", "^a{2,1}$", "^a{1001}$"])
def test_patterns_that_re2_refuses(pattern: str) -> None:
    assert pattern_problem(pattern)


@pytest.mark.parametrize(
    ("pattern", "differences"),
    [
        ("^HUE-[0-9]{4}-[0-9]{3}$", 0),
        ("HUE", 1),
        (r"^\w+$", 1),
        (r"^\\w+$", 0),
        ("^a|b$", 1),
        ("^(a|b)$", 0),
        (r"^\p{L}+$", 2),
        ("^[|]$", 0),
    ],
)
def test_patterns_that_other_tools_read_differently(pattern: str, differences: int) -> None:
    assert pattern_problem(pattern) == ""
    assert len(pattern_differences(pattern)) == differences

"""frictionless, which nobody here wrote, on random dirty tables: the same faults, cell for cell."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frictionless
import pytest
from frictionless import Checklist, Resource, Schema, checks
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nhip.datasets.contract.model import Contract, Field, RowRule

FIELDS = (
    Field(name="ma", required=True, unique=True, pattern="[A-Z]{2}[0-9]+"),
    Field(name="ten", required=True, min_length=2, max_length=6),
    Field(name="loai", enum=("Nam", "Nữ", "Khác"), pattern=r"\w+"),
    Field(name="so", type="integer", minimum=0.0, maximum=100.0),
    Field(name="gia", type="number", minimum=0.5, maximum=50.0, unique=True),
    Field(name="ngay", type="date", minimum="2020-01-01", format="yyyy-MM-dd"),
    Field(name="sua", type="date", format="dd/MM/yyyy"),
    Field(name="co", type="boolean"),
)
CONTRACT = Contract(
    id="c",
    version="1",
    dataset="d",
    fields=FIELDS,
    row_rules=(RowRule(name="sau", holds="sua >= ngay"), RowRule(name="re", holds="gia < so + 40 OR loai = 'Khác'")),
)
FORMULAS = {  # a rule over an empty cell is not judged, as in SQL
    "row:sau": "sua is None or ngay is None or sua >= ngay",
    "row:re": "loai is None or loai == 'Khác' or gia is None or so is None or gia < so + 40",
}
SCHEMA = {
    "fields": [
        {
            "name": "ma",
            "type": "string",
            "constraints": {"required": True, "unique": True, "pattern": "[A-Z]{2}[0-9]+"},
        },
        {"name": "ten", "type": "string", "constraints": {"required": True, "minLength": 2, "maxLength": 6}},
        {"name": "loai", "type": "string", "constraints": {"enum": ["Nam", "Nữ", "Khác"], "pattern": r"\w+"}},
        {"name": "so", "type": "integer", "constraints": {"minimum": 0, "maximum": 100}},
        {"name": "gia", "type": "number", "constraints": {"minimum": 0.5, "maximum": 50, "unique": True}},
        {"name": "ngay", "type": "date", "constraints": {"minimum": "2020-01-01"}},
        {"name": "sua", "type": "date", "format": "%d/%m/%Y"},
        {"name": "co", "type": "boolean"},
    ]
}
DIRT = st.sampled_from(
    [
        *("", " ", "x", "Hoà", "hòa ", "  a b", "N/A", "1e3", "+5", "007", "-1", "1.234,5", "٣", "12,5", "Nữ\u0300"),
        *("15-3-19", "2024-13-01", "2024-1-5", "1700-01-01", "01/02/24", "1/2/2024", "31/04/2024", "TRUE", "có", "0"),
        *("2024-02-30", "2023-02-29", ".5", "5.", "a'b", '"', "1_000", "Đường"),
    ]
)
CELLS = (
    st.sampled_from(["AB1", "AB2", "CD3", "EF44"]),
    st.sampled_from(["Lan", "Hòa", "Nguyễn"]),
    st.sampled_from(["Nam", "Nữ", "Khác"]),
    st.integers(-2, 102).map(str),
    st.sampled_from(["1.5", "1.50", "50.5", "0", "49.99", "-3", "20", "20.0"]),
    st.dates().filter(lambda d: d.year > 1900).map(str),
    st.dates().filter(lambda d: d.year > 1900).map(lambda d: d.strftime("%d/%m/%Y")),
    st.sampled_from(["true", "false", "True", "1", "0"]),
)
ROWS = st.lists(st.tuples(*(st.one_of(cell, cell, cell, DIRT) for cell in CELLS)), min_size=1, max_size=12)


def frictionless_faults(path: Path) -> Counter[tuple[int, str, str]]:
    """Row, column and rule of every fault that frictionless finds."""
    checklist = Checklist(checks=[checks.row_constraint(formula=formula) for formula in FORMULAS.values()])
    with frictionless.system.use_context(trusted=True):
        resource = Resource(path=str(path), schema=Schema.from_descriptor(SCHEMA), detector=frictionless.Detector())
        report = resource.validate(checklist, limit_errors=100_000)
    return Counter(key for error in report.task.errors if (key := fault_of(error.to_dict())))


def fault_of(error: dict[str, Any]) -> tuple[int, str, str] | None:
    kind, row = error["type"], error["rowNumber"]
    if kind == "row-constraint":
        return row, "", next(name for name, formula in FORMULAS.items() if formula in error["note"])
    if kind in ("type-error", "unique-error"):
        return row, error["fieldName"], kind.removesuffix("-error")
    if kind == "constraint-error":
        return row, error["fieldName"], error["note"].split('"')[1]
    assert kind == "blank-row", error
    return None


@given(rows=ROWS)
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would run frictionless for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_same_faults_as_frictionless(check: Callable[..., Any], tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([[field.name for field in FIELDS], *rows])
    made = check(CONTRACT, [[cell or None for cell in row] for row in rows], mends=False, write_version=None)
    ours = Counter((row, column, rule) for row, column, rule, *_ in made.findings)
    assert ours == frictionless_faults(path)


def test_the_oracle_sees_faults(tmp_path: Path) -> None:
    """The comparison above would be empty if frictionless reported nothing."""
    path = tmp_path / "table.csv"
    header = ",".join(field.name for field in FIELDS)
    path.write_text(
        f"{header}\nx,,Nu,-1,60,2019-01-01,1/1/24,co\nAB1,Lan,Nam,5,50,2024-01-01,01/01/2023,true\n", "utf-8"
    )
    faults = {rule for _, _, rule in frictionless_faults(path)}
    expected = {"pattern", "required", "enum", "minimum", "maximum", "type", "row:sau", "row:re"}
    assert faults >= expected


@pytest.mark.parametrize("mends", [True, False])
def test_strict_contract_needs_no_switch(check: Callable[..., Any], mends: bool) -> None:
    """Where the contract names the forms, the usual check finds the same faults as the check of the text as delivered."""
    rows = [
        ["AB1", "Lan", "Nam", "5", "1.5", "15-3-19", "1/2/24", "true"],
        ["AB1", None, "Nu", "x", "60", None, None, None],
    ]
    made = check(CONTRACT, rows, mends=mends)
    assert sorted(made.cells()) == [(2, "ngay"), (2, "sua"), (3, "gia"), (3, "loai"), (3, "ma"), (3, "so"), (3, "ten")]

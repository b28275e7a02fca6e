"""The stable interfaces for scripts and judges, key by key and exit code by exit code."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from nhip.formats.errors import EmptyFile
from tests.acceptance.conftest import Nhip

PLAIN_ODCS = """\
apiVersion: v3.1.0
kind: DataContract
id: 5f6f4d0e-2f61-4a52-b0a4-0b1f3ad6a6c1
version: 1.0.0
status: active
name: stations
schema:
  - name: stations
    logicalType: object
    physicalType: table
    properties:
      - name: code
        logicalType: string
        required: true
        unique: true
        logicalTypeOptions:
          pattern: '^[A-Z]{2}[0-9]{3}$'
      - name: kind
        logicalType: string
        quality:
          - type: library
            metric: invalidValues
            arguments:
              validValues: [air, water]
            mustBe: 0
      - name: level
        logicalType: number
        logicalTypeOptions:
          minimum: 0
          maximum: 500
      - name: opened
        logicalType: date
        logicalTypeOptions:
          format: yyyy-MM-dd
      - name: closed
        logicalType: date
        logicalTypeOptions:
          format: yyyy-MM-dd
    quality:
      - type: sql
        name: closed-after-opened
        query: SELECT COUNT(*) FROM {object} WHERE closed < opened
        mustBe: 0
"""
"""What any tool that writes ODCS 3.1 might write: nothing of ours in it."""

HEAD = "code,kind,level,opened,closed\n"
CLEAN = HEAD + "AA001,air,1.5,2020-01-01,\nAA002,water,500,2020-01-02,2021-01-01\n"
DIRTY = (
    CLEAN
    + ",air,1,2020-01-01,\n"  # row 4: required
    + "AA001,air,1,2020-01-01,\n"  # row 5: unique
    + "aa-1,air,1,2020-01-01,\n"  # row 6: pattern
    + "AA005,fire,1,2020-01-01,\n"  # row 7: enum
    + "AA006,air,many,2020-01-01,\n"  # row 8: type
    + "AA007,air,501,2020-01-01,\n"  # row 9: maximum
    + "AA008,air,-1,2020-01-01,\n"  # row 10: minimum
    + "AA009,air,1,2020-01-02,2020-01-01\n"  # row 11: the row rule
)
EXPECTED = [
    (4, "code", "required"),
    (5, "code", "unique"),
    (6, "code", "pattern"),
    (7, "kind", "enum"),
    (9, "level", "maximum"),
    (10, "level", "minimum"),
]
REPORT = {"rows", "findings", "by_rule", "quarantined", "virtues", "wall_s", "cpu_s", "rows_per_s", "peak_mb"}
FINDING = ["row", "column", "rule", "value", "suggestion"]


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "stations.odcs.yaml"
    path.write_text(PLAIN_ODCS)
    return path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_check_of_a_clean_file(plain: Nhip, contract: Path, tmp_path: Path) -> None:
    done = plain("check", write(tmp_path, "clean.csv", CLEAN), "--contract", contract, "--json")
    assert done.code == 0, done
    assert set(done.json) >= REPORT
    assert (done.json["rows"], done.json["findings"], done.json["by_rule"], done.json["quarantined"]) == (2, 0, {}, 0)
    assert set(done.json["virtues"]) >= {"accurate", "complete", "clean", "consistent"}
    assert done.json["peak_mb"] > 10 and done.json["wall_s"] > 0 and done.json["cpu_s"] > 0


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_check_of_a_dirty_file(plain: Nhip, contract: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"findings.{ending}"
    file = write(tmp_path, "dirty.csv", DIRTY)
    done = plain("check", file, "--contract", contract, "--findings", out, "--memory", 300, "--json")
    assert done.code == 1, done
    rows = findings(out)
    assert done.json["rows"] == 10
    assert done.json["findings"] == len(rows) == sum(done.json["by_rule"].values())
    found = {(int(r["row"]), r["column"], r["rule"]) for r in rows}
    assert found >= set(EXPECTED)
    (unread,) = [r for r in rows if int(r["row"]) == 8]
    assert (unread["column"], unread["value"]) == ("level", "many")
    (broken,) = [r for r in rows if int(r["row"]) == 11]
    assert broken["rule"].startswith("row:")
    assert len(found) == len(EXPECTED) + 2
    assert {r["value"] for r in rows if r["rule"] == "enum"} == {"fire"}


def findings(path: Path) -> list[dict[str, Any]]:
    """The findings that count, of a file whose first columns are the documented ones."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    else:
        with duckdb.connect() as db:
            cursor = db.execute("select * from read_parquet(?)", [str(path)])
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert [name for name in rows[0] if name in FINDING] == FINDING
    return [row for row in rows if row["severity"] != "mended"]


def test_check_of_what_cannot_be_used(plain: Nhip, contract: Path, tmp_path: Path) -> None:
    done = plain("check", write(tmp_path, "empty.csv", ""), "--contract", contract, "--json")
    assert (done.code, done.out) == (2, "")
    done.said(EmptyFile, "empty.csv")


def test_check_for_people(plain: Nhip, contract: Path, tmp_path: Path) -> None:
    done = plain("check", write(tmp_path, "dirty.csv", DIRTY), "--contract", contract)
    assert done.code == 1
    assert "closed-after-opened" in done.out and "enum" in done.out


def test_inspect(plain: Nhip, tmp_path: Path) -> None:
    text = "Mã trạm,Điện thoại,Diện tích (m2)\nA1,0912345678,12\nA2,0987654321,14.5\n"
    report = plain.good("inspect", write(tmp_path, "tram.csv", text), "--json").json
    assert set(report) == {"format", "encoding", "tables", "problems"}
    assert report["format"] == "csv"
    (table,) = report["tables"]
    assert set(table) >= {"name", "sheet", "header_rows", "rows", "columns"}
    assert table["rows"] == 2
    for column in table["columns"]:
        assert set(column) >= {"name", "type", "encoding", "pattern", "unit", "pii", "sure"}
        assert 0 <= column["sure"] <= 1
    assert [c["name"] for c in table["columns"]] == ["Mã trạm", "Điện thoại", "Diện tích (m2)"]
    assert table["columns"][1]["pii"] and table["columns"][2]["unit"] == "m2"


def test_units_resolve_reads_standard_input_and_files(plain: Nhip, tmp_path: Path) -> None:
    lines = "address\nPhường Vỹ Dạ, thành phố Huế\nXã Không Có Thật, tỉnh Nào Đó\n"
    out = plain.good("units", "resolve", "--file", "-", "--json", send=lines).out
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) == 2
    for answer in answers:
        assert set(answer) >= {"input", "status", "codes", "path", "as_of"}
        assert answer["status"] in ("exact", "ambiguous", "none")
    assert (answers[0]["status"], len(answers[0]["codes"])) == ("exact", 1)
    assert (answers[1]["status"], answers[1]["codes"]) == ("none", [])
    file = write(tmp_path, "a.tsv", lines)
    assert plain.good("units", "resolve", "--file", file, "--json").out == out
    old = plain.good("units", "resolve", "--file", "-", "--as-of", "2020-01-01", "--json", send=lines).out
    assert json.loads(old.splitlines()[0])["as_of"] == "2020-01-01"


@pytest.mark.real
def test_units_resolve_the_twenty_addresses(plain: Nhip, real_data: Path) -> None:
    file = real_data / "vi" / "addresses20.tsv"
    with file.open(encoding="utf-8", newline="") as stream:
        right = list(csv.DictReader(stream, delimiter="\t"))
    answers = [json.loads(x) for x in plain.good("units", "resolve", "--file", file, "--json").out.splitlines()]
    assert len(answers) == len(right) == 20
    good = wrong = 0
    for answer, row in zip(answers, right, strict=True):
        codes = set(row["ward_code_2025"].split(";"))
        if answer["status"] == "exact":
            good, wrong = (good + 1, wrong) if set(answer["codes"]) <= codes else (good, wrong + 1)
        elif answer["status"] == "ambiguous":
            good += codes <= set(answer["codes"])
    assert wrong == 0
    assert good >= 19


def test_contract_infer_lint_diff_template(plain: Nhip, contract: Path, tmp_path: Path) -> None:
    file, drafted = write(tmp_path, "clean.csv", CLEAN), tmp_path / "drafted.yaml"
    report = plain.good("contract", "infer", file, "--json").json
    assert {"contract", "columns"} <= set(report)
    assert {p["name"] for p in report["columns"]} == {"code", "kind", "level", "opened", "closed"}
    assert all(0 <= p["sure"] <= 1 for p in report["columns"])
    assert yaml.safe_load(report["contract"])["apiVersion"] == "v3.1.0"
    plain.good("contract", "infer", file, "--out", drafted)
    assert plain("check", file, "--contract", drafted).code == 0
    lint = plain("contract", "lint", contract, "--json")
    assert lint.code == 0, lint
    assert all({"severity", "text"} <= set(problem) for problem in lint.json)
    narrower = write(tmp_path, "new.yaml", PLAIN_ODCS.replace("maximum: 500", "maximum: 100"))
    diff = plain("contract", "diff", contract, narrower, "--json")
    assert diff.code == 1
    assert [(c["column"], c["breaking"]) for c in diff.json] == [("level", True)]
    assert plain.good("contract", "diff", contract, contract, "--json").json == []
    book = tmp_path / "mau.xlsx"
    assert plain.good("contract", "template", book, "--from", contract, "--json").json == {"template": str(book)}
    back = plain.good("contract", "import", book, "--json").json["contract"]
    assert [p["name"] for p in yaml.safe_load(back)["schema"][0]["properties"]] == [
        "code", "kind", "level", "opened", "closed"]  # fmt: skip


def test_output_that_nobody_reads_to_its_end_is_no_fault(plain: Nhip) -> None:
    command = " ".join(plain.command("source", "kinds", "http"))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -1"], capture_output=True, env=plain.environ(), check=True, timeout=60
    )
    assert done.stderr == b""


def test_every_command_explains_itself(plain: Nhip) -> None:
    overview = plain.good("--help").out
    for name in (
        "up",
        "demo",
        "sync",
        "check",
        "inspect",
        "contract",
        "source",
        "dataset",
        "units",
        "sector",
        "migrate",
        "doctor",
    ):
        assert f"  {name} " in overview
    assert plain.good("dataset", "diff", "--help").out.startswith("Usage: nhip dataset diff")

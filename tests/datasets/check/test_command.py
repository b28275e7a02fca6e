"""`nhip check` as scripts and judges call it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.yaml import dump

FIELDS = (
    Field(name="ma", required=True, unique=True),
    Field(name="so", type="integer", maximum=10.0),
    Field(name="ten"),
)
KEYS = {"rows", "findings", "by_rule", "quarantined", "virtues", "wall_s", "cpu_s", "rows_per_s", "peak_mb"}


def nhip_check(folder: Path, text: str, *options: str, fields: tuple[Field, ...] = FIELDS) -> tuple[int, Any, str]:
    """Exit code, JSON and errors of the command run as a program."""
    (folder / "file.csv").write_text(text, "utf-8")
    terms = Contract(id="c", version="1.0.0", dataset="bang", fields=fields)
    (folder / "c.yaml").write_text(dump(terms), "utf-8")
    command = [sys.executable, "-m", "nhip", "--data-dir", str(folder / "var"), "check", str(folder / "file.csv")]
    done = subprocess.run(
        [*command, "--contract", str(folder / "c.yaml"), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_clean_file(tmp_path: Path) -> None:
    code, report, _ = nhip_check(tmp_path, "ma,so,ten\na,1,x\nb,2,y\n")
    assert (code, report["rows"], report["findings"], report["by_rule"]) == (0, 2, 0, {})
    assert report.keys() >= KEYS
    assert report["virtues"]["accurate"] == 100


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_findings(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"found.{suffix}"
    text = "ma,so,ten\na,1,hoà  bình\na,11,x\n,không,=cmd()\n"
    code, report, _ = nhip_check(tmp_path, text, "--findings", str(target), "--memory", "300")
    assert (code, report["rows"], report["mended"]) == (1, 3, 1)
    assert report["by_rule"] == {"maximum": 1, "required": 1, "type": 1, "unique": 1}
    if suffix == "csv":
        rows = list(csv.DictReader(target.open(encoding="utf-8")))
    else:
        names = ("row", "column", "rule", "severity", "value", "suggestion")
        rows = [dict(zip(names, row, strict=True)) for row in duckdb.sql(f"FROM '{target}'").fetchall()]
    assert [(int(row["row"]), row["column"], row["rule"], row["severity"]) for row in rows] == [
        (2, "ten", "text.spaces", "mended"),
        (3, "ma", "unique", "error"),
        (3, "so", "maximum", "error"),
        (4, "ma", "required", "error"),
        (4, "so", "type", "error"),
    ]
    assert rows[0]["suggestion"] == "hòa bình"


def test_as_delivered(tmp_path: Path) -> None:
    fields = (Field(name="ma"), Field(name="so", type="number"))
    text = 'ma,so\nhoà  bình,"1.234,5"\n'
    assert nhip_check(tmp_path, text, fields=fields)[1]["findings"] == 0
    assert nhip_check(tmp_path, text, "--as-delivered", fields=fields)[1]["by_rule"] == {"type": 1}


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", (), "empty"),
        ("x,y\n1,2\n", (), "no table that fits the contract"),
        ("ma,so,ten\na,1,x\n", ("--findings", "found.docx"), "docx"),
        ("ma,so,ten\na,1,x\n", ("--findings", "/nowhere/found.csv"), "/nowhere"),
        ("ma,so,ten\na,1,x\n", ("--contract", "absent.yaml"), "absent.yaml"),
    ],
)
def test_unusable_input(tmp_path: Path, text: str, options: tuple[str, ...], said: str) -> None:
    code, report, errors = nhip_check(tmp_path, text, *options)
    assert (code, report) == (2, None)
    assert said in errors
    assert "Traceback" not in errors


def test_unknown_type(tmp_path: Path) -> None:
    """Read as text its values would all pass."""
    (tmp_path / "file.csv").write_text("ma,so\na,x\n", "utf-8")
    terms = dump(
        Contract(id="c", version="1.0.0", dataset="bang", fields=(Field(name="ma"), Field(name="so", type="integer")))
    )
    (tmp_path / "c.yaml").write_text(terms.replace("integer", "int32"), "utf-8")
    command = [
        sys.executable,
        "-m",
        "nhip",
        "check",
        str(tmp_path / "file.csv"),
        "--contract",
        str(tmp_path / "c.yaml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "int32" in done.stderr and "integer" in done.stderr and "Traceback" not in done.stderr


def test_quotes_where_duckdb_stumbles(tmp_path: Path) -> None:
    """A quote inside a cell is no reason to give up: the file is read record by record."""
    code, report, _ = nhip_check(tmp_path, 'ma,so,ten\na,1,5" ống\nb,2,"y"\n')
    assert (code, report["rows"]) == (0, 2)

"""`nhip check` on 2,000,000 rows x 16 columns, and frictionless on the same file: speed, memory, and whether they find the same.

    .venv/bin/python -m bench.check [--rows 2000000] [--oracle-rows 200000] [--no-oracle]

`check.floor` is a process that starts Python and lets DuckDB read every cell of the file, and does nothing with them: no check
that stands on DuckDB's reader can be faster. frictionless needs about 190 CPU seconds for 2,000,000 rows, so by default it reads
a smaller file of the same kind; the findings are compared cell for cell on that one. `--oracle-rows 2000000` compares on the
large file.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from bench import big_file
from bench.results import WORK, Measured, measure, record

Cells = Counter[tuple[int, str, str]]
"""Row, column and rule of each finding."""
BOUNDED_MB = 400


def file_of(rows: int) -> Path:
    """The benchmark's file with `rows` rows, made if it is not there."""
    return big_file.write(WORK / f"big-{rows}.csv", rows)


def nhip(rows: int, *options: str) -> tuple[Measured, dict[str, Any], Path]:
    """Run `nhip check` as anybody would; gives what it took, its report and its findings."""
    contract, findings = WORK / "contract.yaml", WORK / f"findings-{rows}.csv"
    contract.write_text(big_file.contract(), encoding="utf-8")
    command = [sys.executable, "-m", "nhip", "check", str(file_of(rows)), "--contract", str(contract)]
    took = measure([*command, "--findings", str(findings), "--json", *options])
    if took.code not in (0, 1):
        raise SystemExit(f"nhip check ended with {took.code}")
    return took, json.loads(took.output), findings


def figures(took: Measured, rows: int, found: int) -> dict[str, Any]:
    """The figures of one run."""
    speed = {"rows_per_s": round(rows / took.wall_s), "rows_per_cpu_s": round(rows / took.cpu_s)}
    spent = {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "peak_mb": took.peak_mb}
    return {"rows": rows, "findings": found, **spent, **speed}


def frictionless(rows: int) -> tuple[Measured, Path]:
    """Run frictionless in a process of its own; gives what it took and its findings."""
    findings = WORK / f"frictionless-{rows}.csv"
    took = measure([sys.executable, "-m", "bench.check", "--oracle", str(file_of(rows)), str(findings)])
    return took, findings


def validate(file: Path, target: Path) -> None:
    """What runs in that process: `frictionless validate` with every error kept, written as row, column, rule."""
    from frictionless import Checklist, Resource, Schema, checks, system

    checklist = Checklist(checks=[checks.row_constraint(formula=big_file.FORMULA)])
    with system.use_context(trusted=True):
        resource = Resource(path=str(file), schema=Schema.from_descriptor(big_file.table_schema()))
        report = resource.validate(checklist, limit_errors=10_000_000)
    with target.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        for error in report.task.errors:
            writer.writerow(_place(error.to_dict()))


def read_only(file: Path) -> None:
    """What runs to find the floor: DuckDB's reader gives every cell of the file, and nobody looks at them."""
    from nhip.datasets.decode.rowfile import csv_relation
    from nhip.formats.model import Dialect

    names = list(big_file.names())
    cells = csv_relation(file, names, Dialect(), header=True, padded=False, longest=0)
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"SELECT {', '.join(f'max(strlen({name}))' for name in names)} FROM {cells}").fetchall()


def _place(error: dict[str, Any]) -> tuple[int, str, str]:
    kind = error["type"]
    if kind == "row-constraint":
        return error["rowNumber"], "", f"row:{big_file.ROW_RULE}"
    rule = error["note"].split('"')[1] if kind == "constraint-error" else kind.removesuffix("-error")
    return error["rowNumber"], error["fieldName"], rule


def cells_of(findings: Path, header: bool) -> Cells:
    """The findings in a file as cells; mends are no findings."""
    with findings.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1 if header else 0 :]
    return Counter((int(row[0]), row[1], row[2]) for row in rows if row[-1] != "mended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--oracle-rows", type=int, default=200_000)
    parser.add_argument("--no-oracle", action="store_true")
    parser.add_argument("--oracle", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--read-only", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read_only:
        return read_only(asked.read_only)
    if asked.oracle:
        return validate(*asked.oracle)
    run(asked.rows, 0 if asked.no_oracle else asked.oracle_rows)


def run(rows: int, oracle_rows: int) -> None:
    """Record nhip on `rows` rows, free and bounded, the floor of both, and both tools on `oracle_rows` (0: not)."""
    took, report, _ = nhip(rows)
    large = record("check", figures(took, rows, report["findings"]))
    floor = measure([sys.executable, "-m", "bench.check", "--read-only", str(file_of(rows))])
    if floor.code:
        raise SystemExit(f"reading the file ended with {floor.code}")
    record("check.floor", figures(floor, rows, 0))
    took, report, _ = nhip(rows, "--memory", str(BOUNDED_MB))
    record("check.bounded", {"memory_mb": BOUNDED_MB, **figures(took, rows, report["findings"])})
    if oracle_rows:
        compare(oracle_rows, large)


def compare(rows: int, large: dict[str, Any]) -> None:
    """Both tools on the same file: the findings of each that the other lacks, and the ratio of their rows per CPU second, on
    this file and against nhip's figures on the `large` one, where its start weighs less."""
    took, report, findings = nhip(rows)
    small = record("check.small", figures(took, rows, report["findings"]))
    other, other_findings = frictionless(rows)
    ours, theirs = cells_of(findings, header=True), cells_of(other_findings, header=False)
    missing, extra = theirs - ours, ours - theirs
    for cell in [*missing, *extra][:10]:
        print("differs:", cell)
    rate = rows / other.cpu_s
    record(
        "check.frictionless",
        {
            **figures(other, rows, theirs.total()),
            "only_frictionless": missing.total(),
            "only_nhip": extra.total(),
            "nhip_times_as_fast": round(small["rows_per_cpu_s"] / rate, 1),
            "nhip_large_times_as_fast": round(large["rows_per_cpu_s"] / rate, 1),
        },
    )


if __name__ == "__main__":
    main()
